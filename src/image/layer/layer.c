/* SPDX-License-Identifier: Apache-2.0 */
#include "image/layer/layer.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "image/layer/build_record.h"
#include "image/layer/layer_convert.h"
#include "image/layer/layer_seal.h"
#include "image/layer/squashfs_writer.h"

void disk_layer_clear(struct disk_layer *layer)
{
	free(layer->path);
	*layer = (struct disk_layer){0};
}

struct digest layer_store_key(const struct digest *diff_id)
{
	AUTO_FREE char *text = xasprintf("squashfs %s, %s: %s", SQUASHFS_WRITER_VERSION,
					 squashfs_writer_libraries(), DIGEST_TEXT(diff_id));
	return sha256_digest(text, strlen(text));
}

struct digest layer_record_key(const struct digest *key)
{
	AUTO_FREE char *text = xasprintf("layer digest %s", DIGEST_TEXT(key));
	return sha256_digest(text, strlen(text));
}

static bool describe(struct store *store, const struct digest *key, const struct digest *digest,
		     const char *checksum, struct disk_layer *layer, struct error *err)
{
	AUTO_FREE char *path = store_path(store, STORE_LAYER, key);
	struct stat st;
	if (stat(path, &st) != 0)
		return error_set_errno(err, errno, "'%s'", path);
	free(layer->path);
	layer->path = TAKE_PTR(path);
	layer->key = *key;
	layer->digest = *digest;
	memcpy(layer->checksum, checksum, CHECKSUM_SIZE);
	layer->size_bytes = (uint64_t)st.st_size;
	return true;
}

static bool find(struct store *store, const struct digest *key, struct disk_layer *layer)
{
	AUTO(build_record_clear) struct build_record record = {0};
	struct digest name = layer_record_key(key);
	return store_has(store, STORE_LAYER, key) && build_record_read(store, &name, &record) &&
	       digest_is_set(&record.digest) &&
	       describe(store, key, &record.digest, record.checksum, layer, NULL);
}

/* One conversion after another, and the seal of the one before. */
struct work {
	struct store *store;
	const struct progress *progress;
	struct layer_seal seal;
	struct disk_layer *sealed; /* what it is of; NULL: none */
};

static bool fail(const struct work *work, const struct disk_layer *layer, struct error *err)
{
	progress_failed(work->progress, "layer", DIGEST_TEXT(&layer->blob->diff_id), NULL);
	return error_prefix(err, "image '%s': layer %.19s", layer->image,
			    DIGEST_TEXT(&layer->blob->digest));
}

static bool await_seal(struct work *work, struct error *err)
{
	struct disk_layer *layer = work->sealed;
	struct layer_seal *seal = &work->seal;
	if (layer == NULL)
		return true;
	work->sealed = NULL;
	if (!layer_seal_join(seal, err) ||
	    !describe(work->store, &seal->key, &seal->digest, seal->checksum, layer, err))
		return fail(work, layer, err);
	layer->was_made = true;
	progress_done(work->progress, "layer", DIGEST_TEXT(&layer->blob->diff_id), NULL);
	layer_seal_clear(seal);
	return true;
}

static bool convert(const struct work *work, const struct oci_descriptor *layer,
		    struct store_draft *draft, struct error *err)
{
	AUTO_FREE char *blob = store_path(work->store, STORE_BLOB, &layer->digest);
	AUTO_CLOSE int fd = open(blob, O_RDONLY | O_CLOEXEC);
	struct digest diff_id;
	if (fd < 0)
		return error_set_errno(err, errno, "cannot read '%s'", blob);
	if (!store_draft_open(work->store, draft, err))
		return false;
	struct layer_conversion conversion = {.fd = fd,
					      .path = draft->path,
					      .size_bytes = layer->size_bytes,
					      .what = DIGEST_TEXT(&layer->diff_id),
					      .progress = work->progress};
	if (!layer_convert_blob(&conversion, &diff_id, err))
		return store_error_hint(work->store, err);
	return digest_equal(&diff_id, &layer->diff_id) ||
	       error_set(err, ERROR_CORRUPT,
			 "the layer unpacks to %s, but the image's config says %s",
			 DIGEST_TEXT(&diff_id), DIGEST_TEXT(&layer->diff_id));
}

/* Its result is in *layer after the next await_seal(), unless it was there. */
static bool begin(struct work *work, struct disk_layer *layer, struct error *err)
{
	AUTO(store_draft_drop) struct store_draft draft = STORE_DRAFT_INIT;
	struct digest key = layer_store_key(&layer->blob->diff_id);
	if (find(work->store, &key, layer))
		return true;
	AUTO_CLOSE int lock = store_lock(work->store, STORE_LAYER, &key, err);
	if (lock < 0)
		return false;
	if (find(work->store, &key, layer)) /* another process has made it while we waited */
		return true;
	progress_start(work->progress, "layer", DIGEST_TEXT(&layer->blob->diff_id), PROGRESS_BYTES,
		       layer->blob->size_bytes);
	if (!convert(work, layer->blob, &draft, err))
		return fail(work, layer, err);
	if (!await_seal(work, err))
		return false;
	work->seal.store = work->store;
	work->seal.draft = draft;
	draft = STORE_DRAFT_INIT;
	work->seal.lock_fd = take_fd(&lock);
	work->seal.key = key;
	work->sealed = layer;
	layer_seal_start(&work->seal);
	return true;
}

static void work_clear(struct work *work)
{
	layer_seal_clear(&work->seal);
}

static int compare_sizes(const void *a, const void *b)
{
	const struct disk_layer *one = *(struct disk_layer *const *)a;
	const struct disk_layer *other = *(struct disk_layer *const *)b;
	uint64_t size = one->blob->size_bytes, other_size = other->blob->size_bytes;
	if (size != other_size)
		return size > other_size ? -1 : 1;
	return one < other ? -1 : 1;
}

/* The largest first: beside the last seal nothing is left to do, so it had better be short. */
bool layers_convert(struct store *store, struct disk_layer *layers, size_t count,
		    const struct progress *progress, struct error *err)
{
	AUTO(work_clear)
	struct work work = {.store = store, .progress = progress, .seal = LAYER_SEAL_INIT};
	AUTO_FREE struct disk_layer **order = xcalloc(count + 1, sizeof(*order));
	for (size_t i = 0; i < count; i++)
		order[i] = &layers[i];
	qsort(order, count, sizeof(*order), compare_sizes);
	for (size_t i = 0; i < count; i++)
		if (!begin(&work, order[i], err))
			return false;
	return await_seal(&work, err);
}
