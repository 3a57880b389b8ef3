/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_SUPERVISOR_INSTANCE_VM_H
#define I2KIT_LOCAL_SUPERVISOR_INSTANCE_VM_H

/* From an instance to the plan of its VM. */

#include "local/vm/vm_plan.h"

struct instance;
struct pod_plan;

/* What slirp_policy.h lets pass, in session mode; owned. */
char *instance_egress_text(const struct pod_plan *pod);

/* The plan of its VM; the caller's to clear. */
void instance_vm_plan(const struct instance *instance, const struct pod_plan *pod,
		      struct vm_plan *ret);
enum vm_firmware instance_firmware(const char *name_or_null);

#endif
