/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_STACK_STACK_ROLE_H
#define I2KIT_CLOUD_AWS_STACK_STACK_ROLE_H

/* The least-privileged role of a pod's instances. */

struct cloud_claim_list;
struct pod_spec;
struct stack_release;
struct template_writer;

void stack_add_role(struct template_writer *writer, const struct pod_spec *pod,
		    const struct stack_release *release, const struct cloud_claim_list *claims);

#endif
