/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_DISK_DISK_IMAGE_H
#define I2KIT_IMAGE_DISK_DISK_IMAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/sha256.h"
#include "image/store/store.h"

/* A finished disk in the store: raw, sparse, read-only, named after its digest. */
struct disk_image {
	struct digest digest; /* of the whole raw file, as sha256sum prints it */
	char *path;
	uint64_t size_bytes;
	uint64_t allocated_bytes;
	char *toc_json; /* i2kit.json, doc/formats.md §3 */
	bool was_built; /* false: it was already there */
};
void disk_image_clear(struct disk_image *image);

/* Finds a disk by digest (or unique prefix of at least 6 digits) in the store. */
MUST_CHECK bool image_find(struct store *store, const char *digest, struct disk_image *ret,
			   struct error *err);

#endif
