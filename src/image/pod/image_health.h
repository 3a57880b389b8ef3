/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_IMAGE_HEALTH_H
#define I2KIT_IMAGE_IMAGE_HEALTH_H

/*
 * HEALTHCHECK of a Dockerfile, as it stands in an image's config
 * (https://github.com/moby/docker-image-spec/blob/main/specs-go/v1/image.go): what it asks is when a
 * container is ready. Times are nanoseconds there.
 */

#include "base/json.h"
#include "wire/pod_document.h"

/* Into a probe that asks nothing; times that it has go before the image's. NONE, or none: as it is. */
void image_health_fill(struct probe_spec *probe, struct json_view health);

#endif
