/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_ANNOTATION_H
#define I2KIT_MANIFEST_ANNOTATION_H

/* i2kit's own annotations: what the short form says beyond Kubernetes' fields. */

struct loader;
struct pod_spec;
struct service;
struct yaml_node;

#define ANNOTATION_PORTS	 "i2kit/ports"
#define ANNOTATION_PUBLISHED	 "i2kit/published"
#define ANNOTATION_INSTANCE_TYPE "i2kit/instance-type"
#define ANNOTATION_EGRESS	 "i2kit/egress"
#define ANNOTATION_NETWORKS	 "i2kit/networks"
#define ANNOTATION_DEPENDS_ON	 "i2kit/depends-on"
#define ANNOTATION_METADATA	 "i2kit/metadata"

void read_service_annotations(struct loader *loader, const struct yaml_node *root,
			      struct service *service);
void read_workload_annotations(struct loader *loader, const struct yaml_node *root,
			       struct pod_spec *pod);

#endif
