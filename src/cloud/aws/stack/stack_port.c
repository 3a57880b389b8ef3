/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/aws/stack/stack_port.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "cloud/aws/stack/logical_id.h"
#include "manifest/app.h"
#include "wire/kinds.h"

static bool is_http(enum service_protocol protocol)
{
	return protocol == SERVICE_HTTP || protocol == SERVICE_HTTPS;
}

bool stack_service_is_application(const struct service *service)
{
	for (size_t i = 0; i < service->port_count; i++)
		if (!is_http(service->ports[i].outer))
			return false;
	return true;
}

/* TCP and UDP on one port number share a listener. */
bool stack_port_is_pair(const struct service *service, const struct service_port *port)
{
	for (size_t i = 0; i < service->port_count; i++)
		if (service->ports[i].port == port->port &&
		    service->ports[i].target_port == port->target_port &&
		    service->ports[i].protocol != port->protocol)
			return true;
	return false;
}

bool stack_port_is_second(const struct service *service, const struct service_port *port)
{
	for (const struct service_port *other = service->ports; other < port; other++)
		if (other->port == port->port)
			return stack_port_is_pair(service, port);
	return false;
}

static const char *transport(const struct service *service, const struct service_port *port)
{
	if (stack_port_is_pair(service, port))
		return "TCP_UDP";
	return port->protocol == PROTOCOL_UDP ? "UDP" : "TCP";
}

const char *stack_listener_protocol(const struct service *service, const struct service_port *port)
{
	if (stack_service_is_application(service))
		return port->outer == SERVICE_HTTPS ? "HTTPS" : "HTTP";
	if (port->outer == SERVICE_HTTPS || port->outer == SERVICE_SSL)
		return "TLS";
	return transport(service, port);
}

const char *stack_target_protocol(const struct service *service, const struct service_port *port)
{
	if (stack_service_is_application(service))
		return port->inner == SERVICE_HTTPS ? "HTTPS" : "HTTP";
	if (port->inner == SERVICE_SSL || port->inner == SERVICE_HTTPS)
		return "TLS";
	return transport(service, port);
}

char *stack_port_id(const struct service *service, const struct service_port *port,
		    const char *suffix)
{
	AUTO_FREE char *tail = xasprintf("Port%u%s%s", port->port,
					 port->protocol == PROTOCOL_UDP ? "Udp" : "Tcp", suffix);
	return stack_logical_id(service->name, tail);
}
