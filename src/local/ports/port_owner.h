/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_PORTS_PORT_OWNER_H
#define I2KIT_LOCAL_PORTS_PORT_OWNER_H

#include <stdbool.h>

#include "local/ports/socket_address.h"

/*
 * Who holds a port of this machine at that address, from /proc/net and /proc/PID/fd: "i2kit's
 * project 'shop'", "nginx (process 123)", or "a process of user www-data" where /proc does not
 * tell more, or "another process". Owned, harmless text.
 */
char *port_owner_describe(const struct socket_address *address, bool is_udp);

#endif
