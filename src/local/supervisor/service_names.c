/* SPDX-License-Identifier: Apache-2.0 */
#include "local/supervisor/service_names.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "local/supervisor/supervisor_parts.h"

char *services_address(const struct supervisor *supervisor, const struct service_plan *service)
{
	/* Tunnelled, the guest listens on its own loopback (doc/formats.md). */
	return supervisor->is_tunnelled ? xasprintf("127.77.0.%u", service->slot)
					: xasprintf("10.77.%u.%u", supervisor->network.subnet,
						    NETWORK_LAST_SERVICE + 1 - service->slot);
}

static void put_host(struct strbuf *out, const char *ip, const struct string_list *names)
{
	if (out->size > 1)
		strbuf_append_char(out, ',');
	strbuf_appendf(out, "{\"ip\":\"%s\",\"names\":[", ip);
	for (size_t i = 0; i < names->count; i++) {
		if (i > 0)
			strbuf_append_char(out, ',');
		strbuf_append_json(out, names->items[i]);
	}
	strbuf_append(out, "]}");
}

static void add_names(struct string_list *names, const char *name)
{
	string_list_add(names, name);
	string_list_addf(names, "%s.default", name);
	string_list_addf(names, "%s.default.svc", name);
	string_list_addf(names, "%s.default.svc.cluster.local", name);
}

static void put_instance(const struct supervisor *supervisor, const struct instance *instance,
			 struct strbuf *out)
{
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;
	const struct pod_plan *pod = project_plan_find(&supervisor->plan, instance->status.pod);
	AUTO_FREE char *address =
		instance->status.address != NULL
			? xstrdup(instance->status.address)
			: session_instance_address(supervisor, instance->status.pod,
						   instance->status.replica);

	string_list_add(&names, instance->status.name);
	for (size_t i = 0; i < supervisor->plan.service_count; i++) {
		const struct service_plan *service = &supervisor->plan.services[i];
		AUTO_FREE char *own = NULL;
		if (!service->is_headless || !string_list_has(&service->pods, instance->status.pod))
			continue;
		own = xasprintf("%s.%s", instance->status.name, service->name);
		if (pod != NULL && pod->workload == WORKLOAD_STATEFUL_SET)
			add_names(&names, own);
		if (instance->status.is_ready || service->publish_not_ready)
			add_names(&names, service->name);
	}
	put_host(out, address, &names);
}

char *services_hosts_json(const struct supervisor *supervisor)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	AUTO(string_list_clear) struct string_list host = STRING_LIST_INIT;
	AUTO_FREE char *gateway = supervisor->is_session
					  ? xstrdup("10.0.2.2")
					  : xasprintf("10.77.%u.1", supervisor->network.subnet);

	strbuf_append_char(&out, '[');
	string_list_add(&host, "host.i2kit.internal");
	put_host(&out, gateway, &host);
	for (size_t i = 0; i < supervisor->plan.service_count; i++) {
		const struct service_plan *service = &supervisor->plan.services[i];
		AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;
		AUTO_FREE char *address = services_address(supervisor, service);
		if (service->is_headless)
			continue;
		add_names(&names, service->name);
		put_host(&out, address, &names);
	}
	for (size_t i = 0; i < supervisor->instance_count; i++) {
		const struct instance *instance = supervisor->instances[i];
		if ((instance->status.address != NULL || supervisor->is_session) &&
		    !instance->is_leaving)
			put_instance(supervisor, instance, &out);
	}
	strbuf_append_char(&out, ']');
	return strbuf_take(&out);
}

void services_put_proxy(struct strbuf *out, const char *ip, uint16_t port, const char *name)
{
	strbuf_appendf(out, "%s{\"ip\":\"%s\",\"port\":%u,\"service\":", out->size > 1 ? "," : "",
		       ip, (unsigned)port);
	strbuf_append_json(out, name);
	strbuf_append_char(out, '}');
}

char *services_proxies_json(const struct supervisor *supervisor)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;

	strbuf_append_char(&out, '[');
	for (size_t i = 0; supervisor->is_tunnelled && i < supervisor->port_count; i++) {
		const struct port_run *run = &supervisor->ports[i];
		AUTO_FREE char *address = services_address(supervisor, run->service);
		if (run->guest != NULL)
			services_put_proxy(&out, address, run->port->port, run->service->name);
	}
	if (supervisor->is_session)
		session_put_proxies(supervisor, &out);
	strbuf_append_char(&out, ']');
	return strbuf_take(&out);
}

/* Where guests listen for services and each other came with the release: so a new one goes out. */
static void push_proxies(struct supervisor *supervisor)
{
	AUTO_FREE char *proxies = services_proxies_json(supervisor);

	if (supervisor->last_proxies != NULL && strcmp(supervisor->last_proxies, proxies) == 0)
		return;
	for (size_t i = 0; supervisor->last_proxies != NULL && i < supervisor->instance_count;
	     i++) {
		struct instance *instance = supervisor->instances[i];
		if (instance->agent != NULL && agent_is_up(instance->agent))
			instance_send_release(instance);
	}
	free(supervisor->last_proxies);
	supervisor->last_proxies = TAKE_PTR(proxies);
}

void services_push_hosts(struct supervisor *supervisor)
{
	AUTO_FREE char *hosts = services_hosts_json(supervisor);

	if (supervisor->is_tunnelled)
		push_proxies(supervisor);
	if (supervisor->last_hosts != NULL && strcmp(supervisor->last_hosts, hosts) == 0)
		return;
	for (size_t i = 0; i < supervisor->instance_count; i++) {
		struct agent *agent = supervisor->instances[i]->agent;
		if (agent != NULL && agent_is_up(agent) && !agent_send_hosts(agent, hosts, NULL))
			log_verbose("%s: hosts were not sent",
				    supervisor->instances[i]->status.name);
	}
	free(supervisor->last_hosts);
	supervisor->last_hosts = TAKE_PTR(hosts);
}
