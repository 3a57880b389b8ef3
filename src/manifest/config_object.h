/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_CONFIG_OBJECT_H
#define I2KIT_MANIFEST_CONFIG_OBJECT_H

/* ConfigMap and Secret objects. */

#include <stdbool.h>
#include <stddef.h>

struct config_map;
struct field_set;
struct loader;
struct yaml_node;

extern const struct field_set config_map_object_fields;
extern const struct field_set secret_object_fields;
void read_config_map_object(struct loader *loader, const struct yaml_node *root);
void read_secret_object(struct loader *loader, const struct yaml_node *root);

bool config_key_is_valid(const char *key); /* letters, digits, '-', '_', '.', 253 characters */
/* One key, in place of what it had. bytes: taken; a NUL stands behind them. */
void config_map_put(struct config_map *map, const char *key, char *bytes, size_t size);

#endif
