/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_METADATA_ACCESS_H
#define I2KIT_MANIFEST_METADATA_ACCESS_H

/*
 * Which containers of a pod may reach the cloud's metadata service: `metadata: true` or names in
 * the short form, the annotation i2kit/metadata of a workload or pod.
 */

#include "base/string_list.h"
#include "manifest/loader.h"

struct pod_spec;
struct security_context;

field_fn read_metadata_access; /* struct pod_spec */

void read_metadata_annotation(struct loader *loader, const struct yaml_node *value,
			      struct pod_spec *pod);
/* Names become the containers' own; one that no container has is an error. */
void complete_metadata_access(struct loader *loader, struct pod_spec *pod);
/* The names of those that may; added to *ret. True: these are all. */
bool metadata_access_names(const struct pod_spec *pod, struct string_list *ret);
/* What would let a container reach that service though it may not: "NET_ADMIN", "privileged"; NULL:
 * nothing does. */
const char *metadata_access_by_force(const struct security_context *security);

#endif
