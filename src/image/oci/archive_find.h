/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_OCI_ARCHIVE_FIND_H
#define I2KIT_IMAGE_OCI_ARCHIVE_FIND_H

/* From a listing of an archive to an image in the store. */

#include "base/error.h"

struct archive_listing;
struct image_ref;
struct source_request;

/* By index.json, or by docker save's manifest.json. */
MUST_CHECK bool archive_find_oci(const struct source_request *request,
				 const struct archive_listing *listing, struct image_ref *ret,
				 struct error *err);
MUST_CHECK bool archive_find_docker(const struct source_request *request,
				    const struct archive_listing *listing, struct image_ref *ret,
				    struct error *err);

#endif
