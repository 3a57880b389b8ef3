/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_MACHINE_NETWORK_H
#define I2KIT_GUEST_MACHINE_NETWORK_H

/* The VM's one interface, and the files that name things:
 * /run/i2kit/etc/{hosts,resolv.conf,hostname}. */

#include "wire/release_document.h"

#define NETWORK_FILES "/run/i2kit/etc"

MUST_CHECK bool network_start_loopback(struct error *err);
/* The first Ethernet interface (or the one with this MAC), owned; NULL: there is none. */
char *network_find_interface(const char *mac_or_null);
/* Static: address, netmask, route. */
MUST_CHECK bool network_configure(const struct network_config *config, struct error *err);
MUST_CHECK bool network_set_address(const char *interface, const char *address, unsigned mtu,
				    struct error *err);
struct dhcp_route;
MUST_CHECK bool network_add_route(const char *interface, const struct dhcp_route *route,
				  struct error *err);
MUST_CHECK bool network_add_gateway(const char *interface, const char *gateway, struct error *err);
/* "10.77.1.5" of "10.77.1.5/24"; owned. NULL: no address. */
char *network_plain_address(const struct network_config *config);

/* Writes the files in place: containers have the files bound and must see the change. */
MUST_CHECK bool network_write_files(const struct release *release, const char *hostname,
				    const char *name_server_or_null, struct error *err);

#endif
