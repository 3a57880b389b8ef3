/* SPDX-License-Identifier: Apache-2.0 */
#include "local/plan/plan_part.h"

#include <string.h>

#include "base/alloc.h"

static bool leads_to_a_pod(const struct project_plan *plan, const struct service_plan *service)
{
	for (size_t i = 0; i < service->pods.count; i++) {
		if (project_plan_find(plan, service->pods.items[i]) != NULL)
			return true;
	}
	/* One that never had a pod is not missing any. */
	return service->pods.count == 0;
}

static void drop_services(struct project_plan *plan)
{
	size_t kept = 0;

	for (size_t i = 0; i < plan->service_count; i++) {
		if (leads_to_a_pod(plan, &plan->services[i]))
			plan->services[kept++] = plan->services[i];
		else
			service_plan_clear(&plan->services[i]);
	}
	plan->service_count = kept;
}

/* Out of the plan. */
static struct pod_plan take_pod(struct project_plan *plan, struct pod_plan *pod)
{
	struct pod_plan taken = *pod;
	size_t behind = plan->pod_count - (size_t)(pod - plan->pods) - 1;

	memmove(pod, pod + 1, behind * sizeof(*pod));
	plan->pods[--plan->pod_count] = (struct pod_plan){0};
	return taken;
}

static bool leads_to_a_service(const struct project_plan *plan, const struct route *route)
{
	for (size_t i = 0; i < route->backend_count; i++) {
		for (size_t k = 0; k < plan->service_count; k++) {
			if (strcmp(plan->services[k].name, route->backends[i].service) == 0)
				return true;
		}
	}
	return route->backend_count == 0;
}

static void drop_routes(struct project_plan *plan)
{
	struct proxy_plan *proxy = &plan->proxy;
	size_t kept = 0;

	for (size_t i = 0; i < proxy->route_count; i++) {
		if (leads_to_a_service(plan, &proxy->routes[i]))
			proxy->routes[kept++] = proxy->routes[i];
		else
			route_clear(&proxy->routes[i]);
	}
	proxy->route_count = kept;
}

void project_plan_join(struct project_plan *plan, struct project_plan *before,
		       const struct string_list *known)
{
	for (size_t i = 0; i < before->pod_count;) {
		struct pod_plan *pod = &before->pods[i];
		if (project_plan_find(plan, pod->name) != NULL ||
		    !string_list_has(known, pod->name))
			i++;
		else
			*ARRAY_APPEND(plan->pods, plan->pod_count) = take_pod(before, pod);
	}
	drop_services(plan);
	drop_routes(plan);
}

void project_plan_keep_former(struct project_plan *plan, struct project_plan *before)
{
	for (size_t i = 0; i < plan->pod_count; i++) {
		struct pod_plan *pod = &plan->pods[i];
		struct pod_plan *was = project_plan_pod(before, pod->name);
		if (pod->partition == 0 || was == NULL || pod->former != NULL ||
		    was->workload != WORKLOAD_STATEFUL_SET)
			continue;
		/* A roll-out that a partition holds up has not made its release that of all. */
		if (was->former != NULL && was->partition > 0) {
			pod->former = was->former;
			was->former = NULL;
			continue;
		}
		pod->former = xcalloc(1, sizeof(*pod->former));
		*pod->former = take_pod(before, was);
	}
}

void project_plan_drop(struct project_plan *plan, const struct string_list *pods)
{
	size_t kept = 0;

	for (size_t i = 0; i < plan->pod_count; i++) {
		const char *cron = plan->pods[i].cron_of;
		if (string_list_has(pods, plan->pods[i].name) ||
		    (cron != NULL && string_list_has(pods, cron)))
			pod_plan_clear(&plan->pods[i]);
		else
			plan->pods[kept++] = plan->pods[i];
	}
	plan->pod_count = kept;
	drop_services(plan);
	drop_routes(plan);
}
