/* SPDX-License-Identifier: Apache-2.0 */
#include "image/policy/transparency_log.h"

#include <string.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/json.h"
#include "base/json_writer.h"
#include "base/sha256.h"

/* Both are owned by the caller; NULL: it is no base64. */
static uint8_t *decode(struct json_view view, size_t *ret_size)
{
	const char *text = json_view_peek(view);
	uint8_t *bytes = NULL;
	if (text == NULL || !base64_decode(text, strlen(text), &bytes, ret_size))
		return NULL;
	return bytes;
}

/* The entry's content: which bytes were signed, how, by which key. */
static bool check_body(const uint8_t *body, size_t size, const struct log_subject *subject,
		       struct error *err)
{
	AUTO_PTR(json_document)
	struct json_document *document = json_document_parse(body, size, "the log's entry", 0, err);
	if (document == NULL)
		return false;
	struct json_view root = json_document_root(document);
	struct json_view spec = json_view_get(root, "spec");
	struct json_view signature = json_view_get(spec, "signature");
	struct json_view hash = json_view_get(json_view_get(spec, "data"), "hash");
	const char *kind = json_view_peek(json_view_get(root, "kind"));
	const char *algorithm = json_view_peek(json_view_get(hash, "algorithm"));
	const char *value = json_view_peek(json_view_get(hash, "value"));
	struct digest digest = sha256_digest(subject->payload, subject->payload_size);
	size_t signature_size = 0;
	size_t pem_size = 0;
	AUTO_FREE uint8_t *bytes = decode(json_view_get(signature, "content"), &signature_size);
	AUTO_FREE uint8_t *pem =
		decode(json_view_get(json_view_get(signature, "publicKey"), "content"), &pem_size);
	AUTO_PTR(public_key)
	struct public_key *key =
		pem != NULL ? public_key_read((const char *)pem, pem_size, NULL) : NULL;
	if (kind == NULL || strcmp(kind, "hashedrekord") != 0)
		return error_set(err, ERROR_DENIED, "the log's entry is no hashedrekord");
	if (algorithm == NULL || strcmp(algorithm, "sha256") != 0 || value == NULL ||
	    strcmp(value, DIGEST_HEX(&digest)) != 0)
		return error_set(err, ERROR_DENIED, "the log's entry is of something else");
	if (bytes == NULL || signature_size != subject->signature_size ||
	    memcmp(bytes, subject->signature, signature_size) != 0)
		return error_set(err, ERROR_DENIED, "the log's entry is of another signature");
	if (key == NULL)
		return error_set(err, ERROR_DENIED, "the log's entry names no key");
	struct digest named = public_key_digest(key);
	struct digest used = public_key_digest(subject->key);
	return digest_equal(&named, &used) ||
	       error_set(err, ERROR_DENIED, "the log's entry names another key");
}

bool transparency_log_check(const char *bundle, size_t size, const struct public_key *log_key,
			    const struct log_subject *subject, struct error *err)
{
	static const char *const keys[] = {"body", "integratedTime", "logID", "logIndex", NULL};
	AUTO_PTR(json_document)
	struct json_document *document =
		json_document_parse(bundle, size, "the log's promise", 0, err);
	if (document == NULL)
		return false;
	struct json_view root = json_document_root(document);
	struct json_view payload = json_view_require(root, "Payload");
	size_t promise_size = 0;
	size_t body_size = 0;
	AUTO_FREE uint8_t *promise =
		decode(json_view_get(root, "SignedEntryTimestamp"), &promise_size);
	AUTO_FREE uint8_t *body = decode(json_view_get(payload, "body"), &body_size);
	json_view_refuse_unknown(payload, keys);
	if (!json_document_check(document, err))
		return false;
	/* RFC 8785: what the log has signed. */
	AUTO_FREE char *text = json_view_dump(payload, JSON_SORTED);
	if (promise == NULL || body == NULL || text == NULL ||
	    !public_key_verify(log_key, text, strlen(text), promise, promise_size))
		return error_set(err, ERROR_DENIED, "the log's key did not sign its promise");
	return check_body(body, body_size, subject, err);
}
