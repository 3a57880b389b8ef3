/* SPDX-License-Identifier: Apache-2.0 */
/* The environment variables that tell a container where services are, as the kubelet makes them. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "local/supervisor/supervisor_parts.h"

/* "db-main" is DB_MAIN. Owned. */
static char *shout(const char *name)
{
	char *out = xstrdup(name);

	for (char *c = out; *c != '\0'; c++) {
		if (*c >= 'a' && *c <= 'z')
			*c = (char)(*c - 'a' + 'A');
		else if (*c == '-' || *c == '.')
			*c = '_';
	}
	return out;
}

static void put(struct strbuf *out, const char *fmt, ...) PRINTF_LIKE(2, 3);

static void put(struct strbuf *out, const char *fmt, ...)
{
	AUTO_FREE char *line = NULL;
	va_list args;

	va_start(args, fmt);
	line = xvasprintf(fmt, args);
	va_end(args);
	if (out->size > 1)
		strbuf_append_char(out, ',');
	strbuf_append_json(out, line);
}

static void put_port(struct strbuf *out, const char *name, const char *address,
		     const struct port_plan *port)
{
	const char *protocol = port->is_udp ? "udp" : "tcp";
	AUTO_FREE char *key = xasprintf("%s_PORT_%u_%s", name, (unsigned)port->port,
					port->is_udp ? "UDP" : "TCP");

	put(out, "%s=%s://%s:%u", key, protocol, address, (unsigned)port->port);
	put(out, "%s_PROTO=%s", key, protocol);
	put(out, "%s_PORT=%u", key, (unsigned)port->port);
	put(out, "%s_ADDR=%s", key, address);
}

static void put_service(struct strbuf *out, const char *address, const struct service_plan *service)
{
	AUTO_FREE char *name = shout(service->name);
	const struct port_plan *first = &service->ports[0];

	put(out, "%s_SERVICE_HOST=%s", name, address);
	put(out, "%s_SERVICE_PORT=%u", name, (unsigned)first->port);
	for (size_t i = 0; i < service->port_count; i++) {
		const struct port_plan *port = &service->ports[i];
		if (port->name == NULL)
			continue;
		AUTO_FREE char *port_name = shout(port->name);
		put(out, "%s_SERVICE_PORT_%s=%u", name, port_name, (unsigned)port->port);
	}
	put(out, "%s_PORT=%s://%s:%u", name, first->is_udp ? "udp" : "tcp", address,
	    (unsigned)first->port);
	for (size_t i = 0; i < service->port_count; i++)
		put_port(out, name, address, &service->ports[i]);
}

char *services_env_json(const struct supervisor *supervisor)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;

	strbuf_append_char(&out, '[');
	for (size_t i = 0; i < supervisor->plan.service_count; i++) {
		const struct service_plan *service = &supervisor->plan.services[i];
		AUTO_FREE char *address = services_address(supervisor, service);
		if (!service->is_headless && service->port_count > 0)
			put_service(&out, address, service);
	}
	strbuf_append_char(&out, ']');
	return strbuf_take(&out);
}
