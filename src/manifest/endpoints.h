/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_ENDPOINTS_H
#define I2KIT_MANIFEST_ENDPOINTS_H

/* Endpoints and EndpointSlices: addresses of Services without selector. */

struct field_set;
struct loader;
struct service;
struct yaml_node;

extern const struct field_set endpoints_object_fields;
extern const struct field_set endpoint_slice_fields;
void read_endpoints(struct loader *loader, const struct yaml_node *root);
void read_endpoint_slice(struct loader *loader, const struct yaml_node *root);
/* What a Service without selector leads to. */
void service_take_endpoints(struct loader *loader, struct service *service);
/* Warns of endpoints that no Service takes. */
void endpoints_complete(struct loader *loader);

#endif
