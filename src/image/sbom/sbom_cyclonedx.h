/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_SBOM_SBOM_CYCLONEDX_H
#define I2KIT_IMAGE_SBOM_SBOM_CYCLONEDX_H

/*
 * What is in a disk as CycloneDX 1.5 (https://cyclonedx.org/docs/1.5/json/). The same disk gives
 * the same bytes: there is no time in it, the serial number comes from the digest.
 */

#include "base/json_writer.h"
#include "image/sbom/sbom.h"

void sbom_cyclonedx_write(struct json_writer *json, const struct sbom *sbom);

#endif
