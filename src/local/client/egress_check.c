/* SPDX-License-Identifier: Apache-2.0 */
#include "local/client/egress_check.h"

#include "local/vm/connection.h"
#include "local/vm/service_network.h"

bool egress_check(const struct project_plan *plan, struct error *err)
{
	/* libvirt's networks are root's, and so are rules for what leaves them. */
	if (service_network_is_possible() || connection_is_session(connection_choose(plan->uri)))
		return true;
	for (size_t i = 0; i < plan->pod_count; i++) {
		if (!plan->pods[i].egress.is_restricted)
			continue;
		(void)error_set(err, ERROR_UNSUPPORTED,
				"pod '%s' has an egress policy, which nobody but root can enforce "
				"at qemu:///system",
				plan->pods[i].name);
		return error_hint(err, "sudo i2kit up, or --connect qemu:///session");
	}
	return true;
}
