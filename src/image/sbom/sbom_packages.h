/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_SBOM_SBOM_PACKAGES_H
#define I2KIT_IMAGE_SBOM_SBOM_PACKAGES_H

#include "base/json_writer.h"
#include "image/sbom/sbom.h"

/*
 * The packages of a disk as a plain list: {"disk":"sha256:…","packages":[{"type","name","version",
 * "licence"?,"image","purl"}],"problems":["IMAGE: …"]}. Those of the base have the image "i2kit-base".
 */
void sbom_packages_write(struct json_writer *json, const struct sbom *sbom);

#endif
