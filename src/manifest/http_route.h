/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_HTTP_ROUTE_H
#define I2KIT_MANIFEST_HTTP_ROUTE_H

/* Inside manifest/: gateway.networking.k8s.io's HTTPRoute. */

#include "manifest/loader.h"

extern const struct field_set http_route_object_fields;
void read_http_route(struct loader *loader, const struct yaml_node *root);

#endif
