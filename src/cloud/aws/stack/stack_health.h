/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_STACK_STACK_HEALTH_H
#define I2KIT_CLOUD_AWS_STACK_STACK_HEALTH_H

/* How a load balancer finds out whether an instance is well. */

#include <stdint.h>

#include "base/error.h"

struct json_writer;
struct pod_spec;
struct service;
struct service_port;

/* Which port is asked for health; 0: there is none to ask. */
uint16_t stack_health_port(const struct pod_spec *pod, const struct service *service,
			   const struct service_port *port);
MUST_CHECK bool stack_write_health(struct json_writer *json, const struct pod_spec *pod,
				   const struct service *service, const struct service_port *port,
				   const char *target_protocol, struct error *err);

#endif
