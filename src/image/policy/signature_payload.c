/* SPDX-License-Identifier: Apache-2.0 */
#include "image/policy/signature_payload.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/json.h"

void signature_payload_clear(struct signature_payload *payload)
{
	free(payload->reference);
	*payload = (struct signature_payload){0};
}

static struct json_view object(struct json_view from, const char *key, const char *const *keys)
{
	struct json_view view = json_view_require(from, key);
	if (json_view_exists(view) && !json_view_is_object(view))
		json_view_complain(view, "is not an object");
	json_view_refuse_unknown(view, keys);
	return view;
}

bool signature_payload_parse(const char *text, size_t size, const char *kind,
			     struct signature_payload *ret, struct error *err)
{
	static const char *const top_keys[] = {"critical", "optional", NULL};
	static const char *const critical_keys[] = {"type", "image", "identity", NULL};
	static const char *const image_keys[] = {"docker-manifest-digest", NULL};
	static const char *const identity_keys[] = {"docker-reference", NULL};
	AUTO(signature_payload_clear) struct signature_payload payload = {0};
	if (size > SIGNATURE_MAX_BYTES)
		return error_set(err, ERROR_INVALID, "the signature is too large");
	AUTO_PTR(json_document)
	struct json_document *document = json_document_parse(text, size, "what is signed", 0, err);
	if (document == NULL)
		return false;
	struct json_view root = json_document_root(document);
	json_view_refuse_unknown(root, top_keys);
	struct json_view critical = object(root, "critical", critical_keys);
	struct json_view type = json_view_require(critical, "type");
	const char *word = json_view_peek(type);
	if (word != NULL && strcmp(word, kind) != 0)
		json_view_complain(type, "is another kind of signature");
	payload.manifest = json_view_digest(
		json_view_require(object(critical, "image", image_keys), "docker-manifest-digest"));
	payload.reference = json_view_text(
		json_view_require(object(critical, "identity", identity_keys), "docker-reference"));
	if (!json_document_check(document, err))
		return false;
	if (payload.reference == NULL || !digest_is_set(&payload.manifest))
		return error_set(err, ERROR_INVALID, "what is signed names no image");
	*ret = payload;
	payload = (struct signature_payload){0};
	return true;
}
