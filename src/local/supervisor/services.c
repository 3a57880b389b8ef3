/* SPDX-License-Identifier: Apache-2.0 */
#include "local/supervisor/services.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/loop_timer.h"
#include "local/agent/agent_stream.h"
#include "local/ports/balancer_tcp.h"
#include "local/supervisor/instance.h"
#include "local/supervisor/service_names.h"
#include "local/supervisor/session_names.h"
#include "local/supervisor/supervisor_parts.h"
#include "local/supervisor/traffic.h"
#include "local/vm/service_network.h"

#define RETRY_MS 1000

static bool is_same_port(const struct port_plan *a, const struct port_plan *b)
{
	return a->port == b->port && a->is_udp == b->is_udp && a->host_port == b->host_port &&
	       a->target_port == b->target_port && a->is_asked_for == b->is_asked_for;
}

static bool is_same_service(const struct service_plan *a, const struct service_plan *b)
{
	return strcmp(a->name, b->name) == 0 && a->slot == b->slot &&
	       a->has_affinity == b->has_affinity && a->is_headless == b->is_headless;
}

static const char *bind_of(const struct supervisor *supervisor, const struct port_plan *port)
{
	return port->host_ip != NULL ? port->host_ip : supervisor->plan.bind;
}

static struct port_run *find_run(struct supervisor *supervisor, const struct service_plan *service,
				 const struct port_plan *port)
{
	for (size_t i = 0; i < supervisor->port_count; i++) {
		struct port_run *run = &supervisor->ports[i];
		if (is_same_service(run->service, service) && is_same_port(run->port, port) &&
		    strcmp(run->bind, bind_of(supervisor, port)) == 0)
			return run;
	}
	return NULL;
}

static void close_port(struct balancer_port **port)
{
	if (*port != NULL)
		balancer_close_port(*port);
	*port = NULL;
}

static void close_run(struct port_run *run)
{
	close_port(&run->hosts[0]);
	close_port(&run->hosts[1]);
	close_port(&run->guest);
	close_port(&run->proxied);
	free(run->problem);
	free(run->bind);
	*run = (struct port_run){0};
}

/* Once for each reason, however often it is tried. */
static void note_problem(struct supervisor *supervisor, struct port_run *run,
			 const struct error *problem)
{
	AUTO_FREE char *object = xasprintf("service/%s", run->service->name);

	loop_timer_set(supervisor->ports_retry, RETRY_MS);
	if (run->problem != NULL && strcmp(run->problem, problem->message) == 0)
		return;
	free(run->problem);
	run->problem = xstrdup(problem->message);
	supervisor_say(supervisor, true, "PortFailed", object, "%s%s%s", problem->message,
		       problem->hint != NULL ? "; " : "",
		       problem->hint != NULL ? problem->hint : "");
}

char *services_problem(const struct supervisor *supervisor, const struct port_run *run)
{
	const struct balancer_port *const ports[] = {run->hosts[0], run->hosts[1], run->guest,
						     run->proxied};

	if (run->problem != NULL)
		return xstrdup(run->problem);
	for (size_t i = 0; i < ARRAY_SIZE(ports); i++) {
		struct balancer_counters counters = {0};
		if (ports[i] != NULL)
			balancer_port_get_counters(ports[i], &counters);
		/* Tunnels reach what listens on localhost, too. */
		if (counters.is_refused_now)
			return xasprintf("nothing listens on port %u in the pod%s",
					 (unsigned)run->port->target_port,
					 supervisor->is_session ? "" : ", or only on 127.0.0.1");
	}
	return NULL;
}

static void on_refused(struct balancer_port *port, void *arg)
{
	struct supervisor *supervisor = arg;

	for (size_t i = 0; i < supervisor->port_count; i++) {
		struct port_run *run = &supervisor->ports[i];
		AUTO_FREE char *object = xasprintf("service/%s", run->service->name);
		AUTO_FREE char *problem = services_problem(supervisor, run);
		if (run->hosts[0] != port && run->hosts[1] != port && run->guest != port &&
		    run->proxied != port)
			continue;
		supervisor_say(supervisor, true, "PortRefused", object,
			       "%s; connections to it fail", problem != NULL ? problem : "refused");
	}
}

/*
 * localhost is ::1 before it is 127.0.0.1, so a port on the one is on the other, too; a machine
 * without IPv6 has no such address.
 */
static struct balancer_port *open_beside(struct supervisor *supervisor, const struct port_run *run,
					 struct error *problem)
{
	struct balancer_port_options options = {
		.service = run->service->name,
		.address = "::1",
		.port = balancer_port_number(run->hosts[0]),
		.target_port = run->port->target_port,
		.may_reach = supervisor_may_reach,
		.refused = on_refused,
		.arg = supervisor,
		.is_udp = run->port->is_udp,
		.has_client_affinity = run->service->has_affinity,
		.move = LISTEN_MOVE_NEVER,
	};
	struct balancer_port *port = balancer_open_port(supervisor->balancer, &options, problem);

	if (port == NULL && problem->kind != ERROR_EXISTS)
		error_clear(problem);
	return port;
}

static void open_hosts(struct supervisor *supervisor, struct port_run *run)
{
	AUTO(error_clear) struct error problem = ERROR_INIT;
	const struct balancer_port_options options = {
		.service = run->service->name,
		.address = run->bind,
		.port = run->port->host_port,
		.target_port = run->port->target_port,
		.may_reach = supervisor_may_reach,
		.refused = on_refused,
		.arg = supervisor,
		.is_udp = run->port->is_udp,
		.has_client_affinity = run->service->has_affinity,
		.move = run->port->is_asked_for ? LISTEN_MOVE_PRIVILEGED : LISTEN_MOVE_TAKEN,
	};

	if (run->hosts[0] == NULL)
		run->hosts[0] = balancer_open_port(supervisor->balancer, &options, &problem);
	if (run->hosts[0] != NULL && run->hosts[1] == NULL && run->port->host_ip == NULL &&
	    strcmp(run->bind, "127.0.0.1") == 0)
		run->hosts[1] = open_beside(supervisor, run, &problem);
	if (problem.message != NULL) {
		note_problem(supervisor, run, &problem);
		return;
	}
	free(run->problem);
	run->problem = NULL;
}

static void open_guest(struct supervisor *supervisor, struct port_run *run)
{
	AUTO(error_clear) struct error problem = ERROR_INIT;
	AUTO_FREE char *address = services_address(supervisor, run->service);
	const struct balancer_port_options options = {
		.service = run->service->name,
		.address = supervisor->is_tunnelled ? "127.0.0.1" : address,
		.port = run->port->port,
		.is_udp = run->port->is_udp,
		.has_client_affinity = run->service->has_affinity,
		.move = LISTEN_MOVE_NEVER,
		/* Tunnels from guests end here, and nothing else. */
		.has_no_listener = supervisor->is_tunnelled,
		.namespace_fd = &supervisor->services.fd,
		.may_reach = supervisor_may_reach,
		.refused = on_refused,
		.arg = supervisor,
	};

	run->guest = balancer_open_port(supervisor->balancer, &options, &problem);
	if (run->guest == NULL)
		note_problem(supervisor, run, &problem);
}

/* As routes begin to lead to it, or no longer do. */
static void follow_routes(struct supervisor *supervisor, struct port_run *run)
{
	AUTO(error_clear) struct error problem = ERROR_INIT;
	bool is_wanted =
		!run->port->is_udp &&
		proxy_plan_leads_to(&supervisor->plan.proxy, run->service->name, run->port->port);
	const struct balancer_port_options options = {
		.service = run->service->name,
		.port = run->port->port,
		.move = LISTEN_MOVE_NEVER,
		.has_no_listener = true,
		.refused = on_refused,
		.arg = supervisor,
	};

	if (!is_wanted)
		close_port(&run->proxied);
	if (!is_wanted || run->proxied != NULL)
		return;
	run->proxied = balancer_open_port(supervisor->balancer, &options, &problem);
	if (run->proxied == NULL)
		note_problem(supervisor, run, &problem);
}

static void say_no_udp(struct supervisor *supervisor, const struct port_run *run)
{
	supervisor_say(supervisor, true, "NoUdp", run->service->name,
		       supervisor->is_session
			       ? "without a network of its own (session mode) no pod reaches UDP "
				 "port %u of another; --connect qemu:///system has one"
			       : "no pod reaches UDP port %u of a Service: i2kit runs without the "
				 "privilege to give Services addresses; sudo i2kit up has it",
		       (unsigned)run->port->port);
}

static struct port_run *open_run(struct supervisor *supervisor, const struct service_plan *service,
				 const struct port_plan *port)
{
	struct port_run *run = ARRAY_APPEND(supervisor->ports, supervisor->port_count);

	run->service = service;
	run->port = port;
	run->bind = xstrdup(bind_of(supervisor, port));
	run->is_kept = true;
	if (port->host_port != 0)
		open_hosts(supervisor, run);
	if (service->is_headless)
		return run;
	if (supervisor->is_tunnelled && port->is_udp)
		say_no_udp(supervisor, run);
	else
		open_guest(supervisor, run);
	return run;
}

static void open_runs(struct supervisor *supervisor, bool is_asked_for)
{
	for (size_t i = 0; i < supervisor->plan.service_count; i++) {
		const struct service_plan *service = &supervisor->plan.services[i];
		for (size_t k = 0; k < service->port_count; k++) {
			const struct port_plan *port = &service->ports[k];
			if (port->is_asked_for != is_asked_for || service_plan_is_outside(service))
				continue;
			struct port_run *run = find_run(supervisor, service, port);
			if (run == NULL)
				run = open_run(supervisor, service, port);
			run->service = service;
			run->port = port;
			follow_routes(supervisor, run);
		}
	}
}

static void keep_runs(struct supervisor *supervisor)
{
	for (size_t i = 0; i < supervisor->port_count; i++)
		supervisor->ports[i].is_kept = false;
	for (size_t i = 0; i < supervisor->plan.service_count; i++) {
		const struct service_plan *service = &supervisor->plan.services[i];
		for (size_t k = 0; k < service->port_count; k++) {
			struct port_run *run = find_run(supervisor, service, &service->ports[k]);
			if (run != NULL && !service_plan_is_outside(service))
				run->is_kept = true;
		}
	}
	for (size_t i = 0; i < supervisor->port_count;) {
		if (supervisor->ports[i].is_kept) {
			i++;
			continue;
		}
		close_run(&supervisor->ports[i]);
		supervisor->ports[i] = supervisor->ports[--supervisor->port_count];
	}
}

/* Those of this plan, and no others. */
static void set_addresses(struct supervisor *supervisor)
{
	bool is_wanted[SERVICE_SLOT_COUNT + 1] = {false};

	if (supervisor->is_tunnelled)
		return;
	for (size_t i = 0; i < supervisor->plan.service_count; i++) {
		if (!service_plan_is_outside(&supervisor->plan.services[i]))
			is_wanted[supervisor->plan.services[i].slot] = true;
	}
	for (unsigned slot = 1; slot <= SERVICE_SLOT_COUNT; slot++) {
		AUTO(error_clear) struct error problem = ERROR_INIT;
		unsigned host = NETWORK_LAST_SERVICE + 1 - slot;
		if (!is_wanted[slot])
			service_network_remove(&supervisor->services, host);
		else if (!service_network_add(&supervisor->services, host, &problem))
			supervisor_say(supervisor, true, "NoAddress", supervisor->project, "%s",
				       problem.message);
	}
}

void services_apply(struct supervisor *supervisor)
{
	/* First those that go, so that their numbers are free for those that come. */
	keep_runs(supervisor);
	set_addresses(supervisor);
	/* Then those whose number somebody asked for; the others take what is left. */
	open_runs(supervisor, true);
	open_runs(supervisor, false);
	for (size_t i = 0; i < supervisor->instance_count; i++) {
		if (supervisor->instances[i]->status.is_ready)
			services_add(supervisor, supervisor->instances[i]);
	}
}

static void add_ready(struct supervisor *supervisor, struct port_run *run);

void services_retry(struct supervisor *supervisor)
{
	for (size_t i = 0; i < supervisor->port_count; i++) {
		struct port_run *run = &supervisor->ports[i];
		if (run->problem == NULL || run->port->host_port == 0)
			continue;
		open_hosts(supervisor, run);
		add_ready(supervisor, run);
		if (run->problem != NULL)
			continue;
		supervisor_say(supervisor, false, "PortOpened", run->service->name,
			       "port %u is free now, and published",
			       (unsigned)run->port->host_port);
		supervisor_changed(supervisor);
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

static void add_backend(const struct supervisor *supervisor, struct port_run *run,
			const struct instance *instance)
{
	struct balancer_backend backend = {.name = instance->status.name,
					   .address = instance->status.address,
					   .port = run->port->target_port};

	if (!string_list_has(&run->service->pods, instance->status.pod))
		return;
	if (supervisor->is_session)
		backend.agent = instance->agent;
	add_to(run->hosts[0], &backend);
	add_to(run->hosts[1], &backend);
	add_to(run->guest, &backend);
	add_to(run->proxied, &backend);
}

static void add_ready(struct supervisor *supervisor, struct port_run *run)
{
	for (size_t i = 0; i < supervisor->instance_count; i++) {
		if (supervisor->instances[i]->status.is_ready)
			add_backend(supervisor, run, supervisor->instances[i]);
	}
}

struct balancer_port *services_proxied(const struct supervisor *supervisor, const char *service,
				       uint16_t port)
{
	for (size_t i = 0; i < supervisor->port_count; i++) {
		const struct port_run *run = &supervisor->ports[i];
		if (run->proxied != NULL && run->port->port == port &&
		    strcmp(run->service->name, service) == 0)
			return run->proxied;
	}
	return NULL;
}

void services_add(struct supervisor *supervisor, struct instance *instance)
{
	for (size_t i = 0; i < supervisor->port_count; i++)
		add_backend(supervisor, &supervisor->ports[i], instance);
}

void services_remove(struct supervisor *supervisor, struct instance *instance, unsigned drain_ms)
{
	(void)balancer_remove(supervisor->balancer, instance->status.name, drain_ms);
}

bool services_may_open(const struct supervisor *supervisor, const struct egress_policy *egress,
		       const char *target)
{
	const struct instance *instance = NULL;

	if (!egress->is_restricted || string_list_has(&egress->names, target))
		return true;
	for (size_t i = 0; i < supervisor->instance_count; i++) {
		if (strcmp(supervisor->instances[i]->status.name, target) == 0)
			instance = supervisor->instances[i];
	}
	if (instance == NULL)
		return false;
	if (string_list_has(&egress->names, instance->status.pod))
		return true;
	for (size_t i = 0; i < supervisor->plan.service_count; i++) {
		const struct service_plan *service = &supervisor->plan.services[i];
		if (string_list_has(&egress->names, service->name) &&
		    string_list_has(&service->pods, instance->status.pod))
			return true;
	}
	return false;
}

void services_tunnel(const struct instance *from, struct agent_stream *stream, const char *service,
		     uint16_t port)
{
	struct supervisor *supervisor = from->supervisor;
	const struct pod_plan *pod = project_plan_find(&supervisor->plan, from->status.pod);

	/* With NetworkPolicies it is asked of each instance behind the Service. */
	if (pod != NULL && !pod->outgoing.is_isolated &&
	    !services_may_open(supervisor, &pod->egress, service)) {
		agent_stream_abort(stream, "the pod's egress policy does not name it");
		return;
	}
	for (size_t i = 0; i < supervisor->port_count; i++) {
		const struct port_run *run = &supervisor->ports[i];
		if (strcmp(run->service->name, service) == 0 && run->port->port == port &&
		    !run->port->is_udp && run->guest != NULL) {
			balancer_port_serve_stream(run->guest, stream, from->status.name);
			return;
		}
	}
	if (!session_tunnel(from, stream, service, port))
		agent_stream_abort(stream, "no such service");
}
