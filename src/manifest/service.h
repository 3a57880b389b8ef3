/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_SERVICE_H
#define I2KIT_MANIFEST_SERVICE_H

/* Service objects, and the services that pods imply. */

struct field_set;
struct loader;
struct yaml_node;

extern const struct field_set service_object_fields;
void read_service(struct loader *loader, const struct yaml_node *root);
void services_complete(struct loader *loader); /* selectors, target ports, implied services */

#endif
