/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_VM_NETWORK_H
#define I2KIT_LOCAL_VM_NETWORK_H

#include <libvirt/libvirt.h>

#include "base/error.h"
#include "base/strbuf.h"

/*
 * One NAT network for each project in system mode: 10.77.N.0/24 with N free on this host. The host
 * is .1 (gateway, DNS); instances have .10–.199; services have the addresses .224–.254, which are
 * this machine's too (service_route.h), so that the balancer can listen on them.
 */
#define NETWORK_FIRST_INSTANCE 10
#define NETWORK_LAST_INSTANCE  199
#define NETWORK_FIRST_SERVICE  224
#define NETWORK_SERVICE_COUNT  31
#define NETWORK_SERVICE_PREFIX 27

struct project_network {
	char *name;	 /* of the libvirt network */
	unsigned subnet; /* N */
};
void project_network_clear(struct project_network *network);

/* Finds the project's running network or makes one. Blocks. */
MUST_CHECK bool project_network_open(virConnectPtr connection, const char *project,
				     struct project_network *ret, struct error *err);
/* Stops it; absent is success. */
MUST_CHECK bool project_network_remove(virConnectPtr connection, const char *project,
				       struct error *err);
/* Pure. has_addresses: the services' ones too, where service_route.h cannot be used. */
void project_network_write_xml(const char *project, unsigned subnet, bool has_addresses,
			       struct strbuf *out);
char *project_network_name(const char *project); /* owned */

#endif
