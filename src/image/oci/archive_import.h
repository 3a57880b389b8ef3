/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_OCI_ARCHIVE_IMPORT_H
#define I2KIT_IMAGE_OCI_ARCHIVE_IMPORT_H

/*
 * One pass over the tar of a saved image (docker save, podman save, skopeo, buildx, an OCI layout
 * in a tar), however it comes. Layers go straight into the store as blobs under their digests;
 * small JSON files are kept in memory; nothing is unpacked to disk. The order of entries does not
 * matter.
 */

#include "image/oci/source.h"
#include "image/unpack/uncompress.h"

struct archive_entry_found {
	char *name;	      /* owned; without "./" */
	char *link;	      /* owned, or NULL: name of the entry it stands for */
	char *text;	      /* owned, or NULL: a JSON file whole */
	struct digest digest; /* of the bytes; none for a link */
	uint64_t size_bytes;
};

struct archive_listing {
	struct archive_entry_found *items;
	size_t count;
};
void archive_listing_clear(struct archive_listing *listing);

/* The entry of that name, links followed; NULL when there is none. */
const struct archive_entry_found *archive_listing_find(const struct archive_listing *listing,
						       const char *name);

/* Bytes of the tar, packed as a whole or not, come from read_more. */
MUST_CHECK bool archive_import(const struct source_request *request, gunzip_read_fn *read_more,
			       void *arg, struct archive_listing *ret, struct error *err);

#endif
