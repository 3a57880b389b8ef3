/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_VM_SERVICE_ROUTE_H
#define I2KIT_LOCAL_VM_SERVICE_ROUTE_H

#include <stdbool.h>

#include "base/error.h"

/*
 * The addresses of a project's services belong to this machine by one route of type local. To list
 * them in libvirt's network costs eight calls of iptables for each, seconds in all. Needs
 * CAP_NET_ADMIN: with system mode as another user than root, libvirt's way is taken.
 */
bool service_route_is_possible(void);
MUST_CHECK bool service_route_add(unsigned subnet, struct error *err);
void service_route_remove(unsigned subnet);

#endif
