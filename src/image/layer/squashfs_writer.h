/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_LAYER_SQUASHFS_WRITER_H
#define I2KIT_IMAGE_LAYER_SQUASHFS_WRITER_H

/*
 * A squashfs file, zstd, compressed on all cores; the only place that knows libsquashfs. The same
 * tree and contents give the same bytes, whatever the number of cores.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "image/layer/layer_tree.h"

/* Part of the key of a converted layer: raise it whenever the bytes change for the same input. */
#define SQUASHFS_WRITER_VERSION "3"

/* What decides the bytes beside our own code: "libsquashfs 1.2.0, zstd 1.5.4". */
const char *squashfs_writer_libraries(void);

/*
 * A mounted squashfs takes some nine blocks of the guest's memory for itself: above 1 MiB with
 * large ones, a third of it with small ones. Images of a hundred layers are a hundred mounts,
 * nearly all of them small.
 */
#define SQUASHFS_BLOCK_LARGE 131072u
#define SQUASHFS_BLOCK_SMALL 16384u

struct squashfs_writer;

/* Writes over the file at path; workers 0: one for each core. NULL on failure. */
MUST_CHECK struct squashfs_writer *squashfs_writer_new(const char *path, uint32_t block_size,
						       unsigned workers, struct error *err);
/* Before the tree whose contents it was given. */
void squashfs_writer_free(struct squashfs_writer *writer);
DEFINE_AUTO_PTR(squashfs_writer, squashfs_writer_free)

/* One file at a time; its bytes in order. node->content is filled in, at the latest by finish. */
MUST_CHECK bool squashfs_file_begin(struct squashfs_writer *writer, struct layer_node *node,
				    struct error *err);
MUST_CHECK bool squashfs_file_append(struct squashfs_writer *writer, const void *bytes, size_t size,
				     struct error *err);
MUST_CHECK bool squashfs_file_end(struct squashfs_writer *writer, struct error *err);

/* Writes inodes, folders and tables of the finished tree; pads the file to 4096 bytes. */
MUST_CHECK bool squashfs_writer_finish(struct squashfs_writer *writer, struct layer_tree *tree,
				       struct error *err);

#endif
