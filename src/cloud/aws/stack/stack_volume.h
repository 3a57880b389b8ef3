/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_STACK_STACK_VOLUME_H
#define I2KIT_CLOUD_AWS_STACK_STACK_VOLUME_H

/* The EBS volumes of a pod's claims. */

#include "base/error.h"

struct cloud_claim_list;
struct pod_spec;
struct stack_target;
struct stack_volume;
struct template_writer;

const struct stack_volume *stack_find_volume(const struct stack_target *target, const char *claim);
/* The logical id of a claim's volume; owned. */
char *stack_volume_id(const struct stack_target *target, const char *claim);
MUST_CHECK bool stack_add_volumes(struct template_writer *writer, const struct pod_spec *pod,
				  const struct cloud_claim_list *claims, struct error *err);

#endif
