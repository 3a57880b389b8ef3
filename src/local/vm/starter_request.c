/* SPDX-License-Identifier: Apache-2.0 */
#include "local/vm/starter_request.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/json.h"
#include "base/json_writer.h"
#include "base/path.h"
#include "local/vm/network_filter.h"

static const char *const kinds[] = {
	[STARTER_SHARE] = "share",
	[STARTER_MAKE_DISK] = "make-disk",
	[STARTER_COPY_DISK] = "copy-disk",
	[STARTER_GROW_DISK] = "grow-disk",
	[STARTER_FORMAT_DISK] = "format-disk",
	[STARTER_FILTER] = "filter",
	[STARTER_TEST_KVM] = "test-kvm",
	[STARTER_LIBVIRT] = "libvirt",
	[STARTER_PROXY] = "proxy",
};

void starter_request_clear(struct starter_request *request)
{
	free(request->path);
	free(request->other);
	free(request->text);
	*request = (struct starter_request){0};
}

void starter_request_write(const struct starter_request *request, struct strbuf *out)
{
	struct json_writer json = JSON_WRITER(out, 0);

	json_open_object(&json, NULL);
	json_write_text(&json, "kind", kinds[request->kind]);
	json_write_text_if(&json, "path", request->path);
	json_write_text_if(&json, "other", request->other);
	json_write_text_if(&json, "text", request->text);
	json_write_unsigned_if(&json, "sizeBytes", request->size_bytes);
	json_write_true_if(&json, "readOnly", request->is_read_only);
	json_write_true_if(&json, "quota", request->has_quota);
	json_write_unsigned_if(&json, "descriptors", request->fd_count);
	json_close(&json);
}

static char *read_path(struct json_view view)
{
	const char *path = json_view_peek(view);

	if (path == NULL)
		return NULL;
	if (path[0] != '/' || !path_is_below(path + 1))
		json_view_complain(view, "is no absolute path without ..");
	return json_view_text(view);
}

/* Each kind has what it needs, and nothing else. */
static void check(struct json_view root, const struct starter_request *request)
{
	enum starter_kind kind = request->kind;
	bool has_path = kind == STARTER_SHARE || kind == STARTER_MAKE_DISK ||
			kind == STARTER_COPY_DISK || kind == STARTER_GROW_DISK ||
			kind == STARTER_FORMAT_DISK || kind == STARTER_PROXY;
	bool has_other = kind == STARTER_SHARE || kind == STARTER_COPY_DISK;
	bool has_size = kind == STARTER_MAKE_DISK || kind == STARTER_GROW_DISK;

	if (has_path != (request->path != NULL) || has_other != (request->other != NULL) ||
	    (kind == STARTER_FILTER) != (request->text != NULL) ||
	    (!has_size && request->size_bytes != 0) ||
	    (kind != STARTER_SHARE && request->is_read_only) ||
	    (kind != STARTER_FORMAT_DISK && request->has_quota) ||
	    (kind != STARTER_PROXY && request->fd_count != 0))
		json_view_complain(root, "does not have what its kind has");
	if (request->text != NULL && !network_filter_is_own(request->text))
		json_view_complain(json_view_get(root, "text"), "has rules that are not i2kit's");
}

bool starter_request_read(const char *bytes, size_t size, struct starter_request *ret,
			  struct error *err)
{
	static const char *const keys[] = {"kind",     "path",	"other",       "text", "sizeBytes",
					   "readOnly", "quota", "descriptors", NULL};
	AUTO(starter_request_clear) struct starter_request request = {0};
	AUTO_PTR(json_document)
	struct json_document *document =
		json_document_parse(bytes, size, "request of the supervisor", 0, err);

	if (document == NULL)
		return false;
	struct json_view root = json_document_root(document);
	json_view_refuse_unknown(root, keys);
	request.kind = (enum starter_kind)json_view_word(json_view_require(root, "kind"), kinds,
							 ARRAY_SIZE(kinds), STARTER_LIBVIRT);
	request.path = read_path(json_view_get(root, "path"));
	request.other = read_path(json_view_get(root, "other"));
	request.text = json_view_text(json_view_get(root, "text"));
	request.size_bytes =
		(uint64_t)json_view_number(json_view_get(root, "sizeBytes"), 0, INT64_MAX, 0);
	request.is_read_only = json_view_bool(json_view_get(root, "readOnly"), false);
	request.has_quota = json_view_bool(json_view_get(root, "quota"), false);
	request.fd_count = (unsigned)json_view_number(json_view_get(root, "descriptors"), 0,
						      STARTER_FDS_MAX, 0);
	check(root, &request);
	if (!json_document_check(document, err))
		return false;
	*ret = request;
	request = (struct starter_request){0};
	return true;
}

void starter_answer_write(const struct error *problem, struct strbuf *out)
{
	struct json_writer json = JSON_WRITER(out, 0);

	json_open_object(&json, NULL);
	json_write_bool(&json, "ok", problem->kind == ERROR_NONE);
	if (problem->kind != ERROR_NONE) {
		json_write_text(&json, "kind", error_kind_word(problem->kind));
		json_write_text(&json, "message", problem->message);
		json_write_text_if(&json, "hint", problem->hint);
	}
	json_close(&json);
}

bool starter_answer_read(const char *bytes, size_t size, struct error *err)
{
	AUTO_PTR(json_document)
	struct json_document *document =
		json_document_parse(bytes, size, "answer of the starter", 0, err);

	if (document == NULL)
		return false;
	struct json_view root = json_document_root(document);
	bool is_done = json_view_bool(json_view_require(root, "ok"), false);
	const char *kind = json_view_peek(json_view_get(root, "kind"));
	const char *message = json_view_peek(json_view_get(root, "message"));
	const char *hint = json_view_peek(json_view_get(root, "hint"));
	if (!json_document_check(document, err))
		return false;
	if (is_done)
		return true;
	(void)error_set(err, error_kind_of_word(kind != NULL ? kind : ""), "%s",
			message != NULL ? message : "failed");
	return hint == NULL ? false : error_hint(err, "%s", hint);
}
