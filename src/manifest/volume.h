/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_VOLUME_H
#define I2KIT_MANIFEST_VOLUME_H

/* The volumes of a pod. */

#include <stddef.h>

struct field_set;
struct loader;
struct volume;
struct yaml_node;

extern const struct field_set volume_fields;
void read_volumes(struct loader *loader, const struct yaml_node *node, struct volume **array,
		  size_t *count);

#endif
