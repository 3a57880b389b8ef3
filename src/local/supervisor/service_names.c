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

static bool sees_pod(const struct pod_plan *viewer, const char *pod)
{
	return !string_list_has(&viewer->hidden, pod);
}

/* One of its pods is enough; one without pods is hidden from nobody. */
static bool sees_service(const struct pod_plan *viewer, const struct service_plan *service)
{
	for (size_t i = 0; i < service->pods.count; i++) {
		if (sees_pod(viewer, service->pods.items[i]))
			return true;
	}
	return service->pods.count == 0;
}

/* Aliases of networks stand where the pod's own name does. */
static void add_peer_names(const struct pod_plan *viewer, const char *pod,
			   struct string_list *names)
{
	for (size_t i = 0; i < viewer->peer_name_count; i++) {
		const struct peer_name *peer = &viewer->peer_names[i];
		if (strcmp(peer->pod, pod) == 0 && !string_list_has(names, peer->name))
			add_names(names, peer->name);
	}
}

static bool has_service(const struct project_plan *plan, const char *name)
{
	for (size_t i = 0; i < plan->service_count; i++) {
		if (strcmp(plan->services[i].name, name) == 0)
			return true;
	}
	return false;
}

static void add_instance(const struct supervisor *supervisor, const struct instance *instance,
			 const struct pod_plan *viewer, struct host_list *ret)
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
	/* Without a Service of its name there is nobody else whom the aliases could mean. */
	if (!has_service(&supervisor->plan, instance->status.pod))
		add_peer_names(viewer, instance->status.pod, names);
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
		if (strcmp(service->name, instance->status.pod) == 0)
			add_peer_names(viewer, service->name, names);
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

void services_add_hosts(const struct supervisor *supervisor, const struct pod_plan *viewer,
			struct host_list *ret)
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
		if (service->is_headless || service_plan_is_outside(service) ||
		    !sees_service(viewer, service))
			continue;
		struct host_entry *entry = add_host(ret, address);
		add_names(&entry->names, service->name);
		if (string_list_has(&service->pods, service->name))
			add_peer_names(viewer, service->name, &entry->names);
		add_services(entry, service, service->name);
	}
	for (size_t i = 0; i < supervisor->instance_count; i++) {
		const struct instance *instance = supervisor->instances[i];
		if ((instance->status.address != NULL || supervisor->is_session) &&
		    !instance->is_leaving && sees_pod(viewer, instance->status.pod))
			add_instance(supervisor, instance, viewer, ret);
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

void services_add_proxies(const struct supervisor *supervisor, const struct pod_plan *viewer,
			  struct release *ret)
{
	for (size_t i = 0; supervisor->is_tunnelled && i < supervisor->port_count; i++) {
		const struct port_run *run = &supervisor->ports[i];
		AUTO_FREE char *address = services_address(supervisor, run->service);
		if (run->guest != NULL && sees_service(viewer, run->service))
			services_add_proxy(ret, address, run->port->port, run->service->name);
	}
	if (supervisor->is_session)
		session_add_proxies(supervisor, viewer, ret);
	services_add_outside(&supervisor->plan, NULL, ret, NULL);
}

void services_add_env(const struct supervisor *supervisor, const struct pod_plan *viewer,
		      struct string_list *ret)
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
		if (!service->is_headless && !service_plan_is_outside(service) &&
		    sees_service(viewer, service))
			service_env_add(ret, service->name, address, ports, service->port_count);
	}
	services_add_outside(&supervisor->plan, NULL, NULL, ret);
}

/* As a text, for comparing. */
static char *proxies_text(const struct supervisor *supervisor)
{
	AUTO(release_clear) struct release release = {0};
	const struct pod_plan anybody = {0};

	services_add_proxies(supervisor, &anybody, &release);
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

static void push_hosts(struct instance *instance)
{
	const struct supervisor *supervisor = instance->supervisor;
	const struct pod_plan *pod = project_plan_find(&supervisor->plan, instance->status.pod);
	AUTO(host_list_clear) struct host_list list = {0};

	if (instance->agent == NULL || !agent_is_up(instance->agent) || pod == NULL)
		return;
	services_add_hosts(supervisor, pod, &list);
	AUTO_FREE char *hosts = host_list_write(&list);
	if (instance->last_hosts != NULL && strcmp(instance->last_hosts, hosts) == 0)
		return;
	if (!agent_send_hosts(instance->agent, hosts, NULL)) {
		log_verbose("%s: hosts were not sent", instance->status.name);
		return;
	}
	free(instance->last_hosts);
	instance->last_hosts = TAKE_PTR(hosts);
}

void services_push_hosts(struct supervisor *supervisor)
{
	push_proxies(supervisor);
	for (size_t i = 0; i < supervisor->instance_count; i++)
		push_hosts(supervisor->instances[i]);
}
