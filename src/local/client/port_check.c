/* SPDX-License-Identifier: Apache-2.0 */
#include "local/client/port_check.h"

#include <string.h>

#include "base/cleanup.h"
#include "local/ports/listen_socket.h"

static bool is_asked_for(const struct port_plan *port)
{
	return port->host_port != 0 && port->is_asked_for;
}

/* One number on two addresses of this machine is two ports. */
static bool are_apart(const struct port_plan *a, const struct port_plan *b)
{
	return a->host_ip != NULL && b->host_ip != NULL && strcmp(a->host_ip, b->host_ip) != 0 &&
	       strcmp(a->host_ip, "0.0.0.0") != 0 && strcmp(b->host_ip, "0.0.0.0") != 0 &&
	       strcmp(a->host_ip, "::") != 0 && strcmp(b->host_ip, "::") != 0;
}

static const struct service_plan *find_earlier(const struct project_plan *plan, size_t service,
					       size_t index)
{
	const struct port_plan *port = &plan->services[service].ports[index];

	for (size_t i = 0; i <= service; i++) {
		for (size_t k = 0; k < plan->services[i].port_count; k++) {
			const struct port_plan *other = &plan->services[i].ports[k];
			if (i == service && k == index)
				return NULL;
			if (is_asked_for(other) && other->host_port == port->host_port &&
			    other->is_udp == port->is_udp && !are_apart(other, port))
				return &plan->services[i];
		}
	}
	return NULL;
}

static bool is_route_port_of(const struct project_plan *plan, unsigned front,
			     const struct port_plan *port)
{
	const struct proxy_port *wanted = &plan->proxy.ports[front];

	return wanted->is_asked_for && is_asked_for(port) && !port->is_udp &&
	       port->host_port == wanted->host_port;
}

/* Where somebody said where routes shall be; the usual places move out of the way. */
static bool check_route_ports(const struct project_plan *plan, struct error *err)
{
	const struct proxy_port *ports = plan->proxy.ports;

	if (ports[PROXY_HTTP].host_port != 0 &&
	    ports[PROXY_HTTP].host_port == ports[PROXY_HTTPS].host_port)
		return error_set(err, ERROR_USAGE, "--publish: http and https both on port %u",
				 (unsigned)ports[PROXY_HTTP].host_port);
	for (size_t i = 0; i < plan->service_count; i++) {
		for (size_t k = 0; k < PROXY_FRONTS * plan->services[i].port_count; k++) {
			unsigned front = (unsigned)(k % PROXY_FRONTS);
			if (!is_route_port_of(plan, front,
					      &plan->services[i].ports[k / PROXY_FRONTS]))
				continue;
			(void)error_set(err, ERROR_INVALID, "'%s' publishes port %u already",
					plan->services[i].name, (unsigned)ports[front].host_port);
			return error_hint(err, "--publish %s:%u", proxy_front_words[front],
					  listen_other_port(ports[front].host_port));
		}
	}
	return true;
}

bool port_check_plan(const struct project_plan *plan, struct error *err)
{
	for (size_t i = 0; i < plan->service_count; i++) {
		const struct service_plan *service = &plan->services[i];
		for (size_t k = 0; k < service->port_count; k++) {
			const struct port_plan *port = &service->ports[k];
			const struct service_plan *earlier =
				is_asked_for(port) ? find_earlier(plan, i, k) : NULL;
			if (earlier == NULL)
				continue;
			(void)error_set(err, ERROR_INVALID, "'%s' and '%s' both publish port %u",
					earlier->name, service->name, (unsigned)port->host_port);
			return error_hint(err, "--publish %s:%u:%u", service->name,
					  listen_other_port(port->host_port),
					  (unsigned)port->target_port);
		}
	}
	return check_route_ports(plan, err);
}

static bool is_ours(const struct project_status *running, const struct port_plan *port)
{
	for (size_t i = 0; running != NULL && i < running->port_count; i++) {
		const struct port_status *have = &running->ports[i];
		if (have->host_port == port->host_port && have->is_udp == port->is_udp)
			return true;
	}
	return false;
}

static bool is_free(const struct project_plan *plan, const struct service_plan *service,
		    const struct port_plan *port, struct error *err)
{
	const struct listen_options options = {
		.service = service->name,
		.is_udp = port->is_udp,
		.move = LISTEN_MOVE_PRIVILEGED,
		.target_port = port->target_port,
		.namespace_fd = -1,
	};
	struct socket_address address;
	AUTO_CLOSE int fd = -1;

	if (!socket_address_make(port->host_ip != NULL ? port->host_ip : plan->bind,
				 port->host_port, &address, err))
		return false;
	fd = listen_socket_open(&options, &address, err);
	return fd >= 0;
}

static bool is_front_free(const struct project_plan *plan, const struct project_status *running,
			  unsigned front, struct error *err)
{
	const struct port_plan port = {.host_port = plan->proxy.ports[front].host_port};
	const struct listen_options options = {.service = proxy_front_words[front],
					       .move = LISTEN_MOVE_PRIVILEGED,
					       .namespace_fd = -1};
	struct socket_address address;

	if (!plan->proxy.ports[front].is_asked_for || is_ours(running, &port))
		return true;
	if (!socket_address_make(plan->bind, port.host_port, &address, err))
		return false;
	AUTO_CLOSE int fd = listen_socket_open(&options, &address, err);
	if (fd < 0 && err->kind == ERROR_EXISTS)
		return error_hint(err, "stop that process, or --publish %s:%u", options.service,
				  listen_other_port(port.host_port));
	return fd >= 0;
}

bool port_check_free(const struct project_plan *plan, const struct project_status *running,
		     struct error *err)
{
	for (size_t i = 0; i < plan->service_count; i++) {
		const struct service_plan *service = &plan->services[i];
		for (size_t k = 0; k < service->port_count; k++) {
			const struct port_plan *port = &service->ports[k];
			if (is_asked_for(port) && !is_ours(running, port) &&
			    !is_free(plan, service, port, err))
				return false;
		}
	}
	return is_front_free(plan, running, PROXY_HTTP, err) &&
	       is_front_free(plan, running, PROXY_HTTPS, err);
}
