/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_LINUXKIT_LINUXKIT_INITRD_H
#define I2KIT_IMAGE_LINUXKIT_LINUXKIT_INITRD_H

#include "base/error.h"
#include "image/linuxkit/tar_writer.h"

/* A file that appears under its name when it is whole. */
struct linuxkit_output {
	char *path;	 /* owned */
	char *temporary; /* owned, or NULL once committed */
	int fd;
};
#define LINUXKIT_OUTPUT_INIT ((struct linuxkit_output){.fd = -1})
MUST_CHECK bool linuxkit_output_open(const char *path, struct linuxkit_output *ret,
				     struct error *err);
MUST_CHECK bool linuxkit_output_commit(struct linuxkit_output *output, struct error *err);
void linuxkit_output_clear(struct linuxkit_output *output);

/*
 * PREFIX-kernel, PREFIX-cmdline and PREFIX-initrd.img (cpio, gzip; microcode in front of it) from a
 * finished tar: fd is its file. boot/ is in the first two only. Hard links become relative
 * symlinks, as upstream makes them.
 */
MUST_CHECK bool linuxkit_initrd_write(struct tar_writer *tar, int fd, const char *prefix,
				      struct error *err);

#endif
