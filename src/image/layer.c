/* SPDX-License-Identifier: Apache-2.0 */
#include "image/layer.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "image/build_record.h"
#include "image/layer_convert.h"
#include "image/squashfs_writer.h"

void layer_file_clear(struct layer_file *file)
{
	free(file->path);
	*file = (struct layer_file){0};
}

void layer_store_key(const char *diff_id, char out[DIGEST_SIZE])
{
	AUTO_FREE char *text = xasprintf("squashfs %s %s", SQUASHFS_WRITER_VERSION, diff_id);
	sha256_digest(text, strlen(text), out);
}

/* The build record that says the digest of the converted file. */
static void record_key(const char *key, char out[DIGEST_SIZE])
{
	AUTO_FREE char *text = xasprintf("layer digest %s", key);
	sha256_digest(text, strlen(text), out);
}

static bool describe(struct store *store, const char *key, const char *digest,
		     struct layer_file *ret, struct error *err)
{
	AUTO_FREE char *path = store_path(store, STORE_LAYER, key);
	struct stat st;
	if (stat(path, &st) != 0)
		return error_set_errno(err, errno, "'%s'", path);
	layer_file_clear(ret);
	ret->path = TAKE_PTR(path);
	memcpy(ret->digest, digest, DIGEST_SIZE);
	ret->size_bytes = (uint64_t)st.st_size;
	return true;
}

static bool write_digest(struct store *store, const char *key, const char *digest,
			 struct error *err)
{
	AUTO(build_record_clear) struct build_record record = {0};
	char name[DIGEST_SIZE];
	record_key(key, name);
	string_list_add(&record.layers, key);
	memcpy(record.digest, digest, DIGEST_SIZE);
	return build_record_write(store, name, &record, err);
}

static bool find(struct store *store, const char *key, struct layer_file *ret)
{
	AUTO(build_record_clear) struct build_record record = {0};
	char name[DIGEST_SIZE];
	record_key(key, name);
	return store_has(store, STORE_LAYER, key) && build_record_read(store, name, &record) &&
	       record.digest[0] != '\0' && describe(store, key, record.digest, ret, NULL);
}

static bool convert(struct store *store, const struct image_layer *layer, const char *key,
		    const struct progress *progress, struct layer_file *ret, struct error *err)
{
	AUTO(store_draft_drop) struct store_draft draft = STORE_DRAFT_INIT;
	AUTO_FREE char *blob = store_path(store, STORE_BLOB, layer->digest);
	AUTO_CLOSE int fd = open(blob, O_RDONLY | O_CLOEXEC);
	char diff_id[DIGEST_SIZE], digest[DIGEST_SIZE];
	if (fd < 0)
		return error_set_errno(err, errno, "cannot read '%s'", blob);
	if (!store_draft_open(store, &draft, err))
		return false;
	struct layer_conversion conversion = {.fd = fd,
					      .path = draft.path,
					      .size_bytes = layer->size_bytes,
					      .what = layer->diff_id,
					      .progress = progress};
	if (!layer_convert_blob(&conversion, diff_id, err))
		return store_error_hint(store, err);
	if (strcmp(diff_id, layer->diff_id) != 0)
		return error_set(err, ERROR_CORRUPT,
				 "the layer unpacks to %s, but the image's config says %s", diff_id,
				 layer->diff_id);
	return sha256_fd(draft.fd, digest, err) &&
	       store_draft_commit(store, &draft, STORE_LAYER, key, err) &&
	       write_digest(store, key, digest, err) && describe(store, key, digest, ret, err);
}

bool layer_convert(struct store *store, const struct image_layer *layer, const char *image_name,
		   const struct progress *progress, struct layer_file *ret, struct error *err)
{
	char key[DIGEST_SIZE];
	layer_store_key(layer->diff_id, key);
	if (find(store, key, ret))
		return true;
	AUTO_CLOSE int lock = store_lock(store, STORE_LAYER, key, err);
	if (lock < 0)
		return false;
	if (find(store, key, ret)) /* another process has made it while we waited */
		return true;
	progress_start(progress, "layer", layer->diff_id, PROGRESS_BYTES, layer->size_bytes);
	if (!convert(store, layer, key, progress, ret, err)) {
		progress_failed(progress, "layer", layer->diff_id, NULL);
		return error_prefix(err, "image '%s': layer %.19s", image_name, layer->digest);
	}
	progress_done(progress, "layer", layer->diff_id, NULL);
	ret->was_made = true;
	return true;
}
