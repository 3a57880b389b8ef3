/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/cloud/cloud_sign.h"

#include <mbedtls/md.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/strbuf.h"

void cloud_credentials_clear(struct cloud_credentials *credentials)
{
	free(credentials->key_id);
	free(credentials->secret);
	free(credentials->token);
	*credentials = (struct cloud_credentials){0};
}

static void hex_of(const unsigned char raw[32], char out[65])
{
	for (size_t i = 0; i < 32; i++)
		(void)snprintf(out + 2 * i, 3, "%02x", raw[i]);
}

void cloud_sha256_hex(const void *bytes, size_t size, char out[65])
{
	unsigned char raw[32] = {0};
	(void)mbedtls_md(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), bytes, size, raw);
	hex_of(raw, out);
}

static void hmac(const void *key, size_t key_size, const char *text, unsigned char out[32])
{
	(void)mbedtls_md_hmac(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), key, key_size,
			      (const unsigned char *)text, strlen(text), out);
}

void cloud_hmac_hex(const char *key, const char *text, char out[65])
{
	unsigned char raw[32] = {0};
	hmac(key, strlen(key), text, raw);
	hex_of(raw, out);
}

static void make_key(const struct cloud_sign *sign, const char *day, unsigned char out[32])
{
	AUTO_FREE char *secret = xasprintf("AWS4%s", sign->credentials->secret);
	unsigned char step[32];
	hmac(secret, strlen(secret), day, out);
	hmac(out, 32, sign->region, step);
	hmac(step, 32, sign->service, out);
	hmac(out, 32, "aws4_request", step);
	memcpy(out, step, 32);
	explicit_bzero(secret, strlen(secret));
}

/* The signed headers in their order, "name:value\n" each, and their names with ; between. */
static void make_headers(const struct cloud_sign *sign, const char *moment, const char *hash,
			 struct strbuf *lines, struct strbuf *names)
{
	const char *const headers[][2] = {{"content-type", sign->content_type},
					  {"host", sign->host},
					  {"x-amz-content-sha256", hash},
					  {"x-amz-date", moment},
					  {"x-amz-security-token", sign->credentials->token},
					  {"x-amz-target", sign->target}};
	for (size_t i = 0; i < ARRAY_SIZE(headers); i++) {
		if (headers[i][1] == NULL)
			continue;
		strbuf_appendf(lines, "%s:%s\n", headers[i][0], headers[i][1]);
		strbuf_appendf(names, "%s%s", names->size > 0 ? ";" : "", headers[i][0]);
	}
}

void cloud_sign(const struct cloud_sign *sign, struct string_list *ret)
{
	char moment[20];
	char day[10];
	char hash[65];
	char request_hash[65];
	time_t seconds = (time_t)(sign->wall_ns / INT64_C(1000000000));
	struct tm utc = {0};
	(void)gmtime_r(&seconds, &utc);
	(void)strftime(moment, sizeof(moment), "%Y%m%dT%H%M%SZ", &utc);
	(void)strftime(day, sizeof(day), "%Y%m%d", &utc);
	cloud_sha256_hex(sign->body, sign->body_size, hash);
	AUTO(strbuf_clear) struct strbuf lines = STRBUF_INIT;
	AUTO(strbuf_clear) struct strbuf names = STRBUF_INIT;
	make_headers(sign, moment, hash, &lines, &names);
	AUTO_FREE char *canonical =
		xasprintf("%s\n%s\n%s\n%s\n%s\n%s", sign->method, sign->path, sign->query,
			  strbuf_text(&lines), strbuf_text(&names), hash);
	cloud_sha256_hex(canonical, strlen(canonical), request_hash);
	AUTO_FREE char *scope =
		xasprintf("%s/%s/%s/aws4_request", day, sign->region, sign->service);
	AUTO_FREE char *to_sign =
		xasprintf("AWS4-HMAC-SHA256\n%s\n%s\n%s", moment, scope, request_hash);
	unsigned char key[32];
	unsigned char raw[32];
	char signature[65];
	make_key(sign, day, key);
	hmac(key, 32, to_sign, raw);
	hex_of(raw, signature);
	string_list_addf(ret, "Content-Type: %s", sign->content_type);
	string_list_addf(ret, "X-Amz-Content-Sha256: %s", hash);
	string_list_addf(ret, "X-Amz-Date: %s", moment);
	if (sign->credentials->token != NULL)
		string_list_addf(ret, "X-Amz-Security-Token: %s", sign->credentials->token);
	if (sign->target != NULL)
		string_list_addf(ret, "X-Amz-Target: %s", sign->target);
	string_list_addf(ret,
			 "Authorization: AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, "
			 "Signature=%s",
			 sign->credentials->key_id, scope, strbuf_text(&names), signature);
}
