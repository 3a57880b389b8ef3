/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_COMPOSE_PORTS_H
#define I2KIT_MANIFEST_COMPOSE_PORTS_H

/*
 * The short form of a port: [[ADDRESS:]PUBLISHED:]PORT[/PROTOCOL], each a number or a range
 * "8000-8010"; addresses of IPv6 stand in brackets or as they are.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct compose_port {
	char *host_ip;	 /* owned; NULL: none */
	char *published; /* owned; a number or a range; NULL: none */
	char *protocol;	 /* owned; in small letters */
	uint16_t target;
};
struct compose_ports {
	struct compose_port *items; /* owned; by port */
	size_t count;
};
void compose_ports_clear(struct compose_ports *ports);
MUST_CHECK bool compose_ports_parse(const char *text, struct compose_ports *ret, struct error *err);

#endif
