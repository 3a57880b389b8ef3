/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_PORTS_PORT_OWNER_H
#define I2KIT_LOCAL_PORTS_PORT_OWNER_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Who holds a port of this machine, from /proc/net and /proc/PID/fd: "nginx (process 123)", or "a
 * process of user www-data" where /proc does not tell more, or "another process". Owned, harmless
 * text.
 */
char *port_owner_describe(uint16_t port, bool is_udp);

#endif
