/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_DISK_TOC_H
#define I2KIT_IMAGE_DISK_TOC_H

/*
 * i2kit.json, a disk's table of contents (doc/formats.md §3): what each range of bytes is and where
 * it came from. It stands on the boot partition of the disk itself.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/sha256.h"
#include "image/disk/gpt.h"

#define TOC_NAME      "i2kit.json"
#define TOC_MAX_BYTES ((size_t)16 << 20)

struct toc_file {
	char name[32]; /* "kernel", "initrd" */
	uint64_t offset;
	uint64_t size;
	struct digest digest;
};

struct toc_partition {
	unsigned number;
	char name[37];
	char uuid[UUID_SIZE]; /* "" for the boot partition */
	uint64_t offset;
	uint64_t size;
	struct digest digest; /* none for the boot partition */
	char *source;	      /* owned */
};

struct toc {
	char *pod_json; /* owned; pod.json as in the initrd */
	char *cmdline;	/* owned */
	struct toc_file *files;
	size_t file_count;
	struct toc_partition *partitions;
	size_t partition_count;
	char *linuxkit; /* owned, or NULL */
	char *builder;	/* owned */
};
void toc_clear(struct toc *toc);

/* Owned text, one line. */
char *toc_make(const struct toc *toc);
/* Hostile input: every field is checked, ranges lie within disk_size. */
MUST_CHECK bool toc_parse(const char *text, size_t size, uint64_t disk_size, struct toc *ret,
			  struct error *err);

const struct toc_file *toc_find_file(const struct toc *toc, const char *name); /* or NULL */

/* The text, read out of a disk. Owned. */
MUST_CHECK bool toc_read_disk(int fd, char **ret, size_t *ret_size, struct error *err);

#endif
