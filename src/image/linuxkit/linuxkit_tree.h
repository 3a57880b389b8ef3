/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_LINUXKIT_LINUXKIT_TREE_H
#define I2KIT_IMAGE_LINUXKIT_LINUXKIT_TREE_H

/* The root file system of a LinuxKit document, written as one tar. */

#include "image/linuxkit/linuxkit_build.h"
#include "image/linuxkit/tar_writer.h"
#include "image/oci/resolve.h"

/* 2017-04-18T16:30:00Z: the time of what is not from an image. */
#define LINUXKIT_TIME_S INT64_C(1492533000)

struct linuxkit_tree {
	const struct linuxkit_build *build;
	struct tar_writer *writer;
	struct string_list unpacked_images; /* names of images that are in the tree already … */
	struct string_list unpacked_paths;  /* … and where */
};
void linuxkit_tree_clear(struct linuxkit_tree *tree);

MUST_CHECK bool linuxkit_tree_write(struct linuxkit_tree *tree, struct error *err);

/* Where an entry came from, as PAX records LINUXKIT.source and LINUXKIT.location. */
struct linuxkit_origin {
	const char *source;   /* the image's name, or "linuxkit.files" … */
	const char *location; /* "init[0]" */
};

/* A folder, file or link that the builder itself makes; all else is 0. */
MUST_CHECK bool linuxkit_tree_add(struct linuxkit_tree *tree, const struct tar_entry *entry,
				  const void *bytes, const struct linuxkit_origin *origin,
				  struct error *err);
/* Each folder of a path, 0755. */
MUST_CHECK bool linuxkit_tree_add_folders(struct linuxkit_tree *tree, const char *path,
					  const struct linuxkit_origin *origin, struct error *err);

#endif
