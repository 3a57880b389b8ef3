/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_STACK_STACK_NETWORK_H
#define I2KIT_CLOUD_AWS_STACK_STACK_NETWORK_H

/* The network that a stack makes for itself. */

struct template_writer;

/* "PROJECT[-ENVIRONMENT].internal": as unique as the stack's name is. Owned. */
char *stack_private_domain(const char *stack);

void stack_add_network(struct template_writer *writer);

#endif
