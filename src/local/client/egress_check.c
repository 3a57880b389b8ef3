/* SPDX-License-Identifier: Apache-2.0 */
#include "local/client/egress_check.h"

#include "local/plan/traffic_rule.h"
#include "local/vm/connection.h"
#include "local/vm/service_network.h"

bool egress_check(const struct project_plan *plan, struct error *err)
{
	if (connection_is_session(connection_choose(plan->uri)))
		return traffic_check_session(plan, err);
	/* libvirt's networks are root's, and so are rules for what leaves them. */
	if (service_network_is_possible())
		return true;
	for (size_t i = 0; i < plan->pod_count; i++) {
		const struct pod_plan *pod = &plan->pods[i];
		bool has_policy = pod->incoming.is_isolated || pod->outgoing.is_isolated;
		if (!pod->egress.is_restricted && !has_policy)
			continue;
		(void)error_set(err, ERROR_UNSUPPORTED,
				"pod '%s' has %s, which nobody but root can enforce at "
				"qemu:///system",
				pod->name,
				pod->hidden.count > 0 ? "networks that keep others away"
				: has_policy ? "a NetworkPolicy, or networks without a way out"
					     : "an egress policy");
		return error_hint(err, "sudo i2kit up, or --connect qemu:///session");
	}
	return true;
}
