/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_SBOM_SBOM_SPDX_H
#define I2KIT_IMAGE_SBOM_SBOM_SPDX_H

/*
 * What is in a disk as SPDX 2.3 (https://spdx.github.io/spdx-spec/v2.3/). The same disk gives the
 * same bytes: the time in it is the epoch, the namespace comes from the digest. What a package says
 * of its licence stands in licenseComments, for it is seldom an SPDX expression.
 */

#include "base/json_writer.h"
#include "image/sbom/sbom.h"

void sbom_spdx_write(struct json_writer *json, const struct sbom *sbom);

#endif
