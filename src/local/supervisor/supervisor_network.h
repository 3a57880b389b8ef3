/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_SUPERVISOR_SUPERVISOR_NETWORK_H
#define I2KIT_LOCAL_SUPERVISOR_SUPERVISOR_NETWORK_H

/* The project's network in system mode: libvirt's, the Services' namespace, the guests' rules. */

#include "base/error.h"

struct project_network;
struct supervisor;

/*
 * Takes over what a look at libvirt found, and makes what goes with it. found->is_new: VMs of
 * before are plugged into it again; false in *ret_are_plugged: that cannot be done, they are on
 * none.
 */
MUST_CHECK bool supervisor_network_take(struct supervisor *supervisor,
					const struct project_network *found, bool has_clean_traffic,
					bool *ret_are_plugged, struct error *err);
/* The project goes down: nothing beside libvirt's own stays. */
void supervisor_network_remove(struct supervisor *supervisor);
/* This process ends: what VMs need stays. */
void supervisor_network_close(struct supervisor *supervisor);

#endif
