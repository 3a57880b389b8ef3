/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_DISK_BASE_FOLDER_H
#define I2KIT_IMAGE_DISK_BASE_FOLDER_H

/* The base: kernel, initrd, base partition, boot loaders (doc/formats.md §6). */
#define BASE_TREE                                                                                  \
	"tree.tar.zst" /* what is on the partition, for base_document.h; may be absent             \
			*/

#include <stdint.h>

#include "base/error.h"
#include "base/sha256.h"

struct base_file {
	char *name;
	struct digest digest;
	uint64_t size_bytes;
};

struct base_folder {
	char *path;    /* owned; absolute or as given */
	char *name;    /* "debian-12" */
	char *cmdline; /* of the kernel */
	char *kernel;  /* file names */
	char *initrd;
	char *partition;
	char *partition_path; /* where it lies instead of in the folder, or NULL */
	struct base_file *files;
	size_t file_count;
	unsigned guest_level; /* wire/guest_level.h; 0: it does not say */
	struct digest digest; /* of base.json: names every byte of the base */
};
void base_folder_clear(struct base_folder *base);

/*
 * folder_or_null: what --base says; else $I2KIT_BASE, out/base of the source tree (with the build
 * option source_base), $prefix/share/i2kit/base. A missing base's error says how to make one.
 */
MUST_CHECK bool base_folder_load(const char *folder_or_null, struct base_folder *ret,
				 struct error *err);
/* Where it looks; owned; NULL: nowhere. */
char *base_folder_path(const char *folder_or_null);
const struct base_file *base_folder_find(const struct base_folder *base, const char *name);

/*
 * Whether it was made for an older or a newer program than this: what of it will not work, owned;
 * NULL: it fits.
 */
char *base_folder_complaint(const struct base_folder *base);

/* Reads a file whole and checks that it is what base.json says. */
MUST_CHECK bool base_folder_read(const struct base_folder *base, const char *name, char **ret,
				 size_t *ret_size, struct error *err);

#endif
