/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/aws/disk/upload_state.h"

#include <string.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/cleanup.h"
#include "base/json.h"
#include "base/json_writer.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "cloud/aws/disk/snapshot.h"

#define MAX_STATE_BYTES ((size_t)4 * 1024 * 1024)
#define MAX_BLOCKS	(INT64_C(1) << 20)
#define VERSION		1

void upload_state_clear(struct upload_state *state)
{
	free(state->token);
	free(state->snapshot);
	free(state->parent);
	free(state->done);
	*state = (struct upload_state){0};
}

char *upload_state_path(const char *account, const char *region, const char *project,
			const char *pod)
{
	AUTO_FREE char *below =
		xasprintf("aws/uploads/%s/%s/%s/%s.json", account, region, project, pod);
	return path_folder(PATH_STATE, below);
}

static bool read_bits(const char *text, size_t count, uint8_t *done)
{
	AUTO_FREE uint8_t *bits = NULL;
	size_t size = 0;
	if (!base64_decode(text, strlen(text), &bits, &size) || size != (count + 7) / 8)
		return false;
	for (size_t i = 0; i < count; i++)
		done[i] = bits[i / 8] >> (i % 8) & 1;
	return true;
}

static char *write_bits(const uint8_t *done, size_t count)
{
	size_t size = (count + 7) / 8;
	AUTO_FREE uint8_t *bits = xcalloc(size + 1, 1);
	for (size_t i = 0; i < count; i++)
		if (done[i])
			bits[i / 8] = (uint8_t)(bits[i / 8] | 1u << (i % 8));
	return base64_encode(bits, size);
}

/* A complaint when a text that must be there is no snapshot's id. */
static char *read_snapshot(struct json_view view)
{
	const char *id = json_view_peek(view);
	if (id != NULL && !snapshot_id_is_valid(id))
		json_view_complain(view, "is no snapshot");
	return xstrdup_or_null(id);
}

static void read_done(struct json_view view, struct upload_state *out)
{
	const char *bits = json_view_peek(view);
	out->done = xcalloc(out->count + 1, 1);
	if (bits == NULL || !read_bits(bits, out->count, out->done))
		json_view_complain(view, "has not a bit for each block");
}

bool upload_state_parse(const char *text, size_t size, struct upload_state *ret)
{
	AUTO_PTR(json_document)
	struct json_document *document =
		json_document_parse(text, size, "upload", JSON_LAST_KEY_WINS, NULL);
	if (document == NULL)
		return false;
	struct json_view root = json_document_root(document);
	AUTO(upload_state_clear) struct upload_state out = {0};
	(void)json_view_number(json_view_require(root, "version"), VERSION, VERSION, VERSION);
	out.digest = json_view_digest(json_view_require(root, "digest"));
	out.token = json_view_text(json_view_require(root, "token"));
	out.count = (size_t)json_view_number(json_view_require(root, "blocks"), 0, MAX_BLOCKS, 0);
	read_done(json_view_require(root, "done"), &out);
	out.snapshot = read_snapshot(json_view_get(root, "snapshot"));
	out.parent = read_snapshot(json_view_get(root, "parent"));
	if (out.parent != NULL)
		out.parent_digest = json_view_digest(json_view_require(root, "parentDigest"));
	if (json_document_problem(document) != NULL)
		return false;
	*ret = out;
	out = (struct upload_state){0};
	return true;
}

bool upload_state_load(const char *path, struct upload_state *ret)
{
	AUTO_FREE char *text = NULL;
	size_t size = 0;
	return path_exists(path) && file_read(path, MAX_STATE_BYTES, &text, &size, NULL) &&
	       upload_state_parse(text, size, ret);
}

void upload_state_write(const struct upload_state *state, struct strbuf *ret)
{
	AUTO_FREE char *done = write_bits(state->done, state->count);
	struct json_writer json = JSON_WRITER(ret, 0);
	json_open_object(&json, NULL);
	json_write_number(&json, "version", VERSION);
	json_write_text(&json, "digest", DIGEST_TEXT(&state->digest));
	json_write_text(&json, "token", state->token);
	json_write_unsigned(&json, "blocks", state->count);
	json_write_text(&json, "done", done);
	json_write_text_if(&json, "snapshot", state->snapshot);
	if (state->parent != NULL) {
		json_write_text(&json, "parent", state->parent);
		json_write_text(&json, "parentDigest", DIGEST_TEXT(&state->parent_digest));
	}
	json_close(&json);
}

bool upload_state_save(const char *path, const struct upload_state *state, struct error *err)
{
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	upload_state_write(state, &text);
	return file_write_atomic(path, strbuf_text(&text), text.size, 0600, err);
}
