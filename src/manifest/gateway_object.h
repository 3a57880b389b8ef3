/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_GATEWAY_OBJECT_H
#define I2KIT_MANIFEST_GATEWAY_OBJECT_H

/* Inside manifest/: gateway.networking.k8s.io's Gateway. */

#include "manifest/loader.h"

extern const struct field_set gateway_object_fields;
void read_gateway(struct loader *loader, const struct yaml_node *root);

#endif
