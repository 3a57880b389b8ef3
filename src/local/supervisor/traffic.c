/* SPDX-License-Identifier: Apache-2.0 */
/* NetworkPolicies where the supervisor itself connects: behind Services, and for tunnels. */
#include "local/supervisor/traffic.h"

#include <string.h>

#include "local/plan/traffic_rule.h"
#include "local/supervisor/instance.h"
#include "local/supervisor/supervisor_parts.h"

/* An address, or the name of an instance whose tunnel it is. */
static const struct instance *find_client(struct supervisor *supervisor, const char *client)
{
	for (size_t i = 0; i < supervisor->instance_count; i++) {
		const struct instance_status *status = &supervisor->instances[i]->status;
		if (strcmp(status->name, client) == 0 ||
		    (status->address != NULL && strcmp(status->address, client) == 0))
			return supervisor->instances[i];
	}
	return NULL;
}

/* This machine itself, as kubectl port-forward is: no policy is asked. */
static bool is_loopback(const char *client)
{
	return strncmp(client, "127.", 4) == 0 || strcmp(client, "::1") == 0;
}

bool supervisor_may_reach(const char *client, const char *backend, uint16_t port, bool is_udp,
			  void *arg)
{
	struct supervisor *supervisor = arg;
	const struct instance *from = find_client(supervisor, client);
	const struct instance *to = supervisor_find(supervisor, backend);
	const struct pod_plan *source =
		from != NULL ? project_plan_find(&supervisor->plan, from->status.pod) : NULL;
	const struct pod_plan *target =
		to != NULL ? project_plan_find(&supervisor->plan, to->status.pod) : NULL;

	if (target == NULL || (from == NULL && is_loopback(client)))
		return true;
	const struct traffic_peer caller = {.pod = from != NULL ? from->status.pod : NULL,
					    .address =
						    from != NULL ? from->status.address : client};
	if (!traffic_allows(&target->incoming, &caller, port, is_udp))
		return false;
	const struct traffic_peer called = {.pod = target->name, .address = to->status.address};
	return source == NULL || traffic_allows(&source->outgoing, &called, port, is_udp) ||
	       (source->egress.is_restricted &&
		services_may_open(supervisor, &source->egress, backend));
}
