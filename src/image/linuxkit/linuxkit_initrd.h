/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_LINUXKIT_LINUXKIT_INITRD_H
#define I2KIT_IMAGE_LINUXKIT_LINUXKIT_INITRD_H

#include "base/error.h"
#include "image/linuxkit/tar_writer.h"

/*
 * PREFIX-kernel, PREFIX-cmdline and PREFIX-initrd.img (cpio, gzip; microcode in front of it) from a
 * finished tar: fd is its file. boot/ is in the first two only. Hard links become relative
 * symlinks, as upstream makes them.
 */
MUST_CHECK bool linuxkit_initrd_write(struct tar_writer *tar, int fd, const char *prefix,
				      struct error *err);

#endif
