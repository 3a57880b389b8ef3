/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_COMPOSE_RESOURCES_H
#define I2KIT_MANIFEST_COMPOSE_RESOURCES_H

/* What stands beside services at the top of a Compose file. */

#include "manifest/loader.h"

field_fn compose_read_top_networks;
field_fn compose_read_top_volumes;
field_fn compose_read_top_configs;
field_fn compose_read_top_secrets;
extern const struct field_set compose_network_fields;
extern const struct field_set compose_volume_fields;
extern const struct field_set compose_content_fields;

#endif
