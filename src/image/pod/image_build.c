/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "image/disk/disk_writer.h"
#include "image/layer/build_record.h"
#include "image/layer/layer.h"
#include "image/linuxkit/linuxkit_pod.h"
#include "image/oci/image_take.h"
#include "image/oci/resolve.h"
#include "image/pod/base_document.h"
#include "image/pod/disk_layout.h"
#include "image/pod/image_build.h"
#include "image/pod/image_process.h"
#include "image/pod/pod_document.h"
#include "image/store/store.h"
#include "manifest/pod_images.h"

/* Raise it whenever the disk changes for the same inputs. */
#define BUILDER_VERSION "4"

/* Everything one build owns. */
struct build {
	struct store *store;
	const struct pod_spec *pod;
	const struct image_options *options;
	const struct progress *progress;
	struct base_folder base;
	struct oci_image *images; /* in the order of manifest/pod_images.h */
	size_t image_count;
	struct disk_layer *layers; /* each diff id once */
	size_t layer_count;
	char *pod_json;
	struct digest key;
	struct disk_image *disk; /* the caller's, to be filled */
};

static void build_clear(struct build *build)
{
	for (size_t i = 0; i < build->image_count; i++)
		oci_image_clear(&build->images[i]);
	for (size_t i = 0; i < build->layer_count; i++)
		disk_layer_clear(&build->layers[i]);
	free(build->images);
	free(build->layers);
	free(build->pod_json);
	base_folder_clear(&build->base);
}

/* What is built here is in the store, and nowhere else. */
static bool resolve_made(const struct build *build, const char *name, struct oci_image *ret,
			 struct error *err)
{
	struct image_options options =
		build->options != NULL ? *build->options : (struct image_options){0};

	options.has_pull = true;
	options.pull = PULL_NEVER;
	options.lock_file = NULL;
	if (image_resolve(build->store, name, PULL_NEVER, &options, build->progress, ret, err))
		return true;
	if (err == NULL || err->kind != ERROR_NOT_FOUND)
		return false;
	error_clear(err);
	error_set(err, ERROR_NOT_FOUND, "its image was not built yet");
	return error_hint(err, "i2kit build");
}

static bool resolve_image(const struct build *build, const struct pod_image_use *use,
			  struct oci_image *ret, struct error *err)
{
	AUTO_FREE char *made = use->container != NULL ? image_made_name(use->container) : NULL;
	enum pull_policy policy = build->options != NULL && build->options->has_pull
					  ? build->options->pull
					  : use->pull_policy;

	if (made != NULL)
		return resolve_made(build, made, ret, err);
	return image_resolve(build->store, use->image, policy, build->options, build->progress, ret,
			     err);
}

static bool resolve_images(struct build *build, struct error *err)
{
	size_t count = pod_images_count(build->pod);
	build->images = xcalloc(count + 1, sizeof(struct oci_image));
	for (size_t i = 0; i < count; i++) {
		const struct pod_image_use use = pod_images_at(build->pod, i);
		AUTO_FREE char *name = pod_image_use_name(&use);
		if (!resolve_image(build, &use, &build->images[i], err))
			return error_prefix(err, "%s", name);
		build->image_count++;
	}
	return true;
}

static bool has_layer(const struct build *build, const struct digest *diff_id)
{
	for (size_t i = 0; i < build->layer_count; i++)
		if (digest_equal(&build->layers[i].blob->diff_id, diff_id))
			return true;
	return false;
}

/* Each diff id once, in the order of the images. */
static void list_layers(struct build *build)
{
	size_t most = 0;
	for (size_t i = 0; i < build->image_count; i++)
		most += build->images[i].layer_count;
	build->layers = xcalloc(most + 1, sizeof(struct disk_layer));
	for (size_t i = 0; i < build->image_count; i++) {
		const struct oci_image *image = &build->images[i];
		const char *name = pod_images_at(build->pod, i).image;
		for (size_t j = 0; j < image->layer_count; j++) {
			if (has_layer(build, &image->layers[j].diff_id))
				continue;
			build->layers[build->layer_count++] =
				(struct disk_layer){.blob = &image->layers[j], .image = name};
		}
	}
}

static bool convert_layers(struct build *build, struct error *err)
{
	struct progress_part part;

	list_layers(build);
	progress_part_begin(&part, build->progress, "layers", build->pod->name);
	bool is_done = layers_convert(build->store, build->layers, build->layer_count,
				      &part.progress, err);
	progress_part_end(&part, is_done);
	return is_done;
}

static bool make_document(struct build *build, struct error *err)
{
	const struct base_file *partition = base_folder_find(&build->base, build->base.partition);
	if (partition == NULL)
		return error_set(err, ERROR_INVALID, "base '%s' has no '%s'", build->base.path,
				 build->base.partition);
	struct pod_document document = {.pod = build->pod,
					.images = build->images,
					.layers = build->layers,
					.layer_count = build->layer_count};
	document.base_digest = partition->digest;
	build->pod_json = pod_document_make(&document, err);
	if (build->pod_json == NULL)
		return false;
	AUTO_FREE char *builder = disk_layout_builder();
	AUTO_FREE char *text = xasprintf("disk %s, %s\n%s\n%s", BUILDER_VERSION, builder,
					 DIGEST_TEXT(&build->base.digest), build->pod_json);
	build->key = sha256_digest(text, strlen(text));
	return true;
}

static bool find_built(const struct build *build, struct disk_image *ret)
{
	AUTO(build_record_clear) struct build_record record = {0};
	return build_record_read(build->store, &build->key, &record) &&
	       store_has(build->store, STORE_DISK, &record.disk) &&
	       image_find(build->store, DIGEST_TEXT(&record.disk), ret, NULL);
}

static bool write_record(const struct build *build, const struct digest *digest, struct error *err)
{
	AUTO(build_record_clear) struct build_record record = {0};
	record.disk = *digest;
	for (size_t i = 0; i < build->layer_count; i++)
		*ARRAY_APPEND(record.layers, record.layer_count) = build->layers[i].key;
	return build_record_write(build->store, &build->key, &record, err);
}

static bool write_disk(const struct build *build, struct digest *out_digest, struct error *err)
{
	AUTO_PTR(disk_layout) struct disk_layout *layout = disk_layout_new();
	AUTO(store_draft_drop) struct store_draft draft = STORE_DRAFT_INIT;
	AUTO_FREE char *linuxkit = linuxkit_pod_write(build->pod, build->images, true);
	struct disk_request request = {.base = &build->base,
				       .pod_json = build->pod_json,
				       .linuxkit = linuxkit,
				       .layers = build->layers,
				       .layer_count = build->layer_count};
	if (!disk_layout_make(layout, &request, err) ||
	    !store_draft_open(build->store, &draft, err))
		return false;
	struct disk_writing writing = {.fd = draft.fd,
				       .pieces = layout->pieces,
				       .piece_count = layout->piece_count,
				       .size = layout->table.disk_size,
				       .progress = build->progress,
				       .what = build->pod->name};
	progress_start(build->progress, "disk", build->pod->name, PROGRESS_BYTES, writing.size);
	if (!disk_write(&writing, out_digest, err))
		return store_error_hint(build->store, err);
	return store_draft_commit(build->store, &draft, STORE_DISK, out_digest, err) &&
	       write_record(build, out_digest, err);
}

static bool build_disk(struct build *build, struct disk_image *ret, struct error *err)
{
	struct digest digest;
	if (find_built(build, ret))
		return true;
	AUTO_CLOSE int lock = store_lock(build->store, STORE_BUILD, &build->key, err);
	if (lock < 0)
		return false;
	if (find_built(build, ret)) /* another process has made it while we waited */
		return true;
	if (!write_disk(build, &digest, err)) {
		progress_failed(build->progress, "disk", build->pod->name, NULL);
		return false;
	}
	progress_done(build->progress, "disk", build->pod->name, DIGEST_TEXT(&digest));
	if (!image_find(build->store, DIGEST_TEXT(&digest), ret, err))
		return false;
	ret->was_built = true;
	return true;
}

/* In a process of its own: all of it works on bytes that strangers made. */
static bool build_apart(void *arg, const struct progress *progress, struct string_list *words,
			struct error *err)
{
	struct build *build = arg;

	build->progress = progress;
	if (!base_open(build->store, build->options, progress, &build->base, err) ||
	    !resolve_images(build, err) || !convert_layers(build, err) ||
	    !make_document(build, err) || !build_disk(build, build->disk, err))
		return false;
	string_list_add(words, DIGEST_TEXT(&build->disk->digest));
	if (build->disk->was_built)
		string_list_add(words, "built");
	return true;
}

bool image_build(struct store *store, const struct pod_spec *pod,
		 const struct image_options *options, const struct progress *progress,
		 struct disk_image *ret, struct error *err)
{
	AUTO(string_list_clear) struct string_list references = STRING_LIST_INIT;
	AUTO(string_list_clear) struct string_list words = STRING_LIST_INIT;
	AUTO(disk_image_clear) struct disk_image disk = {0};
	AUTO(build_clear)
	struct build build = {.store = store, .pod = pod, .options = options, .disk = &disk};
	const struct image_process process = {.store = store,
					      .options = options,
					      .references = &references,
					      .progress = progress};

	for (size_t i = 0; i < pod_images_count(pod); i++) {
		const struct pod_image_use use = pod_images_at(pod, i);
		if (use.container == NULL || use.container->build == NULL)
			string_list_add(&references, use.image);
	}
	if (!image_process_run(&process, build_apart, &build, &words, err))
		return error_prefix(err, "pod '%s'", pod->name);
	if (words.count == 0 || !digest_is_valid(words.items[0]))
		return error_set(err, ERROR_INVALID, "pod '%s': no digest was handed back",
				 pod->name);
	if (!image_find(store, words.items[0], ret, err))
		return false;
	ret->was_built = words.count > 1;
	return true;
}
