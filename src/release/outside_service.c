/* SPDX-License-Identifier: Apache-2.0 */
#include "release/outside_service.h"

#include "base/alloc.h"
#include "base/cleanup.h"

static void add_names(struct string_list *names, const char *name)
{
	string_list_add(names, name);
	string_list_addf(names, "%s.default", name);
	string_list_addf(names, "%s.default.svc", name);
	string_list_addf(names, "%s.default.svc.cluster.local", name);
}

static void add_records(const struct outside_service *service, const char *target,
			const uint16_t *ports_or_null, struct host_entry *entry)
{
	for (size_t i = 0; i < service->port_count; i++) {
		const struct service_env_port *port = &service->ports[i];
		uint16_t number = ports_or_null != NULL ? ports_or_null[i] : port->port;
		if (port->name == NULL || number == 0)
			continue;
		struct host_service *made = ARRAY_APPEND(entry->services, entry->service_count);
		made->name =
			xasprintf("_%s._%s.%s.default.svc.cluster.local", port->name,
				  port->protocol == PROTOCOL_UDP ? "udp" : "tcp", service->name);
		made->port = number;
		made->target = xasprintf("%s.default.svc.cluster.local", target);
	}
}

static void add_endpoint(const struct outside_service *service,
			 const struct outside_endpoint *endpoint, struct host_list *ret)
{
	struct host_entry *entry = ARRAY_APPEND(ret->entries, ret->count);
	AUTO_FREE char *own = endpoint->hostname != NULL
				      ? xasprintf("%s.%s", endpoint->hostname, service->name)
				      : NULL;

	entry->ip = xstrdup(endpoint->ip);
	if (own != NULL)
		add_names(&entry->names, own);
	add_names(&entry->names, service->name);
	add_records(service, own != NULL ? own : service->name, endpoint->ports, entry);
}

void outside_service_add_hosts(const struct outside_service *service, struct host_list *ret)
{
	const struct outside *outside = service->outside;

	for (size_t i = 0; service->is_direct && i < outside->endpoint_count; i++)
		add_endpoint(service, &outside->endpoints[i], ret);
	if (service->is_direct && outside->external_name == NULL)
		return;
	struct host_entry *entry = ARRAY_APPEND(ret->entries, ret->count);
	add_names(&entry->names, service->name);
	entry->alias = xstrdup_or_null(outside->external_name);
	if (outside->external_name != NULL)
		return;
	entry->ip = xstrdup(service->address);
	add_records(service, service->name, NULL, entry);
}

void outside_service_add_proxies(const struct outside_service *service, struct release *ret)
{
	const struct outside *outside = service->outside;

	if (service->is_direct || outside->external_name != NULL)
		return;
	for (size_t p = 0; p < service->port_count; p++) {
		struct service_proxy *proxy = ARRAY_APPEND(ret->proxies, ret->proxy_count);
		proxy->ip = xstrdup(service->address);
		proxy->port = service->ports[p].port;
		proxy->service = xstrdup(service->name);
		proxy->is_sticky = service->is_sticky;
		for (size_t i = 0; i < outside->endpoint_count; i++) {
			const struct outside_endpoint *one = &outside->endpoints[i];
			if (one->ports[p] != 0)
				string_list_addf(&proxy->targets, "%s:%u", one->ip,
						 (unsigned)one->ports[p]);
		}
	}
}

void outside_service_add_env(const struct outside_service *service, struct string_list *ret)
{
	const struct outside *outside = service->outside;

	if (outside->external_name != NULL || service->is_headless || outside->endpoint_count == 0)
		return;
	service_env_add(ret, service->name,
			service->is_direct ? outside->endpoints[0].ip : service->address,
			service->ports, service->port_count);
}
