/* SPDX-License-Identifier: Apache-2.0 */
#include "local/supervisor/service_names.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "local/agent/agent.h"
#include "local/supervisor/instance.h"
#include "local/supervisor/instance_agent.h"
#include "local/supervisor/session_names.h"
#include "local/supervisor/supervisor_parts.h"
#include "release/outside_service.h"
#include "release/service_env.h"

char *services_address(const struct supervisor *supervisor, const struct service_plan *service)
{
	/* Tunnelled, the guest listens on its own loopback (doc/formats.md). */
	return supervisor->is_tunnelled ? xasprintf("127.77.0.%u", service->slot)
					: xasprintf("10.77.%u.%u", supervisor->network.subnet,
						    NETWORK_LAST_SERVICE + 1 - service->slot);
}

static struct host_entry *add_host(struct host_list *hosts, const char *ip)
{
	struct host_entry *entry = ARRAY_APPEND(hosts->entries, hosts->count);

	entry->ip = xstrdup(ip);
	return entry;
}

static void add_names(struct string_list *names, const char *name)
{
	string_list_add(names, name);
	string_list_addf(names, "%s.default", name);
	string_list_addf(names, "%s.default.svc", name);
	string_list_addf(names, "%s.default.svc.cluster.local", name);
}

/* SRV records: _http._tcp.web.… is port 80 of web.…, or of each instance of a headless one. */
static void add_services(struct host_entry *entry, const struct service_plan *service,
			 const char *target)
{
	for (size_t i = 0; i < service->port_count; i++) {
		const struct port_plan *port = &service->ports[i];
		struct host_service *made;
		if (port->name == NULL)
			continue;
		made = ARRAY_APPEND(entry->services, entry->service_count);
		made->name = xasprintf("_%s._%s.%s.default.svc.cluster.local", port->name,
				       port->is_udp ? "udp" : "tcp", service->name);
		made->port = service->is_headless ? port->target_port : port->port;
		made->target = xasprintf("%s.default.svc.cluster.local", target);
	}
}

static void add_instance(const struct supervisor *supervisor, const struct instance *instance,
			 struct host_list *ret)
{
	const struct pod_plan *pod = project_plan_find(&supervisor->plan, instance->status.pod);
	AUTO_FREE char *address =
		instance->status.address != NULL
			? xstrdup(instance->status.address)
			: session_instance_address(supervisor, instance->status.pod,
						   instance->status.replica);

	struct host_entry *entry = add_host(ret, address);
	struct string_list *names = &entry->names;
	string_list_add(names, instance->status.name);
	for (size_t i = 0; i < supervisor->plan.service_count; i++) {
		const struct service_plan *service = &supervisor->plan.services[i];
		AUTO_FREE char *own = NULL;
		if (!service->is_headless || !string_list_has(&service->pods, instance->status.pod))
			continue;
		own = xasprintf("%s.%s", instance->status.name, service->name);
		if (pod != NULL && pod->workload == WORKLOAD_STATEFUL_SET)
			add_names(names, own);
		if (!instance->status.is_ready && !service->publish_not_ready)
			continue;
		add_names(names, service->name);
		add_services(entry, service,
			     pod != NULL && pod->workload == WORKLOAD_STATEFUL_SET ? own
										   : service->name);
	}
}

/* What a guest needs to find it; the ports are the caller's, as many as the Service's. */
static struct outside_service outside_of(const struct service_plan *service, const char *address,
					 struct service_env_port *ports)
{
	for (size_t p = 0; p < service->port_count; p++)
		ports[p] = (struct service_env_port){
			.name = service->ports[p].name,
			.port = service->ports[p].port,
			.protocol = service->ports[p].is_udp ? PROTOCOL_UDP : PROTOCOL_TCP};
	return (struct outside_service){.name = service->name,
					.outside = &service->outside,
					.ports = ports,
					.port_count = service->port_count,
					.is_headless = service->is_headless,
					.is_direct = service->is_direct,
					.is_sticky = service->has_affinity,
					.address = address};
}

void services_add_outside(const struct project_plan *plan, struct host_list *hosts,
			  struct release *proxies, struct string_list *env)
{
	for (size_t i = 0; i < plan->service_count; i++) {
		const struct service_plan *service = &plan->services[i];
		AUTO_FREE char *address = xasprintf("127.77.0.%u", service->slot);
		AUTO_FREE struct service_env_port *ports =
			xcalloc(service->port_count + 1, sizeof(*ports));
		const struct outside_service outside = outside_of(service, address, ports);
		if (!service_plan_is_outside(service))
			continue;
		if (hosts != NULL)
			outside_service_add_hosts(&outside, hosts);
		if (proxies != NULL)
			outside_service_add_proxies(&outside, proxies);
		if (env != NULL)
			outside_service_add_env(&outside, env);
	}
}

void services_add_hosts(const struct supervisor *supervisor, struct host_list *ret)
{
	AUTO_FREE char *gateway = supervisor->is_session
					  ? xstrdup("10.0.2.2")
					  : xasprintf("10.77.%u.1", supervisor->network.subnet);

	struct host_entry *machine = add_host(ret, gateway);
	string_list_add(&machine->names, "host.i2kit.internal");
	string_list_add(&machine->names, "host.docker.internal"); /* as Compose files call it */
	for (size_t i = 0; i < supervisor->plan.service_count; i++) {
		const struct service_plan *service = &supervisor->plan.services[i];
		AUTO_FREE char *address = services_address(supervisor, service);
		if (service->is_headless || service_plan_is_outside(service))
			continue;
		struct host_entry *entry = add_host(ret, address);
		add_names(&entry->names, service->name);
		add_services(entry, service, service->name);
	}
	for (size_t i = 0; i < supervisor->instance_count; i++) {
		const struct instance *instance = supervisor->instances[i];
		if ((instance->status.address != NULL || supervisor->is_session) &&
		    !instance->is_leaving)
			add_instance(supervisor, instance, ret);
	}
	services_add_outside(&supervisor->plan, ret, NULL, NULL);
}

void services_add_proxy(struct release *ret, const char *ip, uint16_t port, const char *service)
{
	struct service_proxy *proxy = ARRAY_APPEND(ret->proxies, ret->proxy_count);

	proxy->ip = xstrdup(ip);
	proxy->port = port;
	proxy->service = xstrdup(service);
}

void services_add_proxies(const struct supervisor *supervisor, struct release *ret)
{
	for (size_t i = 0; supervisor->is_tunnelled && i < supervisor->port_count; i++) {
		const struct port_run *run = &supervisor->ports[i];
		AUTO_FREE char *address = services_address(supervisor, run->service);
		if (run->guest != NULL)
			services_add_proxy(ret, address, run->port->port, run->service->name);
	}
	if (supervisor->is_session)
		session_add_proxies(supervisor, ret);
	services_add_outside(&supervisor->plan, NULL, ret, NULL);
}

void services_add_env(const struct supervisor *supervisor, struct string_list *ret)
{
	for (size_t i = 0; i < supervisor->plan.service_count; i++) {
		const struct service_plan *service = &supervisor->plan.services[i];
		AUTO_FREE char *address = services_address(supervisor, service);
		AUTO_FREE struct service_env_port *ports =
			xcalloc(service->port_count, sizeof(*ports));
		for (size_t p = 0; p < service->port_count; p++)
			ports[p] = (struct service_env_port){
				.name = service->ports[p].name,
				.port = service->ports[p].port,
				.protocol = service->ports[p].is_udp ? PROTOCOL_UDP : PROTOCOL_TCP};
		if (!service->is_headless && !service_plan_is_outside(service))
			service_env_add(ret, service->name, address, ports, service->port_count);
	}
	services_add_outside(&supervisor->plan, NULL, NULL, ret);
}

/* As a text, for comparing. */
static char *proxies_text(const struct supervisor *supervisor)
{
	AUTO(release_clear) struct release release = {0};

	services_add_proxies(supervisor, &release);
	return release_document_write(&release, 0);
}

/* Where guests listen for services and each other came with the release: so a new one goes out. */
static void push_proxies(struct supervisor *supervisor)
{
	AUTO_FREE char *proxies = proxies_text(supervisor);

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
	AUTO(host_list_clear) struct host_list list = {0};
	services_add_hosts(supervisor, &list);
	AUTO_FREE char *hosts = host_list_write(&list);

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
