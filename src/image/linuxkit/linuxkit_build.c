/* SPDX-License-Identifier: Apache-2.0 */
#include "image/linuxkit/linuxkit_build.h"

#include <fcntl.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "image/linuxkit/linuxkit_disk.h"
#include "image/linuxkit/linuxkit_initrd.h"
#include "image/linuxkit/linuxkit_output.h"
#include "image/linuxkit/linuxkit_tree.h"

bool linuxkit_format_parse(const char *text, enum linuxkit_format *ret, struct error *err)
{
	if (strcmp(text, "tar") == 0) {
		*ret = LINUXKIT_TAR;
		return true;
	}
	if (strcmp(text, "kernel+initrd") == 0) {
		*ret = LINUXKIT_KERNEL_INITRD;
		return true;
	}
	if (strcmp(text, "raw") == 0) {
		*ret = LINUXKIT_RAW;
		return true;
	}
	error_set(err, ERROR_UNSUPPORTED, "format '%s' is not built from a LinuxKit document",
		  text);
	return error_hint(err, "--format tar, kernel+initrd or raw");
}

static bool write_tree(const struct linuxkit_build *build, struct tar_writer *writer,
		       struct error *err)
{
	AUTO(linuxkit_tree_clear)
	struct linuxkit_tree tree = {.build = build, .writer = writer};
	return linuxkit_tree_write(&tree, err);
}

static bool build_tar(const struct linuxkit_build *build, const char *prefix, struct error *err)
{
	AUTO(linuxkit_output_clear) struct linuxkit_output output = LINUXKIT_OUTPUT_INIT;
	AUTO_FREE char *path = xasprintf("%s.tar", prefix);
	if (!linuxkit_output_open(path, &output, err))
		return false;
	AUTO_PTR(tar_writer)
	struct tar_writer *writer = tar_writer_new(build->store, output.fd);
	return write_tree(build, writer, err) && linuxkit_output_commit(&output, err);
}

/* The tree goes to a file first: an initrd wants it in another order. */
static bool build_initrd(const struct linuxkit_build *build, const char *prefix, struct error *err)
{
	AUTO(store_draft_drop) struct store_draft draft = STORE_DRAFT_INIT;
	if (!store_draft_open(build->store, &draft, err))
		return false;
	AUTO_PTR(tar_writer)
	struct tar_writer *writer = tar_writer_new(build->store, draft.fd);
	return write_tree(build, writer, err) &&
	       linuxkit_initrd_write(writer, draft.fd, prefix, err);
}

static bool write_disk(const struct linuxkit_build *build, const char *parts, const char *prefix,
		       struct error *err)
{
	AUTO(linuxkit_output_clear) struct linuxkit_output output = LINUXKIT_OUTPUT_INIT;
	AUTO_FREE char *kernel = xasprintf("%s-kernel", parts);
	AUTO_FREE char *initrd = xasprintf("%s-initrd.img", parts);
	AUTO_FREE char *path = xasprintf("%s.img", prefix);
	const char *cmdline = build->document->kernel.cmdline;
	const struct linuxkit_disk disk = {.kernel_path = kernel,
					   .initrd_path = initrd,
					   .cmdline = cmdline ? cmdline : "",
					   .base = build->images->base,
					   .progress = build->progress};
	return linuxkit_output_open(path, &output, err) &&
	       linuxkit_disk_write(&disk, output.fd, err) && linuxkit_output_commit(&output, err);
}

/* Kernel and initrd lie in the store's tmp/ meanwhile; what a kill leaves there goes at open. */
static bool build_raw(const struct linuxkit_build *build, const char *prefix, struct error *err)
{
	static const char *const suffixes[] = {"-kernel", "-initrd.img", "-cmdline"};
	AUTO(store_draft_drop) struct store_draft draft = STORE_DRAFT_INIT;
	if (!store_draft_open(build->store, &draft, err))
		return false;
	bool is_done =
		build_initrd(build, draft.path, err) && write_disk(build, draft.path, prefix, err);
	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		AUTO_FREE char *path = xasprintf("%s%s", draft.path, suffixes[i]);
		(void)unlink(path);
	}
	return is_done;
}

static bool build_as(const struct linuxkit_build *build, enum linuxkit_format format,
		     const char *prefix, struct error *err)
{
	switch (format) {
	case LINUXKIT_TAR:
		return build_tar(build, prefix, err);
	case LINUXKIT_RAW:
		return build_raw(build, prefix, err);
	case LINUXKIT_KERNEL_INITRD:
		break;
	}
	return build_initrd(build, prefix, err);
}

bool linuxkit_build(const struct linuxkit_build *build, enum linuxkit_format format,
		    const char *prefix, struct error *err)
{
	progress_start(build->progress, "linuxkit", prefix, PROGRESS_COUNT, 0);
	bool is_done = build_as(build, format, prefix, err);
	if (is_done)
		progress_done(build->progress, "linuxkit", prefix, NULL);
	else
		progress_failed(build->progress, "linuxkit", prefix, NULL);
	return is_done;
}
