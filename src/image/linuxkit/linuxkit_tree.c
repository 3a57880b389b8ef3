/* SPDX-License-Identifier: Apache-2.0 */
#include "image/linuxkit/linuxkit_tree.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/strbuf.h"
#include "image/linuxkit/linuxkit_bundle.h"
#include "image/linuxkit/linuxkit_files.h"
#include "image/linuxkit/linuxkit_kernel.h"
#include "image/linuxkit/linuxkit_unpack.h"
#include "image/oci/resolve.h"

enum { APK_MAX_BYTES = 64 << 20 };
#define RESOLV_LINK "/run/resolvconf/resolv.conf"

void linuxkit_tree_clear(struct linuxkit_tree *tree)
{
	string_list_clear(&tree->unpacked_images);
	string_list_clear(&tree->unpacked_paths);
}

bool linuxkit_tree_add(struct linuxkit_tree *tree, const struct tar_entry *entry, const void *bytes,
		       const struct linuxkit_origin *origin, struct error *err)
{
	const struct tar_record records[] = {
		{"LINUXKIT.location", origin->location, strlen(origin->location)},
		{"LINUXKIT.source", origin->source, strlen(origin->source)},
	};
	struct tar_entry whole = *entry;
	whole.records = records;
	whole.record_count = ARRAY_SIZE(records);
	return tar_writer_add(tree->writer, &whole, bytes, err);
}

static bool add_folder(struct linuxkit_tree *tree, const char *name,
		       const struct linuxkit_origin *origin, struct error *err)
{
	const struct tar_entry entry = {
		.name = name, .type = TAR_FOLDER, .mode = 0755, .mtime_s = LINUXKIT_TIME_S};
	return linuxkit_tree_add(tree, &entry, NULL, origin, err);
}

bool linuxkit_tree_add_folders(struct linuxkit_tree *tree, const char *path,
			       const struct linuxkit_origin *origin, struct error *err)
{
	for (const char *end = path; *end != '\0';) {
		end += strcspn(end + 1, "/") + 1;
		AUTO_FREE char *folder = xstrndup(path, (size_t)(end - path));
		if (!add_folder(tree, folder, origin, err))
			return false;
	}
	return true;
}

static bool add_text(struct linuxkit_tree *tree, const char *folder, const char *name,
		     const char *text, const struct linuxkit_origin *origin, struct error *err)
{
	AUTO_FREE char *path = xasprintf("%s/%s", folder, name);
	const struct tar_entry entry = {.name = path,
					.type = TAR_FILE,
					.mode = 0644,
					.mtime_s = LINUXKIT_TIME_S,
					.size_bytes = strlen(text)};
	return linuxkit_tree_add(tree, &entry, text, origin, err);
}

static bool resolve(const struct linuxkit_tree *tree, const char *name, struct oci_image *ret,
		    struct error *err)
{
	const struct linuxkit_build *build = tree->build;
	return image_resolve(build->store, name, PULL_IF_NOT_PRESENT, build->images,
			     build->progress, ret, err);
}

/* Where the same image was unpacked for an earlier bundle, or NULL. */
static const char *find_unpacked(const struct linuxkit_tree *tree, const char *image)
{
	for (size_t i = 0; i < tree->unpacked_images.count; i++) {
		if (strcmp(tree->unpacked_images.items[i], image) == 0)
			return tree->unpacked_paths.items[i];
	}
	return NULL;
}

static bool unpack_root(struct linuxkit_tree *tree, const struct oci_image *image, const char *root,
			const struct linuxkit_origin *origin, struct error *err)
{
	const struct linuxkit_unpack unpack = {.image = image, .prefix = root, .origin = origin};
	string_list_add(&tree->unpacked_images, image->reference);
	string_list_add(&tree->unpacked_paths, root);
	return linuxkit_tree_add_folders(tree, root, origin, err) &&
	       linuxkit_tree_unpack(tree, &unpack, err);
}

/* Mount points beside the configuration: for the overlay, or for an image unpacked elsewhere. */
static bool add_mount_points(struct linuxkit_tree *tree, const char *path, bool is_read_only,
			     bool is_elsewhere, const struct linuxkit_origin *origin,
			     struct error *err)
{
	AUTO_FREE char *tmp = xasprintf("%s/tmp", path);
	AUTO_FREE char *rootfs = xasprintf("%s/rootfs", path);
	if (!is_read_only && !add_folder(tree, tmp, origin, err))
		return false;
	return (is_read_only && !is_elsewhere) || add_folder(tree, rootfs, origin, err);
}

static bool add_bundle(struct linuxkit_tree *tree, const struct linuxkit_component *component,
		       const char *path, const char *location, struct error *err)
{
	AUTO(oci_image_clear) struct oci_image image = {0};
	AUTO(linuxkit_bundle_clear) struct linuxkit_bundle bundle = {0};
	if (!resolve(tree, component->image, &image, err))
		return false;
	const struct linuxkit_origin origin = {.source = image.reference, .location = location};
	const char *elsewhere = find_unpacked(tree, image.reference);
	if (!linuxkit_bundle_make(tree->build->document, component, image.config_json, path,
				  elsewhere, &bundle, err))
		return false;
	AUTO_FREE char *root = xasprintf("%s/%s", path, bundle.is_read_only ? "rootfs" : "lower");
	bool is_unpacked = elsewhere ? linuxkit_tree_add_folders(tree, path, &origin, err)
				     : unpack_root(tree, &image, root, &origin, err);
	return is_unpacked &&
	       add_text(tree, path, "config.json", bundle.config_json, &origin, err) &&
	       add_mount_points(tree, path, bundle.is_read_only, elsewhere != NULL, &origin, err) &&
	       add_text(tree, path, "runtime.json", bundle.runtime_json, &origin, err);
}

static bool add_section(struct linuxkit_tree *tree, const char *section,
			const struct linuxkit_component_list *list, bool is_numbered,
			struct error *err)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct linuxkit_component *component = &list->items[i];
		AUTO_FREE char *location = xasprintf("%s[%zu]", section, i);
		AUTO_FREE char *number = is_numbered ? xasprintf("%03zu-", i) : xstrdup("");
		AUTO_FREE char *path =
			xasprintf("containers/%s/%s%s", section, number, component->name);
		if (!add_bundle(tree, component, path, location, err))
			return error_prefix(err, "%s", location);
	}
	return true;
}

/* The packages of all init images in one list, where there is more than one. */
static bool add_apk_database(struct linuxkit_tree *tree, const struct strbuf *database,
			     size_t count, struct error *err)
{
	const struct linuxkit_origin origin = {.source = "LINUXKIT.apkinit", .location = "init"};
	const struct tar_entry entry = {.name = "lib/apk/db/installed",
					.type = TAR_FILE,
					.mode = 0644,
					.size_bytes = database->size};
	return count < 2 || linuxkit_tree_add(tree, &entry, database->data, &origin, err);
}

static bool add_init(struct linuxkit_tree *tree, struct error *err)
{
	size_t apk_count = 0;
	AUTO(strbuf_clear) struct strbuf apk = STRBUF_MAX(APK_MAX_BYTES);
	const struct string_list *init = &tree->build->document->init;
	for (size_t i = 0; i < init->count; i++) {
		AUTO(oci_image_clear) struct oci_image image = {0};
		AUTO_FREE char *location = xasprintf("init[%zu]", i);
		if (!resolve(tree, init->items[i], &image, err))
			return error_prefix(err, "%s", location);
		const struct linuxkit_origin origin = {.source = image.reference,
						       .location = location};
		const struct linuxkit_unpack unpack = {.image = &image,
						       .prefix = "",
						       .resolv_link = RESOLV_LINK,
						       .origin = &origin,
						       .apk_database = &apk,
						       .apk_count = &apk_count};
		if (!linuxkit_tree_unpack(tree, &unpack, err))
			return error_prefix(err, "%s", location);
	}
	return add_apk_database(tree, &apk, apk_count, err);
}

static bool add_volume_image(struct linuxkit_tree *tree, const struct linuxkit_volume *volume,
			     const char *lower, const char *location, struct error *err)
{
	AUTO(oci_image_clear) struct oci_image image = {0};
	if (volume->image == NULL || volume->image[0] == '\0') {
		const struct linuxkit_origin nothing = {.source = "empty", .location = location};
		return linuxkit_tree_add_folders(tree, lower, &nothing, err);
	}
	if (!resolve(tree, volume->image, &image, err))
		return false;
	const struct linuxkit_origin origin = {.source = image.reference, .location = location};
	const struct linuxkit_unpack unpack = {
		.image = &image, .prefix = lower, .resolv_link = RESOLV_LINK, .origin = &origin};
	return linuxkit_tree_add_folders(tree, lower, &origin, err) &&
	       linuxkit_tree_unpack(tree, &unpack, err);
}

static bool add_volumes(struct linuxkit_tree *tree, struct error *err)
{
	const struct linuxkit_document *document = tree->build->document;
	for (size_t i = 0; i < document->volume_count; i++) {
		const struct linuxkit_volume *volume = &document->volumes[i];
		AUTO_FREE char *location = xasprintf("volume[%zu]", i);
		AUTO_FREE char *lower = xasprintf("containers/volumes/%s/lower", volume->name);
		AUTO_FREE char *tmp = xasprintf("containers/volumes/%s/tmp", volume->name);
		AUTO_FREE char *merged = xasprintf("containers/volumes/%s/merged", volume->name);
		const struct linuxkit_origin origin = {.source = "linuxkit.volumes",
						       .location = location};
		if (!add_volume_image(tree, volume, lower, location, err) ||
		    !add_folder(tree, tmp, &origin, err) || !add_folder(tree, merged, &origin, err))
			return error_prefix(err, "volume '%s'", volume->name);
	}
	return true;
}

bool linuxkit_tree_write(struct linuxkit_tree *tree, struct error *err)
{
	const struct linuxkit_document *document = tree->build->document;
	return linuxkit_tree_add_kernel(tree, err) && add_init(tree, err) &&
	       add_volumes(tree, err) &&
	       add_section(tree, "onboot", &document->onboot, true, err) &&
	       add_section(tree, "onshutdown", &document->onshutdown, true, err) &&
	       add_section(tree, "services", &document->services, false, err) &&
	       linuxkit_tree_add_files(tree, err) && tar_writer_finish(tree->writer, err);
}
