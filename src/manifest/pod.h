/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_POD_H
#define I2KIT_MANIFEST_POD_H

/* The spec of a pod, wherever it stands. */

#include "manifest/loader.h"

extern const struct field_set pod_fields;
void pod_spec_init(struct loader *loader, struct pod_spec *pod, const struct yaml_node *node);
field_fn read_active_deadline; /* uint64_t */
/* Ports named in probes and hooks, and security contexts, once all is read. */
void pod_complete(struct loader *loader, struct pod_spec *pod);

#endif
