/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_POD_DISK_LAYOUT_H
#define I2KIT_IMAGE_POD_DISK_LAYOUT_H

/*
 * What stands where on a pod's disk (doc/formats.md §1): a plan made from the base, pod.json and
 * the layers' files, without writing anything.
 */

#include "base/error.h"
#include "image/disk/base_folder.h"
#include "image/disk/disk_writer.h"
#include "image/disk/fat.h"
#include "image/disk/gpt.h"
#include "image/disk/toc.h"
#include "image/layer/layer.h"

struct disk_request {
	const struct base_folder *base;
	const char *pod_json;
	const char *linuxkit; /* the LinuxKit document, or NULL */
	const struct disk_layer *layers;
	size_t layer_count;
};

#define BOOT_FILES_MAX 16u

struct disk_layout {
	struct fat_file files[BOOT_FILES_MAX];	      /* of the boot partition, in order */
	char *bytes[BOOT_FILES_MAX];		      /* owned: their contents; or NULL: */
	char *paths[BOOT_FILES_MAX];		      /* owned: they are in these files … */
	const struct digest *digests[BOOT_FILES_MAX]; /* … which have these; borrowed */
	size_t file_count;
	struct fat_layout boot;
	struct gpt_table table;
	struct toc toc;
	char *base_path; /* owned */
	uint8_t head[GPT_HEAD_SIZE];
	uint8_t tail[GPT_TAIL_SIZE];
	struct disk_piece *pieces; /* owned; bytes borrowed from above */
	size_t piece_count;
};
/* Large: make it on the heap. */
struct disk_layout *disk_layout_new(void);
void disk_layout_free(struct disk_layout *layout);
DEFINE_AUTO_PTR(disk_layout, disk_layout_free)

/*
 * What makes the bytes beside the inputs, as i2kit.json on the disk has it: "i2kit 0.1.0, libsquashfs 1.2.0,
 * zstd 1.5.4". Owned.
 */
char *disk_layout_builder(void);

/* request and what it points to must live as long as the layout. */
MUST_CHECK bool disk_layout_make(struct disk_layout *layout, const struct disk_request *request,
				 struct error *err);

#endif
