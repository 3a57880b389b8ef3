/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_LINUXKIT_LINUXKIT_DISK_H
#define I2KIT_IMAGE_LINUXKIT_LINUXKIT_DISK_H

/*
 * A raw disk that boots a LinuxKit document with BIOS and with UEFI: hybrid GPT, one FAT partition
 * with kernel, initrd and the base's boot loaders. Upstream needs two formats for that, and neither
 * gives the same bytes twice; ours does.
 */

#include "base/error.h"
#include "base/progress.h"

struct linuxkit_disk {
	const char *kernel_path;
	const char *initrd_path;
	const char *cmdline;
	const char *base; /* folder with the boot loaders, or NULL: the default base */
	const struct progress *progress;
};

/* fd is an empty file. */
MUST_CHECK bool linuxkit_disk_write(const struct linuxkit_disk *disk, int fd, struct error *err);

#endif
