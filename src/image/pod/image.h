/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_POD_IMAGE_H
#define I2KIT_IMAGE_POD_IMAGE_H

/*
 * The face of image/: from a pod spec to one immutable disk. What local/, cloud/ and cli/ call.
 * The store (image/store/store.h) is opened by the verb.
 */

#include <stdint.h>

#include "base/error.h"
#include "base/progress.h"
#include "base/sha256.h"
#include "image/oci/image_options.h"
#include "manifest/app.h"

struct store;

/* A finished disk in the store: raw, sparse, read-only, named after its digest. */
struct disk_image {
	char digest[DIGEST_SIZE]; /* of the whole raw file, as sha256sum prints it */
	char *path;
	uint64_t size_bytes;
	uint64_t allocated_bytes;
	char *toc_json; /* i2kit.json, doc/formats.md §3 */
	bool was_built; /* false: it was already there */
};
void disk_image_clear(struct disk_image *image);

/*
 * Resolves and pulls the pod's images, converts what layers are missing, writes the disk. Nothing
 * half-written is left. Under 50 ms when nothing changed.
 */
MUST_CHECK bool image_build(struct store *store, const struct pod_spec *pod,
			    const struct image_options *options, const struct progress *progress,
			    struct disk_image *ret, struct error *err);

/* Finds a disk by digest (or unique prefix of at least 6 digits) in the store. */
MUST_CHECK bool image_find(struct store *store, const char *digest, struct disk_image *ret,
			   struct error *err);

/*
 * What direct boot needs, taken out of the disk itself and kept in the cache by digest: the kernel
 * as an uncompressed ELF with a PVH note (or the bzImage, if it cannot be unpacked), the initrd,
 * the command line.
 */
struct boot_files {
	char *kernel_path;
	char *initrd_path;
	char *cmdline;
};
void boot_files_clear(struct boot_files *files);
MUST_CHECK bool image_boot_files(struct store *store, const struct disk_image *image,
				 struct boot_files *ret, struct error *err);

#endif
