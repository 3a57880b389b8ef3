/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_SBOM_IMAGE_PURL_H
#define I2KIT_IMAGE_SBOM_IMAGE_PURL_H

#include "image/sbom/sbom.h"

/* "pkg:oci/nginx@sha256%3A…?repository_url=docker.io%2Flibrary%2Fnginx&tag=1.25", owned; NULL: it comes
 * from no registry, or has no digest. */
char *image_purl_of(const struct sbom_image *image);

#endif
