/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_LINUXKIT_LINUXKIT_RESOURCES_H
#define I2KIT_IMAGE_LINUXKIT_LINUXKIT_RESOURCES_H

/* The parts of config.json's "linux" that are tables of numbers. A view may be absent. */

#include "base/error.h"
#include "base/json.h"
#include "image/linuxkit/go_json.h"

/* "resources", with a rule for each device added to its device rules. */
void linuxkit_resources_write(struct json_view resources, struct json_view devices,
			      struct go_json *out);
/* "devices"; left out when there is none. */
MUST_CHECK bool linuxkit_devices_write(struct json_view devices, struct go_json *out,
				       struct error *err);
void linuxkit_mappings_write(const char *key, struct json_view mappings, struct go_json *out);

#endif
