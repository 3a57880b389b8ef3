/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel image of a document: kernel, modules' tar, microcode; nothing else of it is kept. */
#include "image/linuxkit/linuxkit_kernel.h"

#include <archive.h>
#include <archive_entry.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "image/linuxkit/image_flatten.h"
#include "image/linuxkit/linuxkit_tree.h"
#include "image/linuxkit/linuxkit_unpack.h"
#include "image/oci/resolve.h"

enum { CHUNK_SIZE = 256 << 10 };
#define KERNEL_MAX_BYTES ((uint64_t)1 << 30)
#define TAR_MAX_BYTES	 ((uint64_t)4 << 30)

struct kernel_search {
	struct linuxkit_tree *tree;
	struct linuxkit_origin origin;
	const char *kernel_name;
	const char *tar_name;	/* "": not wanted */
	const char *ucode_name; /* "": not wanted */
	struct store_draft tar; /* the modules' tar, spooled: an archive in an archive */
	bool has_kernel;
	bool has_tar;
	bool has_boot;
};

static bool add_boot(struct kernel_search *search, struct error *err)
{
	if (search->has_boot)
		return true;
	search->has_boot = true;
	return linuxkit_tree_add_folders(search->tree, "boot", &search->origin, err);
}

/* Copies the entry's data into the tree under another name. */
static bool add_file(struct kernel_search *search, const char *name, struct archive_entry *entry,
		     struct archive *archive, struct error *err)
{
	AUTO_FREE char *chunk = xmalloc(CHUNK_SIZE);
	int64_t size = archive_entry_size(entry);
	const struct tar_record records[] = {
		{"LINUXKIT.location", search->origin.location, strlen(search->origin.location)},
		{"LINUXKIT.source", search->origin.source, strlen(search->origin.source)},
	};
	if (size < 0 || (uint64_t)size > KERNEL_MAX_BYTES)
		return error_set(err, ERROR_INVALID, "%s is larger than 1 GiB", name);
	const struct tar_entry out = {.name = name,
				      .type = TAR_FILE,
				      .mode = archive_entry_perm(entry),
				      .mtime_s = LINUXKIT_TIME_S,
				      .size_bytes = (uint64_t)size,
				      .records = records,
				      .record_count = ARRAY_SIZE(records)};
	if (!tar_writer_begin(search->tree->writer, &out, err))
		return false;
	for (;;) {
		la_ssize_t got = archive_read_data(archive, chunk, CHUNK_SIZE);
		if (got < 0)
			return error_set(err, ERROR_CORRUPT, "%s: %s", name,
					 archive_error_string(archive));
		if (got == 0)
			return true;
		if (!tar_writer_data(search->tree->writer, chunk, (size_t)got, err))
			return false;
	}
}

static bool add_cmdline(struct kernel_search *search, struct error *err)
{
	const char *cmdline = search->tree->build->document->kernel.cmdline;
	const char *text = cmdline ? cmdline : "";
	const struct tar_entry entry = {.name = "boot/cmdline",
					.type = TAR_FILE,
					.mode = 0644,
					.mtime_s = LINUXKIT_TIME_S,
					.size_bytes = strlen(text)};
	return linuxkit_tree_add(search->tree, &entry, text, &search->origin, err);
}

static bool spool_tar(struct kernel_search *search, struct archive *archive, struct error *err)
{
	AUTO_FREE char *chunk = xmalloc(CHUNK_SIZE);
	struct store *store = search->tree->build->store;
	uint64_t total = 0;
	if (search->has_tar)
		return error_set(err, ERROR_INVALID, "there are two %s", search->tar_name);
	search->has_tar = true;
	if (!store_draft_open(store, &search->tar, err))
		return false;
	for (;;) {
		la_ssize_t got = archive_read_data(archive, chunk, CHUNK_SIZE);
		if (got < 0)
			return error_set(err, ERROR_CORRUPT, "%s: %s", search->tar_name,
					 archive_error_string(archive));
		if (got == 0)
			return true;
		total += (uint64_t)got;
		if (total > TAR_MAX_BYTES)
			return error_set(err, ERROR_INVALID, "%s is larger than 4 GiB",
					 search->tar_name);
		if (!store_write(store, search->tar.fd, chunk, (size_t)got, err))
			return false;
	}
}

static bool on_entry(const char *name, struct archive_entry *entry, struct archive *archive,
		     void *arg, struct error *err)
{
	struct kernel_search *search = arg;
	if (archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry) != NULL)
		return true;
	if (strcmp(name, search->kernel_name) == 0) {
		if (search->has_kernel)
			return error_set(err, ERROR_INVALID, "there are two %s", name);
		search->has_kernel = true;
		return add_boot(search, err) && add_cmdline(search, err) &&
		       add_file(search, "boot/kernel", entry, archive, err);
	}
	if (search->tar_name[0] != '\0' && strcmp(name, search->tar_name) == 0)
		return spool_tar(search, archive, err);
	if (search->ucode_name[0] != '\0' && strcmp(name, search->ucode_name) == 0)
		return add_boot(search, err) &&
		       add_file(search, "boot/ucode.cpio", entry, archive, err);
	return true;
}

static bool find_parts(struct kernel_search *search, const struct oci_image *image,
		       struct error *err)
{
	const struct linuxkit_build *build = search->tree->build;
	if (!image_flatten(build->store, image, on_entry, search, build->progress, err))
		return false;
	if (!search->has_kernel)
		return error_set(err, ERROR_NOT_FOUND, "image %s has no file '%s'",
				 image->reference, search->kernel_name);
	if (search->tar_name[0] != '\0' && !search->has_tar) {
		error_set(err, ERROR_NOT_FOUND, "image %s has no file '%s'", image->reference,
			  search->tar_name);
		return error_hint(err, "kernel: {tar: none} if it needs no modules");
	}
	return true;
}

static void search_clear(struct kernel_search *search)
{
	store_draft_drop(&search->tar);
}

bool linuxkit_tree_add_kernel(struct linuxkit_tree *tree, struct error *err)
{
	AUTO(oci_image_clear) struct oci_image image = {0};
	const struct linuxkit_build *build = tree->build;
	const struct linuxkit_kernel *kernel = &build->document->kernel;
	if (kernel->image == NULL || kernel->image[0] == '\0')
		return true;
	if (!image_resolve(build->store, kernel->image, PULL_IF_NOT_PRESENT, build->images,
			   build->progress, &image, err))
		return error_prefix(err, "kernel");
	AUTO(search_clear)
	struct kernel_search search = {
		.tree = tree,
		.origin = {.source = image.reference, .location = "kernel"},
		.kernel_name = kernel->binary && kernel->binary[0] ? kernel->binary : "kernel",
		.tar_name = kernel->tar ? kernel->tar : "kernel.tar",
		.ucode_name = kernel->ucode ? kernel->ucode : "",
		.tar = STORE_DRAFT_INIT};
	if (strcmp(search.tar_name, "none") == 0)
		search.tar_name = "";
	if (!find_parts(&search, &image, err))
		return error_prefix(err, "kernel");
	return !search.has_tar || linuxkit_tree_add_tar(tree, search.tar.fd, &search.origin, err) ||
	       error_prefix(err, "kernel: %s", search.tar_name);
}
