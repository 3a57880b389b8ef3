/* SPDX-License-Identifier: Apache-2.0 */
#include "local/supervisor/supervisor_network.h"

#include "base/log.h"
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

bool supervisor_network_open(struct supervisor *supervisor, struct error *err)
{
	project_network_clear(&supervisor->network);
	if (!project_network_open(supervisor->connection, supervisor->scope, &supervisor->network,
				  err))
		return false;
	if (!service_network_is_possible()) {
		bool had_filter = supervisor->has_clean_traffic;
		supervisor->has_clean_traffic =
			project_network_has_filter(supervisor->connection, CLEAN_TRAFFIC);
		if (!supervisor->has_clean_traffic && !had_filter)
			supervisor_say(supervisor, true, "NoFilter", supervisor->project,
				       "libvirt has no filter '%s': a pod that was taken over can "
				       "take another pod's address; apt install "
				       "libvirt-daemon-config-nwfilter",
				       CLEAN_TRAFFIC);
		return true;
	}
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
	AUTO(error_clear) struct error problem = ERROR_INIT;

	if (supervisor->is_session || supervisor->connection == NULL)
		return;
	if (!project_network_remove(supervisor->connection, supervisor->scope, &problem))
		log_verbose("%s", problem.message);
	if (supervisor->guard != NULL)
		network_filter_remove(supervisor->network.bridge);
}

void supervisor_network_close(struct supervisor *supervisor)
{
	service_network_close(&supervisor->services);
	network_guard_free(supervisor->guard);
	project_network_clear(&supervisor->network);
}
