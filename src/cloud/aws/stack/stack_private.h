/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_STACK_STACK_PRIVATE_H
#define I2KIT_CLOUD_AWS_STACK_STACK_PRIVATE_H

/* How instances in private subnets reach out, and their private names. */

#include <stddef.h>

#include "base/error.h"

struct app;
struct stack_target;
struct template_writer;

/* How many interface endpoints NETWORK_ENDPOINTS makes, in each zone */
size_t stack_endpoint_count(const struct app *app);

MUST_CHECK bool stack_check_private(const struct stack_target *target, struct error *err);
void stack_add_private(struct template_writer *writer);
/* DependsOn of what reaches out when it starts, in the network that is made. */
void stack_write_way_out(struct template_writer *writer);
/* The first subnets of instances, in the network that is made. */
void stack_write_own_subnets(struct template_writer *writer, const char *key, size_t count);

#endif
