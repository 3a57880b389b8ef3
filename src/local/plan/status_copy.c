/* SPDX-License-Identifier: Apache-2.0 */
#include "local/plan/status_copy.h"

#include <stdlib.h>

#include "base/alloc.h"

static void *copy_array(const void *array, size_t count, size_t size)
{
	return count == 0 ? NULL : xmemdup(array, count * size);
}

void instance_status_copy(struct instance_status *instance, const struct instance_status *from)
{
	*instance = *from;
	instance->name = xstrdup_or_null(instance->name);
	instance->pod = xstrdup_or_null(instance->pod);
	instance->uuid = xstrdup_or_null(instance->uuid);
	instance->reason = xstrdup_or_null(instance->reason);
	instance->address = xstrdup_or_null(instance->address);
	instance->full = xstrdup_or_null(instance->full);
	instance->cold_reason = xstrdup_or_null(instance->cold_reason);
	instance->containers = copy_array(instance->containers, instance->container_count,
					  sizeof(*instance->containers));
	for (size_t i = 0; i < instance->container_count; i++) {
		struct container_status *container = &instance->containers[i];
		container->name = xstrdup_or_null(container->name);
		container->reason = xstrdup_or_null(container->reason);
		container->message = xstrdup_or_null(container->message);
		container->last_reason = xstrdup_or_null(container->last_reason);
	}
	instance->probes =
		copy_array(instance->probes, instance->probe_count, sizeof(*instance->probes));
	for (size_t i = 0; i < instance->probe_count; i++) {
		struct probe_result *probe = &instance->probes[i];
		probe->container = xstrdup_or_null(probe->container);
		probe->probe = xstrdup_or_null(probe->probe);
		probe->message = xstrdup_or_null(probe->message);
	}
	instance->stages =
		copy_array(instance->stages, instance->stage_count, sizeof(*instance->stages));
	for (size_t i = 0; i < instance->stage_count; i++)
		instance->stages[i].name = xstrdup_or_null(instance->stages[i].name);
}

static void copy_route(struct route_status *to, const struct route_status *from)
{
	to->owner = xstrdup_or_null(from->owner);
	to->host = xstrdup_or_null(from->host);
	to->path = xstrdup_or_null(from->path);
	to->http_url = xstrdup_or_null(from->http_url);
	to->https_url = xstrdup_or_null(from->https_url);
	to->target = xstrdup_or_null(from->target);
	to->pods = STRING_LIST_INIT;
	string_list_copy(&to->pods, &from->pods);
}

void status_copy(struct project_status *to, const struct project_status *from)
{
	*to = *from;
	to->project = xstrdup_or_null(from->project);
	to->folder = xstrdup_or_null(from->folder);
	to->connection = xstrdup_or_null(from->connection);
	to->accelerator = xstrdup_or_null(from->accelerator);
	to->accelerator_reason = xstrdup_or_null(from->accelerator_reason);
	to->metrics = xstrdup_or_null(from->metrics);
	to->pods = copy_array(from->pods, from->pod_count, sizeof(*from->pods));
	for (size_t i = 0; i < to->pod_count; i++) {
		to->pods[i].name = xstrdup_or_null(to->pods[i].name);
		to->pods[i].kind = xstrdup_or_null(to->pods[i].kind);
		to->pods[i].cron_of = xstrdup_or_null(to->pods[i].cron_of);
		to->pods[i].cron.schedule = xstrdup_or_null(to->pods[i].cron.schedule);
		to->pods[i].cron.time_zone = xstrdup_or_null(to->pods[i].cron.time_zone);
		to->pods[i].message = xstrdup_or_null(to->pods[i].message);
	}
	to->instances = copy_array(from->instances, from->instance_count, sizeof(*from->instances));
	for (size_t i = 0; i < to->instance_count; i++)
		instance_status_copy(&to->instances[i], &from->instances[i]);
	to->ports = copy_array(from->ports, from->port_count, sizeof(*from->ports));
	for (size_t i = 0; i < to->port_count; i++) {
		to->ports[i].service = xstrdup_or_null(to->ports[i].service);
		to->ports[i].name = xstrdup_or_null(to->ports[i].name);
		to->ports[i].host = xstrdup_or_null(to->ports[i].host);
		to->ports[i].problem = xstrdup_or_null(to->ports[i].problem);
		to->ports[i].outside = xstrdup_or_null(to->ports[i].outside);
		to->ports[i].pods = STRING_LIST_INIT;
		string_list_copy(&to->ports[i].pods, &from->ports[i].pods);
	}
	to->routes = copy_array(from->routes, from->route_count, sizeof(*from->routes));
	for (size_t i = 0; i < to->route_count; i++)
		copy_route(&to->routes[i], &from->routes[i]);
}

void event_copy(struct project_event *to, const struct project_event *from)
{
	*to = *from;
	to->type = xstrdup_or_null(from->type);
	to->object = xstrdup_or_null(from->object);
	to->message = xstrdup_or_null(from->message);
}
