/* SPDX-License-Identifier: Apache-2.0 */
#include "release/service_env.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/cleanup.h"

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

static void add_port(struct string_list *ret, const char *name, const char *address,
		     const struct service_env_port *port)
{
	const char *scheme = port->protocol == PROTOCOL_UDP ? "udp" : "tcp";
	AUTO_FREE char *key = xasprintf("%s_PORT_%u_%s", name, (unsigned)port->port,
					protocol_words[port->protocol]);

	string_list_addf(ret, "%s=%s://%s:%u", key, scheme, address, (unsigned)port->port);
	string_list_addf(ret, "%s_PROTO=%s", key, scheme);
	string_list_addf(ret, "%s_PORT=%u", key, (unsigned)port->port);
	string_list_addf(ret, "%s_ADDR=%s", key, address);
}

void service_env_add(struct string_list *ret, const char *service, const char *address,
		     const struct service_env_port *ports, size_t port_count)
{
	if (port_count == 0)
		return;
	AUTO_FREE char *name = shout(service);

	string_list_addf(ret, "%s_SERVICE_HOST=%s", name, address);
	string_list_addf(ret, "%s_SERVICE_PORT=%u", name, (unsigned)ports[0].port);
	for (size_t i = 0; i < port_count; i++) {
		if (ports[i].name == NULL)
			continue;
		AUTO_FREE char *port_name = shout(ports[i].name);
		string_list_addf(ret, "%s_SERVICE_PORT_%s=%u", name, port_name,
				 (unsigned)ports[i].port);
	}
	string_list_addf(ret, "%s_PORT=%s://%s:%u", name,
			 ports[0].protocol == PROTOCOL_UDP ? "udp" : "tcp", address,
			 (unsigned)ports[0].port);
	for (size_t i = 0; i < port_count; i++)
		add_port(ret, name, address, &ports[i]);
}
