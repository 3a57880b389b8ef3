/* SPDX-License-Identifier: Apache-2.0 */
#include "image/oci/signature_check.h"

#include <string.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/cleanup.h"
#include "base/public_key.h"
#include "base/strbuf.h"
#include "image/oci/image_policy.h"
#include "image/oci/signature_fetch.h"
#include "image/oci/signed_identity.h"
#include "image/policy/openpgp.h"
#include "image/policy/signature_payload.h"
#include "image/policy/transparency_log.h"

/* What is signed is this image under the name that was asked for. */
static bool check_payload(const char *text, size_t size, const char *kind,
			  const struct policy_requirement *wanted,
			  const struct signature_subject *subject, struct error *err)
{
	AUTO(signature_payload_clear) struct signature_payload payload = {0};
	if (!signature_payload_parse(text, size, kind, &payload, err))
		return false;
	if (!digest_equal(&payload.manifest, subject->manifest) &&
	    (subject->top == NULL || !digest_equal(&payload.manifest, subject->top)))
		return error_set(err, ERROR_DENIED, "it is of another image, %s",
				 DIGEST_TEXT(&payload.manifest));
	if (signed_identity_matches(&wanted->identity, subject->reference, payload.reference))
		return true;
	AUTO(strbuf_clear) struct strbuf shown = STRBUF_MAX(300);
	strbuf_append_printable(&shown, payload.reference, strlen(payload.reference));
	return error_set(err, ERROR_DENIED, "it is for the name '%s'", strbuf_text(&shown));
}

static bool check_simple(const struct image_requirement *requirement,
			 const struct image_signature *signature,
			 const struct signature_subject *subject, char **ret_words,
			 struct error *err)
{
	AUTO(openpgp_message_clear) struct openpgp_message message = {0};
	AUTO(strbuf_clear) struct strbuf ring = STRBUF_INIT;
	for (size_t i = 0; i < requirement->keys.count; i++) {
		const struct policy_key *key = &requirement->keys.items[i];
		AUTO_FREE uint8_t *bytes = NULL;
		size_t size = 0;
		if (!openpgp_read_keys(key->bytes, key->size, &bytes, &size, err))
			return error_prefix(err, "%s", key->name);
		strbuf_append_bytes(&ring, bytes, size);
	}
	if (!openpgp_open(strbuf_text(&ring), ring.size, signature->bytes, signature->size,
			  &message, err) ||
	    !check_payload(message.text, message.size, SIGNATURE_SIMPLE, requirement->wanted,
			   subject, err))
		return false;
	*ret_words = xasprintf("signedBy %s", message.fingerprint);
	return true;
}

static bool check_log(const struct image_requirement *requirement,
		      const struct image_signature *signature, const struct log_subject *subject,
		      struct error *err)
{
	if (signature->bundle == NULL)
		return error_set(err, ERROR_DENIED, "it has no promise of a log");
	for (size_t i = 0; i < requirement->log_keys.count; i++) {
		const struct policy_key *one = &requirement->log_keys.items[i];
		AUTO(error_clear) struct error why = ERROR_INIT;
		AUTO_PTR(public_key)
		struct public_key *key = public_key_read(one->bytes, one->size, err);
		if (key == NULL)
			return error_prefix(err, "%s", one->name);
		if (transparency_log_check(signature->bundle, strlen(signature->bundle), key,
					   subject, &why))
			return true;
		if (i + 1 == requirement->log_keys.count)
			return error_move(err, &why);
	}
	return true;
}

/* The key that made it; NULL and *err: none of the requirement's. */
static struct public_key *find_signer(const struct image_requirement *requirement,
				      const struct image_signature *signature, const uint8_t *bytes,
				      size_t size, struct error *err)
{
	for (size_t i = 0; i < requirement->keys.count; i++) {
		const struct policy_key *one = &requirement->keys.items[i];
		AUTO_PTR(public_key)
		struct public_key *key = public_key_read(one->bytes, one->size, err);
		if (key == NULL) {
			(void)error_prefix(err, "%s", one->name);
			return NULL;
		}
		if (public_key_verify(key, signature->bytes, signature->size, bytes, size))
			return TAKE_PTR(key);
	}
	(void)error_set(err, ERROR_DENIED, "it is signed by another key");
	return NULL;
}

static bool check_sigstore(const struct image_requirement *requirement,
			   const struct image_signature *signature,
			   const struct signature_subject *subject, char **ret_words,
			   struct error *err)
{
	AUTO_FREE uint8_t *bytes = NULL;
	size_t size = 0;
	if (signature->signature == NULL ||
	    !base64_decode(signature->signature, strlen(signature->signature), &bytes, &size))
		return error_set(err, ERROR_INVALID, "there is no signature in it");
	AUTO_PTR(public_key)
	struct public_key *key = find_signer(requirement, signature, bytes, size, err);
	if (key == NULL)
		return false;
	const struct log_subject logged = {.payload = signature->bytes,
					   .payload_size = signature->size,
					   .signature = bytes,
					   .signature_size = size,
					   .key = key};
	bool is_logged = requirement->log_keys.count > 0;
	if (is_logged && !check_log(requirement, signature, &logged, err))
		return false;
	if (!check_payload(signature->bytes, signature->size, SIGNATURE_SIGSTORE,
			   requirement->wanted, subject, err))
		return false;
	struct digest name = public_key_digest(key);
	*ret_words =
		xasprintf("sigstoreSigned %s%s", DIGEST_TEXT(&name), is_logged ? " in a log" : "");
	return true;
}

bool signature_check(const struct image_requirement *requirement,
		     const struct image_signature *signature,
		     const struct signature_subject *subject, char **ret_words, struct error *err)
{
	bool is_sigstore = requirement->wanted->kind == POLICY_SIGSTORE;
	if (signature->is_sigstore != is_sigstore)
		return error_set(err, ERROR_DENIED, "it is of another kind");
	return is_sigstore ? check_sigstore(requirement, signature, subject, ret_words, err)
			   : check_simple(requirement, signature, subject, ret_words, err);
}
