/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_STACK_STACK_SERVICE_H
#define I2KIT_CLOUD_AWS_STACK_STACK_SERVICE_H

/* A service's load balancer, names and rules. */

#include "base/error.h"

struct pod_spec;
struct service;
struct stack_target;
struct template_writer;

/* Its own kind says so, never what another service of the same pod is. */
bool stack_service_is_public(const struct service *service);
/* Where it has a hosted zone; owned. */
char *stack_public_name(const struct stack_target *target, const struct service *service);
MUST_CHECK bool stack_add_service(struct template_writer *writer, const struct service *service,
				  struct error *err);
/* Whether it gets a load balancer. */
bool stack_has_balancer(const struct service *service);
/* Writes {"Ref":…} of the target groups that lead to the pod as TargetGroupARNs; false: none. */
bool stack_write_target_groups(struct template_writer *writer, const struct pod_spec *pod);
/* Writes the rules by which load balancers reach the pod as SecurityGroupIngress. */
void stack_write_pod_rules(struct template_writer *writer, const struct pod_spec *pod);

#endif
