/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_STACK_STACK_LAUNCH_H
#define I2KIT_CLOUD_AWS_STACK_STACK_LAUNCH_H

/* The launch template of a pod's instances. */

struct pod_spec;
struct stack_release;
struct template_writer;

void stack_add_launch(struct template_writer *writer, const struct pod_spec *pod,
		      const struct stack_release *release);

#endif
