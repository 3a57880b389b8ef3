/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_OCI_REGISTRY_BLOBS_H
#define I2KIT_IMAGE_OCI_REGISTRY_BLOBS_H

/* Layers from a registry. */

#include <stddef.h>

#include "base/error.h"

struct oci_descriptor;
struct registry;
struct source_request;

/* All blobs, several at once, resumed where a cut left them; a source_bring_fn but for its arg. */
MUST_CHECK bool registry_bring_blobs(struct registry *registry,
				     const struct source_request *request,
				     const struct oci_descriptor *const *blobs, size_t count,
				     struct error *err);

#endif
