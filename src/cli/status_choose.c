/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/status_choose.h"

#include <string.h>

#include "base/alloc.h"

static bool is_wanted(const struct instance_status *instance, const struct string_list *names)
{
	return string_list_has(names, instance->name) || string_list_has(names, instance->pod);
}

static bool serves_any(const struct port_status *port, const struct project_status *status)
{
	for (size_t i = 0; i < status->pod_count; i++) {
		if (port_status_serves(port, status->pods[i].name))
			return true;
	}
	return false;
}

/* A pod is shown with the instance of it that was named. */
static bool is_pod_wanted(const char *pod, const struct project_status *status,
			  const struct string_list *names)
{
	if (string_list_has(names, pod))
		return true;
	for (size_t i = 0; i < status->instance_count; i++) {
		if (strcmp(status->instances[i].pod, pod) == 0 &&
		    string_list_has(names, status->instances[i].name))
			return true;
	}
	return false;
}

/* What is left out goes to *rest, which owns it. */
static void choose_pods(struct project_status *status, const struct string_list *names,
			struct project_status *rest)
{
	size_t kept = 0;

	for (size_t i = 0; i < status->pod_count; i++) {
		if (is_pod_wanted(status->pods[i].name, status, names))
			status->pods[kept++] = status->pods[i];
		else
			*ARRAY_APPEND(rest->pods, rest->pod_count) = status->pods[i];
	}
	status->pod_count = kept;
}

static void choose_instances(struct project_status *status, const struct string_list *names,
			     struct project_status *rest)
{
	size_t kept = 0;

	for (size_t i = 0; i < status->instance_count; i++) {
		if (is_wanted(&status->instances[i], names))
			status->instances[kept++] = status->instances[i];
		else
			*ARRAY_APPEND(rest->instances, rest->instance_count) = status->instances[i];
	}
	status->instance_count = kept;
}

static void choose_ports(struct project_status *status, struct project_status *rest)
{
	size_t kept = 0;

	for (size_t i = 0; i < status->port_count; i++) {
		if (serves_any(&status->ports[i], status))
			status->ports[kept++] = status->ports[i];
		else
			*ARRAY_APPEND(rest->ports, rest->port_count) = status->ports[i];
	}
	status->port_count = kept;
}

static bool leads_to_any(const struct route_status *route, const struct project_status *status)
{
	for (size_t i = 0; i < status->pod_count; i++) {
		if (route_status_serves(route, status->pods[i].name))
			return true;
	}
	return false;
}

static void choose_routes(struct project_status *status, struct project_status *rest)
{
	size_t kept = 0;

	for (size_t i = 0; i < status->route_count; i++) {
		if (leads_to_any(&status->routes[i], status))
			status->routes[kept++] = status->routes[i];
		else
			*ARRAY_APPEND(rest->routes, rest->route_count) = status->routes[i];
	}
	status->route_count = kept;
}

void status_choose(struct project_status *status, const struct string_list *names)
{
	struct project_status rest = {0};

	if (names->count == 0)
		return;
	choose_pods(status, names, &rest);
	choose_instances(status, names, &rest);
	choose_ports(status, &rest);
	choose_routes(status, &rest);
	project_status_clear(&rest);
}
