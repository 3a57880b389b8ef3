/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/aws/disk/upload_state.h"

#include <jansson.h>
#include <string.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "cloud/aws/disk/snapshot.h"

#define MAX_STATE_BYTES ((size_t)4 * 1024 * 1024)
#define MAX_BLOCKS	((json_int_t)1 << 20)

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

static bool read_state(json_t *root, struct upload_state *out)
{
	const char *digest;
	const char *token;
	const char *done;
	const char *snapshot = NULL;
	const char *parent = NULL;
	const char *parent_digest = "";
	int version;
	json_int_t count;
	if (json_unpack(root, "{s:i, s:s, s:s, s:I, s:s, s?s, s?s, s?s}", "version", &version,
			"digest", &digest, "token", &token, "blocks", &count, "done", &done,
			"snapshot", &snapshot, "parent", &parent, "parentDigest",
			&parent_digest) != 0)
		return false;
	bool has_parent = parent != NULL;
	if (version != 1 || !digest_is_valid(digest) || count < 0 || count > MAX_BLOCKS ||
	    (snapshot != NULL && !snapshot_id_is_valid(snapshot)) ||
	    (has_parent && (!snapshot_id_is_valid(parent) || !digest_is_valid(parent_digest))))
		return false;
	out->count = (size_t)count;
	out->done = xcalloc(out->count + 1, 1);
	memcpy(out->digest, digest, DIGEST_SIZE);
	if (has_parent)
		memcpy(out->parent_digest, parent_digest, DIGEST_SIZE);
	out->token = xstrdup(token);
	out->snapshot = xstrdup_or_null(snapshot);
	out->parent = xstrdup_or_null(parent);
	return read_bits(done, out->count, out->done);
}

bool upload_state_load(const char *path, struct upload_state *ret)
{
	AUTO_FREE char *text = NULL;
	size_t size = 0;
	if (!path_exists(path) || !file_read(path, MAX_STATE_BYTES, &text, &size, NULL))
		return false;
	json_t *root = json_loadb(text, size, 0, NULL);
	AUTO(upload_state_clear) struct upload_state out = {0};
	bool is_good = root != NULL && read_state(root, &out);
	json_decref(root);
	if (!is_good)
		return false;
	*ret = out;
	out = (struct upload_state){0};
	return true;
}

bool upload_state_save(const char *path, const struct upload_state *state, struct error *err)
{
	AUTO_FREE char *done = write_bits(state->done, state->count);
	json_t *root =
		json_pack("{s:i, s:s, s:s, s:I, s:s}", "version", 1, "digest", state->digest,
			  "token", state->token, "blocks", (json_int_t)state->count, "done", done);
	if (state->snapshot != NULL)
		json_object_set_new(root, "snapshot", json_string(state->snapshot));
	if (state->parent != NULL) {
		json_object_set_new(root, "parent", json_string(state->parent));
		json_object_set_new(root, "parentDigest", json_string(state->parent_digest));
	}
	AUTO_FREE char *text = json_dumps(root, JSON_COMPACT);
	json_decref(root);
	return file_write_atomic(path, text, strlen(text), 0600, err);
}
