/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Session mode gives VMs no network of their own, so instances have no address that another could
 * reach. Each gets one on every guest's loopback instead; the guest listens for it and tunnels to
 * us, and we tunnel on to the instance. Only ports that a Service names are led.
 */
#include "local/supervisor/session_names.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "local/agent/agent.h"
#include "local/ports/balancer_tcp.h"
#include "local/supervisor/instance.h"
#include "local/supervisor/service_names.h"
#include "local/supervisor/supervisor_parts.h"
#include "local/supervisor/traffic.h"

#define POD_SLOTS    (1U << 15)
#define MAX_REPLICAS 254U

static unsigned slot_of_name(const char *name)
{
	struct digest digest = sha256_digest(name, strlen(name));

	return (digest.bytes[0] * 256U + digest.bytes[1]) % POD_SLOTS;
}

/*
 * By its name, so that it stays when other pods come; two with the same slot: the later moves on.
 */
static unsigned pod_slot(const struct supervisor *supervisor, const char *pod)
{
	unsigned slot = slot_of_name(pod);

	for (size_t i = 0; i < supervisor->plan.pod_count; i++) {
		const char *name = supervisor->plan.pods[i].name;
		if (strcmp(name, pod) == 0)
			break;
		if (slot_of_name(name) == slot)
			slot = (slot + 1) % POD_SLOTS;
	}
	return slot;
}

char *session_instance_address(const struct supervisor *supervisor, const char *pod,
			       unsigned replica)
{
	unsigned slot = pod_slot(supervisor, pod);

	return xasprintf("127.%u.%u.%u", 128 + slot / 256, slot % 256,
			 1 + (replica < MAX_REPLICAS ? replica : MAX_REPLICAS - 1));
}

static void add_pod(const struct supervisor *supervisor, const struct pod_plan *pod, uint16_t port,
		    struct release *ret)
{
	for (size_t i = 0; i < supervisor->instance_count; i++) {
		const struct instance_status *status = &supervisor->instances[i]->status;
		if (strcmp(status->pod, pod->name) != 0 || status->replica >= MAX_REPLICAS)
			continue;
		AUTO_FREE char *address =
			session_instance_address(supervisor, status->pod, status->replica);
		services_add_proxy(ret, address, port, status->name);
	}
}

/* The service's port i is the first of it that leads to its target. */
static bool is_first(const struct service_plan *service, size_t i)
{
	for (size_t k = 0; k < i; k++) {
		if (!service->ports[k].is_udp &&
		    service->ports[k].target_port == service->ports[i].target_port)
			return false;
	}
	return !service->ports[i].is_udp;
}

void session_add_proxies(const struct supervisor *supervisor, const struct pod_plan *viewer,
			 struct release *ret)
{
	for (size_t i = 0; i < supervisor->plan.service_count; i++) {
		const struct service_plan *service = &supervisor->plan.services[i];
		for (size_t p = 0; p < service->pods.count; p++) {
			const struct pod_plan *pod =
				project_plan_find(&supervisor->plan, service->pods.items[p]);
			bool is_seen = pod != NULL && !string_list_has(&viewer->hidden, pod->name);
			for (size_t k = 0; is_seen && k < service->port_count; k++) {
				if (is_first(service, k))
					add_pod(supervisor, pod, service->ports[k].target_port,
						ret);
			}
		}
	}
}

static bool is_led(const struct supervisor *supervisor, const char *pod, uint16_t port)
{
	for (size_t i = 0; i < supervisor->plan.service_count; i++) {
		const struct service_plan *service = &supervisor->plan.services[i];
		for (size_t k = 0; k < service->port_count; k++) {
			if (!service->ports[k].is_udp && service->ports[k].target_port == port &&
			    string_list_has(&service->pods, pod))
				return true;
		}
	}
	return false;
}

static struct balancer_port *direct_port(struct supervisor *supervisor, const char *instance,
					 uint16_t port)
{
	const struct balancer_port_options options = {.service = instance,
						      .port = port,
						      .has_no_listener = true,
						      .may_reach = supervisor_may_reach,
						      .arg = supervisor};
	AUTO(error_clear) struct error problem = ERROR_INIT;

	for (size_t i = 0; i < supervisor->direct_count; i++) {
		if (supervisor->directs[i].port == port &&
		    strcmp(supervisor->directs[i].instance, instance) == 0)
			return supervisor->directs[i].balanced;
	}
	struct balancer_port *made = balancer_open_port(supervisor->balancer, &options, &problem);
	if (made == NULL) {
		log_verbose("%s: %s", instance, problem.message);
		return NULL;
	}
	*ARRAY_APPEND(supervisor->directs, supervisor->direct_count) =
		(struct direct_port){.instance = xstrdup(instance), .port = port, .balanced = made};
	return made;
}

bool session_tunnel(const struct instance *from, struct agent_stream *stream,
		    const char *instance_name, uint16_t port)
{
	struct supervisor *supervisor = from->supervisor;
	struct instance *instance = supervisor_find(supervisor, instance_name);
	struct balancer_port *direct;
	AUTO(error_clear) struct error problem = ERROR_INIT;

	if (!supervisor->is_session || instance == NULL ||
	    !is_led(supervisor, instance->status.pod, port))
		return false;
	direct = direct_port(supervisor, instance_name, port);
	if (direct == NULL)
		return false;
	/* Ready or not: peers of a StatefulSet find each other while they start. */
	if (instance->agent != NULL && agent_is_up(instance->agent)) {
		const struct balancer_backend backend = {
			.name = instance_name, .port = port, .agent = instance->agent};
		if (!balancer_port_add(direct, &backend, &problem))
			return false;
	}
	balancer_port_serve_stream(direct, stream, from->status.name);
	return true;
}

void session_directs_close(struct supervisor *supervisor)
{
	for (size_t i = 0; i < supervisor->direct_count; i++) {
		balancer_close_port(supervisor->directs[i].balanced);
		free(supervisor->directs[i].instance);
	}
	free(supervisor->directs);
	supervisor->directs = NULL;
	supervisor->direct_count = 0;
}
