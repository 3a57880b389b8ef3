/* SPDX-License-Identifier: Apache-2.0 */
#include "image/pod/disk_verify.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/json.h"
#include "image/disk/partition_check.h"
#include "image/layer/layer_convert.h"
#include "image/oci/image_ref.h"
#include "image/oci/reference.h"
#include "image/oci/resolve.h"
#include "image/oci/source_walk.h"
#include "image/pod/base_document.h"
#include "image/pod/disk_layout.h"

struct verifier {
	struct store *store;
	const char *path;
	const struct image_options *options;
	const struct progress *progress;
	int fd;
	uint64_t size;
	struct toc toc;
	struct json_document *document; /* toc.pod_json, parsed */
	struct json_view pod;
	struct base_folder base;
	struct oci_image *images;
	char **image_names; /* as written; one for each image */
	size_t image_count;
	struct store_draft *drafts; /* the layers, converted again */
	struct disk_layer *layers;
	size_t layer_count;
};

static void verifier_clear(struct verifier *verifier)
{
	for (size_t i = 0; i < verifier->layer_count; i++) {
		store_draft_drop(&verifier->drafts[i]);
		disk_layer_clear(&verifier->layers[i]);
	}
	for (size_t i = 0; i < verifier->image_count; i++) {
		oci_image_clear(&verifier->images[i]);
		free(verifier->image_names[i]);
	}
	free(verifier->images);
	free(verifier->image_names);
	free(verifier->drafts);
	free(verifier->layers);
	base_folder_clear(&verifier->base);
	json_document_free(verifier->document);
	toc_clear(&verifier->toc);
	if (verifier->fd >= 0)
		(void)close(verifier->fd);
}

static bool open_disk(struct verifier *verifier, struct error *err)
{
	AUTO_FREE char *text = NULL;
	struct stat st;
	size_t size;
	verifier->fd = open(verifier->path, O_RDONLY | O_CLOEXEC);
	if (verifier->fd < 0 || fstat(verifier->fd, &st) != 0)
		return error_set_errno(err, errno, "cannot read '%s'", verifier->path);
	verifier->size = (uint64_t)st.st_size;
	if (!toc_read_disk(verifier->fd, &text, &size, err) ||
	    !toc_parse(text, size, verifier->size, &verifier->toc, err))
		return false;
	verifier->document = json_document_parse(
		verifier->toc.pod_json, strlen(verifier->toc.pod_json), "pod.json", 0, NULL);
	if (verifier->document == NULL)
		return error_set(err, ERROR_CORRUPT, "pod.json is malformed");
	verifier->pod = json_document_root(verifier->document);
	return true;
}

static bool check_base(struct verifier *verifier, struct error *err)
{
	struct digest wanted =
		json_view_digest(json_view_get(json_view_get(verifier->pod, "base"), "digest"));
	if (!base_open(verifier->store, verifier->options, verifier->progress, &verifier->base,
		       err))
		return false;
	const struct base_file *file = base_folder_find(&verifier->base, verifier->base.partition);
	if (file != NULL && digest_equal(&file->digest, &wanted))
		return true;
	(void)error_set(err, ERROR_NOT_FOUND, "the disk was built on another base than '%s'",
			verifier->base.path);
	return error_hint(err, "i2kit verify --base FOLDER|FILE with the base it was built on");
}

/* The disk does not say where on this machine an image came from; the store may know. Owned. */
static char *find_origin(const struct verifier *verifier, const char *name,
			 const struct digest *digest)
{
	AUTO(image_ref_list_clear) struct image_ref_list refs = {0};
	if (!image_ref_read_all(verifier->store, &refs, NULL))
		return xstrdup(name);
	for (size_t i = 0; i < refs.count; i++)
		if (digest_equal(&refs.items[i].manifest, digest))
			return xstrdup(refs.items[i].reference);
	return xstrdup(name);
}

static bool is_path(const char *name)
{
	AUTO(reference_clear) struct reference reference = {0};
	return reference_parse(name, "/", &reference, NULL) && reference.path != NULL;
}

/* The very image the disk was made of, from the store or from where it came. */
static bool load_image(struct verifier *verifier, const char *name, const struct digest *digest,
		       struct error *err)
{
	struct oci_image *image = &verifier->images[verifier->image_count];
	if (oci_image_load(verifier->store, name, digest, image, NULL))
		return true;
	oci_image_clear(image);
	AUTO_FREE char *origin = find_origin(verifier, name, digest);
	if (!image_resolve(verifier->store, origin, PULL_ALWAYS, verifier->options,
			   verifier->progress, image, err))
		return is_path(name) ? error_hint(err, "i2kit pull the image from where it lies")
				     : false;
	return digest_equal(&image->digest, digest) ||
	       error_set(err, ERROR_NOT_FOUND,
			 "image '%s' is %.19s now; the disk was made of %.19s", origin,
			 DIGEST_TEXT(&image->digest), DIGEST_TEXT(digest));
}

static bool load_images(struct verifier *verifier, const char *list, struct error *err)
{
	struct json_view containers = json_view_get(verifier->pod, list);
	size_t own_count = json_view_count(containers, SIZE_MAX);
	size_t count = verifier->image_count + own_count;
	verifier->images = xreallocarray(verifier->images, count + 1, sizeof(struct oci_image));
	verifier->image_names = xreallocarray(verifier->image_names, count + 1, sizeof(char *));
	for (size_t i = 0; i < own_count; i++) {
		struct json_view item = json_view_at(containers, i);
		const char *name = json_view_peek(json_view_get(item, "image"));
		struct digest digest = json_view_digest(json_view_get(item, "imageDigest"));
		if (name == NULL || !digest_is_set(&digest))
			return error_set(err, ERROR_CORRUPT, "pod.json is malformed");
		verifier->images[verifier->image_count] = (struct oci_image){0};
		if (!load_image(verifier, name, &digest, err)) {
			oci_image_clear(&verifier->images[verifier->image_count]);
			return false;
		}
		verifier->image_names[verifier->image_count++] = xstrdup(name);
	}
	return true;
}

/* The first image that has the layer, as build.c names it. */
static const struct oci_descriptor *find_layer(const struct verifier *verifier,
					       const struct digest *diff_id, const char **ret_image)
{
	for (size_t i = 0; i < verifier->image_count; i++) {
		const struct oci_image *image = &verifier->images[i];
		for (size_t j = 0; j < image->layer_count; j++) {
			if (!digest_equal(&image->layers[j].diff_id, diff_id))
				continue;
			*ret_image = verifier->image_names[i];
			return &image->layers[j];
		}
	}
	return NULL;
}

/* Another version, or other libraries, pack the same content into other bytes. */
static bool hint_at_builder(const struct verifier *verifier, const char *otherwise,
			    struct error *err)
{
	AUTO_FREE char *own = disk_layout_builder();
	if (strcmp(verifier->toc.builder, own) == 0)
		return error_hint(err, "%s", otherwise);
	return error_hint(err, "it was built by '%s', and this is '%s'; verify it with that one",
			  verifier->toc.builder, own);
}

/* Converts a layer from its blob again and compares with what the disk has. */
static bool convert_layer(struct verifier *verifier, struct json_view item,
			  struct store_draft *draft, struct disk_layer *ret, struct error *err)
{
	struct digest diff_id, digest;
	struct stat st;
	struct digest wanted = json_view_digest(json_view_get(item, "layer"));
	ret->digest = json_view_digest(json_view_get(item, "digest"));
	if (!digest_is_set(&wanted) || !digest_is_set(&ret->digest))
		return error_set(err, ERROR_CORRUPT, "pod.json is malformed");
	const char *name = DIGEST_TEXT(&wanted);
	ret->blob = find_layer(verifier, &wanted, &ret->image);
	if (ret->blob == NULL)
		return error_set(err, ERROR_CORRUPT, "layer %.19s is in none of the pod's images",
				 name);
	AUTO_FREE char *blob = store_path(verifier->store, STORE_BLOB, &ret->blob->digest);
	AUTO_CLOSE int fd = open(blob, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error_set_errno(err, errno, "cannot read '%s'", blob);
	struct layer_conversion conversion = {.fd = fd,
					      .path = draft->path,
					      .size_bytes = ret->blob->size_bytes,
					      .what = name,
					      .progress = verifier->progress};
	if (!layer_convert_blob(&conversion, &diff_id, err) ||
	    !sha256_fd(draft->fd, &digest, err) || fstat(draft->fd, &st) != 0)
		return error_prefix(err, "layer %.19s", name);
	if (!digest_equal(&diff_id, &wanted) || !digest_equal(&digest, &ret->digest)) {
		(void)error_set(err, ERROR_CORRUPT,
				"layer %.19s of '%s' gives %.19s, but the disk has %.19s", name,
				ret->image, DIGEST_TEXT(&digest), DIGEST_TEXT(&ret->digest));
		return hint_at_builder(verifier, "the disk was changed, or its images were", err);
	}
	ret->path = xstrdup(draft->path);
	ret->size_bytes = (uint64_t)st.st_size;
	return true;
}

static bool convert_layers(struct verifier *verifier, struct error *err)
{
	struct json_view layers = json_view_get(verifier->pod, "layers");
	size_t count = json_view_count(layers, SIZE_MAX);
	verifier->drafts = xcalloc(count + 1, sizeof(struct store_draft));
	verifier->layers = xcalloc(count + 1, sizeof(struct disk_layer));
	for (size_t i = 0; i < count; i++) {
		verifier->drafts[i] = STORE_DRAFT_INIT;
		verifier->layer_count++;
		if (!store_draft_open(verifier->store, &verifier->drafts[i], err) ||
		    !convert_layer(verifier, json_view_at(layers, i), &verifier->drafts[i],
				   &verifier->layers[i], err))
			return false;
	}
	return true;
}

static bool compare_disks(struct verifier *verifier, const struct digest *digest, struct error *err)
{
	AUTO_PTR(disk_layout) struct disk_layout *layout = disk_layout_new();
	AUTO(store_draft_drop) struct store_draft draft = STORE_DRAFT_INIT;
	struct disk_request request = {.base = &verifier->base,
				       .pod_json = verifier->toc.pod_json,
				       .linuxkit = verifier->toc.linuxkit,
				       .layers = verifier->layers,
				       .layer_count = verifier->layer_count};
	struct digest rebuilt;
	if (!disk_layout_make(layout, &request, err) ||
	    !store_draft_open(verifier->store, &draft, err))
		return false;
	struct disk_writing writing = {.fd = draft.fd,
				       .pieces = layout->pieces,
				       .piece_count = layout->piece_count,
				       .size = layout->table.disk_size,
				       .progress = verifier->progress,
				       .what = verifier->path};
	if (!disk_write(&writing, &rebuilt, err))
		return store_error_hint(verifier->store, err);
	if (digest_equal(&rebuilt, digest))
		return true;
	(void)error_set(err, ERROR_CORRUPT, "built again it is %.19s, but the disk is %.19s",
			DIGEST_TEXT(&rebuilt), DIGEST_TEXT(digest));
	return hint_at_builder(verifier, "its boot partition differs; compare with i2kit inspect",
			       err);
}

bool disk_verify(struct store *store, const char *path, const struct image_options *options,
		 const struct progress *progress, struct disk_verification *ret, struct error *err)
{
	AUTO(verifier_clear)
	struct verifier verifier = {
		.store = store, .path = path, .options = options, .progress = progress, .fd = -1};
	if (!open_disk(&verifier, err) ||
	    !partition_check_digest(verifier.fd, path, 0, verifier.size, &ret->digest, err) ||
	    !partition_check_all(verifier.fd, path, &verifier.toc, err) ||
	    !check_base(&verifier, err) || !load_images(&verifier, "initContainers", err) ||
	    !load_images(&verifier, "containers", err) || !load_images(&verifier, "volumes", err) ||
	    !convert_layers(&verifier, err) || !compare_disks(&verifier, &ret->digest, err))
		return error_prefix(err, "'%s'", path);
	ret->partition_count = verifier.toc.partition_count;
	ret->layer_count = verifier.layer_count;
	ret->image_count = verifier.image_count;
	return true;
}
