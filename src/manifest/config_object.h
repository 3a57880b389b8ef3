/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_CONFIG_OBJECT_H
#define I2KIT_MANIFEST_CONFIG_OBJECT_H

/* ConfigMap and Secret objects. */

struct field_set;
struct loader;
struct yaml_node;

extern const struct field_set config_map_object_fields;
extern const struct field_set secret_object_fields;
void read_config_map_object(struct loader *loader, const struct yaml_node *root);
void read_secret_object(struct loader *loader, const struct yaml_node *root);

#endif
