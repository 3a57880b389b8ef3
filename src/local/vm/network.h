/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_VM_NETWORK_H
#define I2KIT_LOCAL_VM_NETWORK_H

#include <libvirt/libvirt.h>

#include "base/error.h"
#include "base/strbuf.h"

/*
 * One NAT network for each project in system mode: 10.77.N.0/24 with N free on this host. The host
 * is .1 (gateway, DNS); .2 and the Services' addresses, .200–.254, are in a namespace of their own
 * (service_network.h); instances have .10–.199.
 */
#define NETWORK_SERVICE_HOST   2
#define NETWORK_FIRST_INSTANCE 10
#define NETWORK_LAST_INSTANCE  199
#define NETWORK_FIRST_SERVICE  200
#define NETWORK_LAST_SERVICE   254

struct project_network {
	char *name;	 /* of the libvirt network */
	char *bridge;	 /* its interface */
	unsigned subnet; /* N */
	bool is_new;	 /* was not there and has been made */
};
void project_network_clear(struct project_network *network);

/* Finds the project's running network or makes one. Blocks. */
MUST_CHECK bool project_network_open(virConnectPtr connection, const char *project,
				     struct project_network *ret, struct error *err);
/* Stops it; absent is success. */
MUST_CHECK bool project_network_remove(virConnectPtr connection, const char *project,
				       struct error *err);
/* The interface joins the bridge, if it is there. */
void project_network_plug(const char *bridge, const char *interface);
/* Whether libvirt knows a network filter of that name. */
bool project_network_has_filter(virConnectPtr connection, const char *name);
/* The filter of libvirt-daemon-config-nwfilter that pins a guest to its MAC and IP. */
#define CLEAN_TRAFFIC "clean-traffic"
void project_network_write_xml(const char *project, unsigned subnet, struct strbuf *out); /* pure */
char *project_network_name(const char *project);   /* owned */
char *project_network_bridge(const char *project); /* owned */

#endif
