/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_MACHINE_DHCP_H
#define I2KIT_GUEST_MACHINE_DHCP_H

/*
 * A DHCP client for one interface, on the loop. Tries at once and then with growing pauses until
 * there is a lease, configures the interface, renews at half of the lease's time.
 */

#include "base/loop.h"
#include "guest/machine/dhcp_message.h"

struct dhcp;
/*
 * Called after the interface was configured: for the first lease, and when a renewed one differs.
 */
typedef void dhcp_fn(const struct dhcp_lease *lease, void *arg);

MUST_CHECK struct dhcp *dhcp_start(struct loop *loop, const char *interface, dhcp_fn *fn, void *arg,
				   struct error *err);

#endif
