/* SPDX-License-Identifier: Apache-2.0 */
/* Published ports, service addresses, and the names by which pods find each other. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "local/supervisor/supervisor_parts.h"

static unsigned name_slot(const char *name)
{
	uint8_t raw[SHA256_SIZE];

	sha256_bytes(name, strlen(name), raw);
	return raw[0] % NETWORK_SERVICE_COUNT;
}

/* The service's place among the addresses: by its name, so that it stays when others come. */
static unsigned service_slot(const struct supervisor *supervisor, const char *service)
{
	bool is_taken[NETWORK_SERVICE_COUNT] = {false};
	unsigned slot = 0;

	for (size_t i = 0; i < supervisor->plan.service_count; i++) {
		const char *name = supervisor->plan.services[i].name;
		slot = name_slot(name);
		for (unsigned step = 0; is_taken[slot] && step < NETWORK_SERVICE_COUNT; step++)
			slot = (slot + 1) % NETWORK_SERVICE_COUNT;
		is_taken[slot] = true;
		if (strcmp(name, service) == 0)
			break;
	}
	return slot;
}

char *services_address(const struct supervisor *supervisor, const char *service)
{
	unsigned slot = service_slot(supervisor, service);

	/* In session mode the guest listens on its own loopback and tunnels (doc/formats.md). */
	return supervisor->is_session ? xasprintf("127.77.0.%u", 1 + slot)
				      : xasprintf("10.77.%u.%u", supervisor->network.subnet,
						  NETWORK_FIRST_SERVICE + slot);
}

static struct port_run *find_run(struct supervisor *supervisor, const struct service_plan *service,
				 const struct port_plan *port)
{
	for (size_t i = 0; i < supervisor->port_count; i++) {
		struct port_run *run = &supervisor->ports[i];
		if (strcmp(run->service, service->name) == 0 && run->port == port->port &&
		    run->is_udp == port->is_udp && run->wanted_host_port == port->host_port &&
		    run->target_port == port->target_port &&
		    strcmp(run->address, supervisor->plan.bind) == 0)
			return run;
	}
	return NULL;
}

static void close_run(struct port_run *run)
{
	if (run->host != NULL)
		balancer_close_port(run->host);
	if (run->guest != NULL)
		balancer_close_port(run->guest);
	free(run->service);
	free(run->name);
	free(run->problem);
	free(run->address);
	string_list_clear(&run->pods);
	*run = (struct port_run){0};
}

static void note_problem(struct supervisor *supervisor, struct port_run *run,
			 const struct error *problem)
{
	AUTO_FREE char *object = xasprintf("service/%s", run->service);

	free(run->problem);
	run->problem = xstrdup(problem->message);
	supervisor_say(supervisor, true, "PortFailed", object, "%s%s%s", problem->message,
		       problem->hint != NULL ? "; " : "",
		       problem->hint != NULL ? problem->hint : "");
}

static void open_run(struct supervisor *supervisor, const struct service_plan *service,
		     const struct port_plan *port)
{
	struct port_run *run = ARRAY_APPEND(supervisor->ports, supervisor->port_count);
	AUTO_FREE char *address = services_address(supervisor, service->name);
	AUTO(error_clear) struct error problem = ERROR_INIT;
	struct balancer_port_options options = {.service = service->name,
						.address = supervisor->plan.bind,
						.port = port->host_port,
						.is_udp = port->is_udp,
						.has_client_affinity = service->has_affinity,
						.move = port->is_asked_for ? LISTEN_MOVE_PRIVILEGED
									   : LISTEN_MOVE_TAKEN};

	run->service = xstrdup(service->name);
	run->name = xstrdup_or_null(port->name);
	run->port = port->port;
	run->target_port = port->target_port;
	run->wanted_host_port = port->host_port;
	run->is_udp = port->is_udp;
	run->address = xstrdup(supervisor->plan.bind);
	run->is_kept = true;
	if (port->host_port != 0) {
		run->host = balancer_open_port(supervisor->balancer, &options, &problem);
		if (run->host == NULL)
			note_problem(supervisor, run, &problem);
		error_clear(&problem);
	}
	if (service->is_headless)
		return;
	if (supervisor->is_session && port->is_udp) {
		supervisor_say(
			supervisor, true, "NoUdp", service->name,
			"without a network of its own (session mode) no pod reaches UDP port "
			"%u of another; --connect qemu:///system has one",
			(unsigned)port->port);
		return;
	}
	/* In session mode tunnels from guests end here, and nothing else. */
	options.has_no_listener = supervisor->is_session;
	options.address = supervisor->is_session ? "127.0.0.1" : address;
	options.port = port->port;
	options.move = LISTEN_MOVE_NEVER;
	run->guest = balancer_open_port(supervisor->balancer, &options, &problem);
	if (run->guest == NULL)
		note_problem(supervisor, run, &problem);
}

static void open_runs(struct supervisor *supervisor, bool is_asked_for)
{
	for (size_t i = 0; i < supervisor->plan.service_count; i++) {
		const struct service_plan *service = &supervisor->plan.services[i];
		for (size_t k = 0; k < service->port_count; k++) {
			if (service->ports[k].is_asked_for != is_asked_for)
				continue;
			struct port_run *run = find_run(supervisor, service, &service->ports[k]);
			if (run == NULL) {
				open_run(supervisor, service, &service->ports[k]);
				run = &supervisor->ports[supervisor->port_count - 1];
			}
			run->is_http = service->ports[k].is_http;
			string_list_clear(&run->pods);
			string_list_copy(&run->pods, &service->pods);
		}
	}
}

void services_apply(struct supervisor *supervisor)
{
	for (size_t i = 0; i < supervisor->port_count; i++)
		supervisor->ports[i].is_kept = false;
	for (size_t i = 0; i < supervisor->plan.service_count; i++) {
		const struct service_plan *service = &supervisor->plan.services[i];
		for (size_t k = 0; k < service->port_count; k++) {
			struct port_run *run = find_run(supervisor, service, &service->ports[k]);
			if (run != NULL)
				run->is_kept = true;
		}
	}
	/* First those that go, so that their numbers are free for those that come. */
	for (size_t i = 0; i < supervisor->port_count;) {
		if (supervisor->ports[i].is_kept) {
			i++;
			continue;
		}
		close_run(&supervisor->ports[i]);
		supervisor->ports[i] = supervisor->ports[--supervisor->port_count];
	}
	/* Then those whose number somebody asked for; the others take what is left. */
	open_runs(supervisor, true);
	open_runs(supervisor, false);
	for (size_t i = 0; i < supervisor->instance_count; i++) {
		if (supervisor->instances[i]->status.is_ready)
			services_add(supervisor, supervisor->instances[i]);
	}
}

void services_close(struct supervisor *supervisor)
{
	for (size_t i = 0; i < supervisor->port_count; i++)
		close_run(&supervisor->ports[i]);
	session_directs_close(supervisor);
	free(supervisor->ports);
	supervisor->ports = NULL;
	supervisor->port_count = 0;
}

static void add_to(struct balancer_port *port, const struct balancer_backend *backend)
{
	AUTO(error_clear) struct error problem = ERROR_INIT;

	if (port != NULL && !balancer_port_add(port, backend, &problem))
		log_verbose("%s: %s", backend->name, problem.message);
}

void services_add(struct supervisor *supervisor, struct instance *instance)
{
	for (size_t i = 0; i < supervisor->port_count; i++) {
		struct port_run *run = &supervisor->ports[i];
		struct balancer_backend backend = {.name = instance->status.name,
						   .address = instance->status.address,
						   .port = run->target_port};
		if (!string_list_has(&run->pods, instance->status.pod))
			continue;
		if (supervisor->is_session)
			backend.agent = instance->agent;
		add_to(run->host, &backend);
		add_to(run->guest, &backend);
	}
}

void services_remove(struct supervisor *supervisor, struct instance *instance, unsigned drain_ms)
{
	(void)balancer_remove(supervisor->balancer, instance->status.name, drain_ms);
}

void services_tunnel(struct supervisor *supervisor, struct agent_stream *stream,
		     const char *service, uint16_t port)
{
	for (size_t i = 0; i < supervisor->port_count; i++) {
		const struct port_run *run = &supervisor->ports[i];
		if (strcmp(run->service, service) == 0 && run->port == port && !run->is_udp &&
		    run->guest != NULL) {
			balancer_port_serve_stream(run->guest, stream);
			return;
		}
	}
	if (!session_tunnel(supervisor, stream, service, port))
		agent_stream_abort(stream, "no such service");
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
		AUTO_FREE char *address = services_address(supervisor, service->name);
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
	for (size_t i = 0; supervisor->is_session && i < supervisor->port_count; i++) {
		const struct port_run *run = &supervisor->ports[i];
		AUTO_FREE char *address = services_address(supervisor, run->service);
		if (run->guest != NULL)
			services_put_proxy(&out, address, run->port, run->service);
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

	if (supervisor->is_session)
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
