/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_SBOM_PROVENANCE_H
#define I2KIT_IMAGE_SBOM_PROVENANCE_H

/*
 * Where a disk comes from: an in-toto statement (https://github.com/in-toto/attestation/blob/main/spec/v1)
 * whose predicate is SLSA's provenance (https://slsa.dev/spec/v1.0/provenance). Its inputs are the base, the
 * images' manifests and their layers, by digest: `i2kit verify` builds the same disk of them again.
 */

#include "base/json_writer.h"
#include "image/sbom/sbom.h"

#define PROVENANCE_BUILD_TYPE "https://i2kit.invalid/build/pod-disk/v1"

void provenance_write(struct json_writer *json, const struct sbom *sbom);

#endif
