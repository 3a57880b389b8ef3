/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/aws/client/dpop.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "base/base64.h"
#include "base/cleanup.h"
#include "base/json_writer.h"
#include "base/strbuf.h"

#define NONCE_BYTES 16

static void write_number(struct json_writer *json, const char *key,
			 const uint8_t number[ES256_NUMBER_SIZE])
{
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	base64_append_url(&text, number, ES256_NUMBER_SIZE);
	json_write_text(json, key, strbuf_text(&text));
}

/* {"typ":"dpop+jwt","alg":"ES256","jwk":{the public key}} */
static void append_header(const struct es256_key *key, struct strbuf *out)
{
	uint8_t x[ES256_NUMBER_SIZE];
	uint8_t y[ES256_NUMBER_SIZE];
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&text, 0);
	es256_key_point(key, x, y);
	json_open_object(&json, NULL);
	json_write_text(&json, "typ", "dpop+jwt");
	json_write_text(&json, "alg", "ES256");
	json_open_object(&json, "jwk");
	json_write_text(&json, "kty", "EC");
	write_number(&json, "x", x);
	write_number(&json, "y", y);
	json_write_text(&json, "crv", "P-256");
	json_close(&json);
	json_close(&json);
	base64_append_url(out, strbuf_text(&text), text.size);
}

/* RFC 9562 section 5.4: a UUID of random bits, as the command line's `jti`. */
static bool make_uuid(struct strbuf *out, struct error *err)
{
	uint8_t raw[NONCE_BYTES];
	if (getrandom(raw, sizeof(raw), 0) != (ssize_t)sizeof(raw))
		return error_set_errno(err, errno, "random bytes");
	raw[6] = (uint8_t)((raw[6] & 0x0f) | 0x40);
	raw[8] = (uint8_t)((raw[8] & 0x3f) | 0x80);
	for (size_t i = 0; i < sizeof(raw); i++)
		strbuf_appendf(out, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "",
			       raw[i]);
	return true;
}

static bool append_claims(const char *url, int64_t now_s, struct strbuf *out, struct error *err)
{
	AUTO(strbuf_clear) struct strbuf id = STRBUF_INIT;
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&text, 0);
	if (!make_uuid(&id, err))
		return false;
	json_open_object(&json, NULL);
	json_write_text(&json, "htm", "POST");
	json_write_text(&json, "htu", url);
	json_write_number(&json, "iat", now_s);
	json_write_text(&json, "jti", strbuf_text(&id));
	json_close(&json);
	base64_append_url(out, strbuf_text(&text), text.size);
	return true;
}

char *dpop_make(const struct es256_key *key, const char *url, int64_t now_s, struct error *err)
{
	uint8_t signature[ES256_SIGNATURE_SIZE];
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	append_header(key, &out);
	strbuf_append_char(&out, '.');
	if (!append_claims(url, now_s, &out, err) ||
	    !es256_sign(key, strbuf_text(&out), out.size, signature, err))
		return NULL;
	strbuf_append_char(&out, '.');
	base64_append_url(&out, signature, sizeof(signature));
	return strbuf_take(&out);
}
