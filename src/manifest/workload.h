/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_WORKLOAD_H
#define I2KIT_MANIFEST_WORKLOAD_H

/* Objects that run pods: Pod, Deployment, StatefulSet, Job and their kin. */

struct field_set;
struct loader;
struct yaml_node;

extern const struct field_set workload_object_fields;
extern const struct field_set pod_object_fields;
void read_workload(struct loader *loader, const struct yaml_node *root);

#endif
