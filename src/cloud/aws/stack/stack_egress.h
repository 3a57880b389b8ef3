/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_STACK_STACK_EGRESS_H
#define I2KIT_CLOUD_AWS_STACK_STACK_EGRESS_H

/* What a pod may reach: the rules of its security group. */

struct pod_spec;
struct template_writer;

/* SecurityGroupEgress of its group, and the rules beside. */
void stack_write_egress(struct template_writer *writer, const struct pod_spec *pod);
void stack_add_reach(struct template_writer *writer, const struct pod_spec *pod);

#endif
