/* SPDX-License-Identifier: Apache-2.0 */
#include "image/oci/source_walk.h"

#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "image/oci/oci_document.h"
#include "image/oci/resolve.h"
#include "image/oci/source.h"

const struct digest *source_wanted(const struct source_request *request)
{
	const struct digest *own = &request->reference->digest;
	return digest_is_set(own) ? own : request->wanted_digest;
}

bool source_read_document(struct store *store, const struct digest *digest, const char *media_type,
			  struct oci_document *ret, struct error *err)
{
	AUTO_FREE char *text = NULL;
	size_t size = 0;
	return store_read_blob(store, digest, OCI_DOCUMENT_MAX_BYTES, &text, &size, err) &&
	       oci_document_parse(text, size, media_type, ret, err);
}

/* Present, and as long as the document says. */
static bool is_stored(struct store *store, const struct oci_descriptor *blob)
{
	uint64_t size = 0;
	return store_size(store, STORE_BLOB, &blob->digest, &size) && size == blob->size_bytes;
}

static bool bring_one(const struct source_request *request, const struct oci_descriptor *blob,
		      size_t max_bytes, source_bring_fn *bring, void *arg, struct error *err)
{
	if (blob->size_bytes > max_bytes)
		return error_set(err, ERROR_INVALID, "%s is %llu bytes; at most %zu are read",
				 DIGEST_TEXT(&blob->digest), (unsigned long long)blob->size_bytes,
				 max_bytes);
	return store_has(request->store, STORE_BLOB, &blob->digest) || bring(&blob, 1, arg, err);
}

static bool bring_layers(const struct source_request *request, const struct oci_document *manifest,
			 source_bring_fn *bring, void *arg, struct error *err)
{
	const struct oci_descriptor *missing[OCI_LAYERS_MAX];
	size_t count = 0;
	for (size_t i = 0; i < manifest->item_count; i++) {
		const struct oci_descriptor *layer = &manifest->items[i];
		bool is_listed = is_stored(request->store, layer);
		for (size_t j = 0; j < count && !is_listed; j++)
			is_listed = digest_equal(&missing[j]->digest, &layer->digest);
		if (!is_listed)
			missing[count++] = layer;
	}
	return count == 0 || bring(missing, count, arg, err);
}

static bool check_config(struct store *store, const struct oci_document *manifest,
			 struct digest **ret_diff_ids, char **ret_text, struct error *err)
{
	size_t size = 0;
	if (!store_read_blob(store, &manifest->config.digest, OCI_CONFIG_MAX_BYTES, ret_text, &size,
			     err))
		return false;
	return oci_config_parse(*ret_text, size, manifest->item_count, ret_diff_ids, err);
}

static bool bring_image(const struct source_request *request, const struct oci_document *manifest,
			source_bring_fn *bring, void *arg, struct error *err)
{
	AUTO_FREE struct digest *diff_ids = NULL;
	AUTO_FREE char *config = NULL;
	return bring_one(request, &manifest->config, OCI_CONFIG_MAX_BYTES, bring, arg, err) &&
	       check_config(request->store, manifest, &diff_ids, &config, err) &&
	       bring_layers(request, manifest, bring, arg, err);
}

struct walk {
	const struct source_request *request;
	source_bring_fn *bring;
	source_admit_fn *admit; /* or NULL */
	void *arg;
};

static bool walk(const struct walk *self, const struct oci_descriptor *from, unsigned depth,
		 struct digest *out_manifest, struct error *err)
{
	enum { DEPTH_MAX = 3 };
	AUTO(oci_document_clear) struct oci_document document = {0};
	if (depth > DEPTH_MAX)
		return error_set(err, ERROR_INVALID, "more than %d indexes inside one another",
				 DEPTH_MAX);
	const struct source_request *request = self->request;
	if (!bring_one(request, from, OCI_DOCUMENT_MAX_BYTES, self->bring, self->arg, err) ||
	    !source_read_document(request->store, &from->digest, from->media_type, &document, err))
		return false;
	if (!document.is_index) {
		*out_manifest = from->digest;
		return (self->admit == NULL || self->admit(&from->digest, self->arg, err)) &&
		       bring_image(request, &document, self->bring, self->arg, err);
	}
	const struct oci_descriptor *item = oci_index_choose(&document, NULL, err);
	return item != NULL && walk(self, item, depth + 1, out_manifest, err);
}

bool source_walk_admitted(const struct source_request *request, const struct oci_descriptor *top,
			  source_bring_fn *bring, source_admit_fn *admit, void *arg,
			  struct digest *out_manifest, struct error *err)
{
	const struct walk self = {.request = request, .bring = bring, .admit = admit, .arg = arg};
	return walk(&self, top, 0, out_manifest, err);
}

bool source_walk(const struct source_request *request, const struct oci_descriptor *top,
		 source_bring_fn *bring, void *arg, struct digest *out_manifest, struct error *err)
{
	return source_walk_admitted(request, top, bring, NULL, arg, out_manifest, err);
}

/* The manifest's layers, each with what the config says of it. */
static void take_layers(struct oci_image *image, struct oci_document *manifest,
			const struct digest *diff_ids)
{
	image->layers = TAKE_PTR(manifest->items);
	image->layer_count = manifest->item_count;
	manifest->item_count = 0;
	for (size_t i = 0; i < image->layer_count; i++)
		image->layers[i].diff_id = diff_ids[i];
}

bool oci_image_load(struct store *store, const char *reference, const struct digest *manifest,
		    struct oci_image *ret, struct error *err)
{
	AUTO(oci_document_clear) struct oci_document document = {0};
	AUTO_FREE struct digest *diff_ids = NULL;
	AUTO_FREE char *config = NULL;
	if (!source_read_document(store, manifest, NULL, &document, err))
		return false;
	if (document.is_index)
		return error_set(err, ERROR_INVALID, "%s is an index", DIGEST_TEXT(manifest));
	if (!check_config(store, &document, &diff_ids, &config, err))
		return false;
	for (size_t i = 0; i < document.item_count; i++) {
		if (!is_stored(store, &document.items[i]))
			return error_set(err, ERROR_NOT_FOUND, "layer %s is not in the store",
					 DIGEST_TEXT(&document.items[i].digest));
	}
	*ret = (struct oci_image){.reference = xstrdup(reference), .config_json = TAKE_PTR(config)};
	ret->digest = *manifest;
	take_layers(ret, &document, diff_ids);
	return true;
}

/* Hashes while it copies; more than the blob's size is never written. */
static bool copy_checked(const struct source_request *request, int from, int to,
			 const struct oci_descriptor *blob, struct error *err)
{
	enum { CHUNK_SIZE = 256 << 10 };
	AUTO_FREE char *chunk = xmalloc(CHUNK_SIZE);
	AUTO_PTR(sha256) struct sha256 *hash = sha256_new();
	uint64_t size = 0;
	for (;;) {
		ssize_t got = read(from, chunk, CHUNK_SIZE);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_set_errno(err, errno, "read");
		if (got == 0)
			break;
		size += (uint64_t)got;
		if (size > blob->size_bytes)
			break;
		sha256_update(hash, chunk, (size_t)got);
		if (!store_write(request->store, to, chunk, (size_t)got, err))
			return false;
		progress_update(request->progress, "pull", DIGEST_TEXT(&blob->digest),
				PROGRESS_BYTES, size, blob->size_bytes);
		if (progress_is_cancelled(request->progress))
			return error_set(err, ERROR_CANCELLED, "cancelled");
	}
	if (size != blob->size_bytes)
		return error_set(err, ERROR_CORRUPT, "not %llu bytes long, as %s should be",
				 (unsigned long long)blob->size_bytes, DIGEST_TEXT(&blob->digest));
	struct digest digest = sha256_finish_digest(hash);
	if (!digest_equal(&digest, &blob->digest))
		return error_set(err, ERROR_CORRUPT, "its digest is %s, not %s",
				 DIGEST_TEXT(&digest), DIGEST_TEXT(&blob->digest));
	return true;
}

bool source_copy_blob(const struct source_request *request, int fd, const char *path,
		      const struct oci_descriptor *blob, struct error *err)
{
	AUTO(store_draft_drop) struct store_draft draft = STORE_DRAFT_INIT;
	AUTO_CLOSE int lock = store_lock(request->store, STORE_BLOB, &blob->digest, err);
	if (lock < 0)
		return false;
	if (store_has(request->store, STORE_BLOB, &blob->digest))
		return true;
	if (!store_draft_open(request->store, &draft, err))
		return false;
	progress_start(request->progress, "pull", DIGEST_TEXT(&blob->digest), PROGRESS_BYTES,
		       blob->size_bytes);
	if (!copy_checked(request, fd, draft.fd, blob, err) ||
	    !store_draft_commit(request->store, &draft, STORE_BLOB, &blob->digest, err)) {
		progress_failed(request->progress, "pull", DIGEST_TEXT(&blob->digest), NULL);
		return error_prefix(err, "%s", path);
	}
	progress_done(request->progress, "pull", DIGEST_TEXT(&blob->digest), NULL);
	return true;
}

bool source_reuse(const struct source_request *request, const char *stamp, struct image_ref *ret)
{
	const struct image_ref *known = request->known;
	AUTO(oci_image_clear) struct oci_image image = {0};
	AUTO(error_clear) struct error why = ERROR_INIT;
	if (known == NULL || (stamp != NULL && known->stamp == NULL) ||
	    (stamp != NULL && strcmp(known->stamp, stamp) != 0) ||
	    !oci_image_load(request->store, known->reference, &known->manifest, &image, &why))
		return false;
	ret->digest = known->digest;
	ret->manifest = known->manifest;
	ret->source = xstrdup(known->source);
	ret->stamp = xstrdup_or_null(known->stamp);
	ret->time_ns = known->time_ns;
	return true;
}
