/* SPDX-License-Identifier: Apache-2.0 */
#include "local/plan/state.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/strbuf.h"

const char *const job_end_words[JOB_ENDS] = {
	[JOB_RUNNING] = "running", [JOB_COMPLETE] = "complete", [JOB_FAILED] = "failed"};

const char *instance_state_name(enum instance_state state)
{
	static const char *const names[] = {"Pending",	"Starting",  "Booting", "Running", "Ready",
					    "Stopping", "Succeeded", "Failed",	"Crashed"};
	return names[state];
}

void instance_status_clear(struct instance_status *instance)
{
	free(instance->name);
	free(instance->pod);
	free(instance->uuid);
	free(instance->reason);
	free(instance->address);
	free(instance->full);
	free(instance->cold_reason);
	for (size_t i = 0; i < instance->container_count; i++) {
		free(instance->containers[i].name);
		free(instance->containers[i].reason);
		free(instance->containers[i].last_reason);
		free(instance->containers[i].message);
	}
	free(instance->containers);
	for (size_t i = 0; i < instance->probe_count; i++) {
		free(instance->probes[i].container);
		free(instance->probes[i].probe);
		free(instance->probes[i].message);
	}
	free(instance->probes);
	for (size_t i = 0; i < instance->stage_count; i++)
		free(instance->stages[i].name);
	free(instance->stages);
	*instance = (struct instance_status){0};
}

/* Of today without the date. */
static void append_time(struct strbuf *out, const char *what, int64_t ns)
{
	time_t at = (time_t)(ns / 1000000000);
	time_t now = time(NULL);
	struct tm then;
	struct tm today;
	char text[32] = "";

	if (ns == 0 || localtime_r(&at, &then) == NULL || localtime_r(&now, &today) == NULL)
		return;
	bool is_today = then.tm_year == today.tm_year && then.tm_yday == today.tm_yday;
	(void)strftime(text, sizeof(text), is_today ? "%H:%M" : "%Y-%m-%d %H:%M", &then);
	strbuf_appendf(out, ", %s %s", what, text);
}

char *cron_status_text(const struct cron_status *cron)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;

	strbuf_append(&out, cron->schedule);
	if (cron->is_stopped)
		strbuf_append(&out, ", stopped");
	else if (cron->is_suspended)
		strbuf_append(&out, ", suspended");
	append_time(&out, "last", cron->last_ns);
	append_time(&out, "next", cron->next_ns);
	if (cron->active > 0)
		strbuf_appendf(&out, ", %u active", cron->active);
	return strbuf_take(&out);
}

bool port_status_serves(const struct port_status *port, const char *pod)
{
	if (port->outside != NULL)
		return false;
	/* An older supervisor does not say which pods: mostly they have their service's name. */
	if (port->pods.count == 0)
		return strcmp(port->service, pod) == 0;
	return string_list_has(&port->pods, pod);
}

bool route_status_serves(const struct route_status *route, const char *pod)
{
	return string_list_has(&route->pods, pod);
}

void route_status_clear(struct route_status *route)
{
	free(route->owner);
	free(route->host);
	free(route->path);
	free(route->http_url);
	free(route->https_url);
	free(route->target);
	string_list_clear(&route->pods);
	*route = (struct route_status){0};
}

void project_status_clear(struct project_status *status)
{
	free(status->project);
	free(status->folder);
	free(status->connection);
	free(status->accelerator);
	free(status->accelerator_reason);
	free(status->metrics);
	for (size_t i = 0; i < status->pod_count; i++) {
		free(status->pods[i].name);
		free(status->pods[i].kind);
		free(status->pods[i].message);
		free(status->pods[i].cron_of);
		free(status->pods[i].cron.schedule);
		free(status->pods[i].cron.time_zone);
	}
	free(status->pods);
	for (size_t i = 0; i < status->instance_count; i++)
		instance_status_clear(&status->instances[i]);
	free(status->instances);
	for (size_t i = 0; i < status->port_count; i++) {
		free(status->ports[i].service);
		free(status->ports[i].name);
		free(status->ports[i].host);
		free(status->ports[i].problem);
		free(status->ports[i].outside);
		string_list_clear(&status->ports[i].pods);
	}
	free(status->ports);
	for (size_t i = 0; i < status->route_count; i++)
		route_status_clear(&status->routes[i]);
	free(status->routes);
	*status = (struct project_status){0};
}

void project_event_clear(struct project_event *event)
{
	free(event->type);
	free(event->object);
	free(event->message);
	*event = (struct project_event){0};
}

const struct pod_status *project_status_pod(const struct project_status *status, const char *name)
{
	for (size_t i = 0; i < status->pod_count; i++)
		if (strcmp(status->pods[i].name, name) == 0)
			return &status->pods[i];
	return NULL;
}

const struct instance_status *project_status_instance(const struct project_status *status,
						      const char *name)
{
	for (size_t i = 0; i < status->instance_count; i++)
		if (strcmp(status->instances[i].name, name) == 0)
			return &status->instances[i];
	return NULL;
}
