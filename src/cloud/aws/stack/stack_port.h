/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_STACK_STACK_PORT_H
#define I2KIT_CLOUD_AWS_STACK_STACK_PORT_H

/* A service's ports as listeners and target groups. */

#include <stdbool.h>

struct service;
struct service_port;

bool stack_port_is_pair(const struct service *service, const struct service_port *port);
bool stack_port_is_second(const struct service *service, const struct service_port *port);
bool stack_service_is_application(const struct service *service);
const char *stack_listener_protocol(const struct service *service, const struct service_port *port);
const char *stack_target_protocol(const struct service *service, const struct service_port *port);
/* "WebPort53Udp" and suffix; owned. */
char *stack_port_id(const struct service *service, const struct service_port *port,
		    const char *suffix);

#endif
