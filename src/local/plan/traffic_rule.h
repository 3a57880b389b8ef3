/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_PLAN_TRAFFIC_RULE_H
#define I2KIT_LOCAL_PLAN_TRAFFIC_RULE_H

/*
 * What NetworkPolicies let pass, decided for one connection: where the supervisor makes it itself,
 * for Services and in session mode. What guests send to each other is vm/network_filter's.
 */

#include "local/plan/project_plan.h"

struct traffic_peer {
	const char *pod;     /* or NULL: not of the project */
	const char *address; /* "192.0.2.7"; or NULL */
};

/* port is the one in the pod that listens. */
bool traffic_allows(const struct traffic_policy *policy, const struct traffic_peer *peer,
		    uint16_t port, bool is_udp);

/*
 * Whether the mode can enforce the plan's policies; else ERROR_UNSUPPORTED names the pod and says
 * what does. In session mode QEMU knows addresses, and no ports, of what is outside.
 */
MUST_CHECK bool traffic_check_session(const struct project_plan *plan, struct error *err);

#endif
