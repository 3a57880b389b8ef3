/* SPDX-License-Identifier: Apache-2.0 */
#include "local/supervisor/supervisor_network.h"

#include "base/alloc.h"
#include "local/supervisor/instance.h"
#include "local/supervisor/network_guard.h"
#include "local/supervisor/supervisor_parts.h"
#include "local/vm/network_filter.h"
#include "local/vm/service_network.h"

/* VMs of a bridge that is gone hang in the air; they have the same addresses at the new one. */
static void plug_in_again(struct supervisor *supervisor)
{
	for (size_t i = 0; i < supervisor->instance_count; i++) {
		char tap[TAP_NAME_SIZE];
		const char *address = supervisor->instances[i]->status.address;
		if (address == NULL)
			continue;
		network_filter_tap(supervisor->network.bridge, address, tap);
		project_network_plug(supervisor->network.bridge, tap);
	}
}

static void say_no_filter(struct supervisor *supervisor)
{
	if (!supervisor->has_clean_traffic && !supervisor->lacks_clean_traffic)
		supervisor_say(supervisor, true, "NoFilter", supervisor->project,
			       "libvirt has no filter '%s': a pod that was taken over can take "
			       "another pod's address; apt install "
			       "libvirt-daemon-config-nwfilter",
			       CLEAN_TRAFFIC);
	supervisor->lacks_clean_traffic = !supervisor->has_clean_traffic;
}

static void copy_network(struct supervisor *supervisor, const struct project_network *found)
{
	project_network_clear(&supervisor->network);
	supervisor->network = (struct project_network){.name = xstrdup(found->name),
						       .bridge = xstrdup(found->bridge),
						       .subnet = found->subnet};
}

bool supervisor_network_take(struct supervisor *supervisor, const struct project_network *found,
			     bool has_clean_traffic, bool *ret_are_plugged, struct error *err)
{
	copy_network(supervisor, found);
	*ret_are_plugged = service_network_is_possible();
	if (!*ret_are_plugged) {
		supervisor->has_clean_traffic = has_clean_traffic;
		say_no_filter(supervisor);
		return true;
	}
	if (found->is_new)
		plug_in_again(supervisor);
	if (!service_network_open(&supervisor->services, supervisor->network.bridge,
				  supervisor->network.subnet, err))
		return false;
	if (supervisor->guard == NULL)
		supervisor->guard = network_guard_new();
	return true;
}

void supervisor_network_remove(struct supervisor *supervisor)
{
	if (supervisor->guard == NULL)
		return;
	service_network_unplug(supervisor->network.bridge);
	network_filter_remove(supervisor->network.bridge);
}

void supervisor_network_close(struct supervisor *supervisor)
{
	service_network_close(&supervisor->services);
	network_guard_free(supervisor->guard);
	project_network_clear(&supervisor->network);
}
