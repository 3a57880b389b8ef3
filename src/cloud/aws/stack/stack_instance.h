/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_STACK_STACK_INSTANCE_H
#define I2KIT_CLOUD_AWS_STACK_STACK_INSTANCE_H

/* Instance types that i2kit chooses from by itself, with what they have and cost. */

#include <stdint.h>

#include "cloud/aws/stack/stack_plan.h"

/* Of where and when the prices are: https://aws.amazon.com/ec2/pricing/on-demand/ */
#define STACK_PRICES_OF "us-east-1, 2025-01"

struct stack_instance {
	const char *name;
	uint32_t cpus;
	uint32_t memory_mib;
	double dollars_an_hour;
};

/* NULL: not one of those. */
const struct stack_instance *stack_instance_find(const char *name);
/* The cheapest that has what the pod's limits (or requests) ask for; t3.micro for a pod without
 * any; NULL: none is large enough. */
const char *stack_instance_type(const struct pod_spec *pod);
/* The pod's own, the environment's, or the one above. Never NULL. */
const char *stack_type_of(const struct stack_target *target, const struct pod_spec *pod);

#endif
