/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_WORKLOAD_H
#define I2KIT_MANIFEST_WORKLOAD_H

/* Objects that run pods: Pod, Deployment, StatefulSet, Job and their kin. */

#include <stdbool.h>

struct field_set;
struct loader;
struct pod_spec;
struct yaml_node;

extern const struct field_set workload_object_fields;
extern const struct field_set cron_object_fields;
extern const struct field_set pod_object_fields;
void read_workload(struct loader *loader, const struct yaml_node *root);

/* One that is being read: the target of the fields around a pod's template. */
struct workload {
	struct pod_spec *pod;
	const struct yaml_node *root; /* the whole object */
	const struct yaml_node *selector;
	bool has_template;
};

#endif
