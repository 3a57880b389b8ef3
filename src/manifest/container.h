/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_CONTAINER_H
#define I2KIT_MANIFEST_CONTAINER_H

/* A container of a pod, and its environment. */

#include "manifest/loader.h"

extern const struct field_set container_fields;
void read_containers(struct loader *loader, const struct yaml_node *node,
		     struct container_spec **array, size_t *count, bool is_init);
extern const struct field_set env_fields;
field_fn read_env;	     /* struct container_spec: Kubernetes list */
field_fn read_field_version; /* of a fieldRef: v1 */
void check_divisor(struct loader *loader, const struct yaml_node *node, const char *resource,
		   const char *divisor_or_null);

#endif
