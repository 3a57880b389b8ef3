/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_VM_SERVICE_NETWORK_H
#define I2KIT_LOCAL_VM_SERVICE_NETWORK_H

/*
 * Where the addresses of a project's Services live in system mode: a network namespace that the
 * supervisor holds, one cable away from the project's bridge.
 *
 *	instance ── tap ── bridge ── i2s-… ══ eth0, 10.77.N.2 and the Services' addresses
 *
 * This machine has none of these addresses itself. So no program of it that listens on 0.0.0.0 is
 * ever met there, none can take a Service's port away, and libvirt's rules that keep networks apart
 * hold for Services as for instances. It ends with its last descriptor. Needs root.
 */

#include <stdbool.h>

#include "base/error.h"

struct service_network {
	int fd;		       /* of the namespace; -1: there is none */
	unsigned bridge_index; /* it is plugged into that interface */
	unsigned subnet;
};

bool service_network_is_possible(void);
/* Makes it, or plugs it into the bridge again when that is another one than before. */
MUST_CHECK bool service_network_open(struct service_network *network, const char *bridge,
				     unsigned subnet, struct error *err);
/* The bridge is about to go. */
void service_network_unplug(const char *bridge);
void service_network_close(struct service_network *network);
/* 10.77.N.host; to add what is there is success, as is to remove what is not. */
MUST_CHECK bool service_network_add(const struct service_network *network, unsigned host,
				    struct error *err);
void service_network_remove(const struct service_network *network, unsigned host);

#endif
