/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_POD_BOOT_FILES_H
#define I2KIT_IMAGE_POD_BOOT_FILES_H

#include "base/error.h"

struct disk_image;
struct store;

/*
 * What direct boot needs, taken out of the disk itself and kept in PATH_CACHE/boot: the kernel as
 * an uncompressed ELF with a PVH note (or the bzImage, if it cannot be unpacked), the initrd, the
 * command line. Names end with the digest of the content: HEX.initrd, HEX.bzimage, and of a kernel
 * that was unpacked HEX-OF-THE-BZIMAGE-HEX.vmlinux.
 */
struct boot_files {
	char *kernel_path;
	char *initrd_path;
	char *cmdline;
};
void boot_files_clear(struct boot_files *files);
/* What is in the cache is read to its end before it is used; what is damaged is made again. */
MUST_CHECK bool image_boot_files(struct store *store, const struct disk_image *image,
				 struct boot_files *ret, struct error *err);

/*
 * That the file still is what its name says: some 30 ms for a kernel. ERROR_CORRUPT when not. A
 * name that tells nothing of the content (HEX.vmlinux, of a release from before) passes.
 */
MUST_CHECK bool boot_file_check(const char *path, struct error *err);

#endif
