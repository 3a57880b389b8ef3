/* SPDX-License-Identifier: Apache-2.0 */
/* What Octavia has of a scope (octavia.h). */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "cloud/openstack/client/page_list.h"
#include "cloud/openstack/place/scope_mark.h"
#include "cloud/openstack/service/octavia.h"

void octavia_listener_clear(struct octavia_listener *listener)
{
	free(listener->id);
	free(listener->pool);
	for (size_t i = 0; i < listener->member_count; i++) {
		free(listener->members[i].address);
		free(listener->members[i].pod);
	}
	free(listener->members);
}

void octavia_balancer_clear(struct octavia_balancer *balancer)
{
	free(balancer->id);
	free(balancer->service);
	free(balancer->status);
	free(balancer->address);
	free(balancer->port);
	free(balancer->subnet);
	for (size_t i = 0; i < balancer->listener_count; i++)
		octavia_listener_clear(&balancer->listeners[i]);
	free(balancer->listeners);
}

void octavia_list_clear(struct octavia_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		octavia_balancer_clear(&list->items[i]);
	free(list->items);
	*list = (struct octavia_list){0};
}

const struct octavia_balancer *octavia_find(const struct octavia_list *list, const char *service)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i].service, service) == 0)
			return &list->items[i];
	return NULL;
}

const struct octavia_listener *octavia_listener_find(const struct octavia_balancer *balancer,
						     const struct service_front_port *port)
{
	for (size_t i = 0; i < balancer->listener_count; i++)
		if (balancer->listeners[i].port == port->port &&
		    balancer->listeners[i].protocol == port->protocol)
			return &balancer->listeners[i];
	return NULL;
}

struct octavia_reading {
	const struct cloud_scope *scope;
	struct octavia_list *list;
};

bool octavia_balancer_read(struct json_view view, struct octavia_balancer *ret)
{
	const char *status = json_view_peek(json_view_require(view, "provisioning_status"));

	if (status == NULL || strcmp(status, "DELETED") == 0)
		return false;
	*ret = (struct octavia_balancer){
		.id = json_view_text(json_view_require(view, "id")),
		.status = xstrdup(status),
		.address = json_view_text(json_view_get(view, "vip_address")),
		.port = json_view_text(json_view_get(view, "vip_port_id")),
		.subnet = json_view_text(json_view_get(view, "vip_subnet_id")),
	};
	return true;
}

static void read_balancer(struct json_view view, void *arg)
{
	struct octavia_reading *reading = arg;
	const char *mark = json_view_peek(json_view_get(view, "description"));
	AUTO_FREE char *service = scope_mark_value(mark, "service");
	struct octavia_balancer balancer = {0};

	if (service == NULL || !scope_mark_is(mark, reading->scope) ||
	    !octavia_balancer_read(view, &balancer))
		return;
	balancer.service = TAKE_PTR(service);
	*ARRAY_APPEND(reading->list->items, reading->list->count) = balancer;
}

/* A listener names its balancers; there is one. */
static struct octavia_balancer *owner_of(struct octavia_list *list, struct json_view view)
{
	struct json_view owners = json_view_get(view, "loadbalancers");
	const char *id = json_view_count(owners, 10) > 0
				 ? json_view_peek(json_view_get(json_view_at(owners, 0), "id"))
				 : NULL;

	for (size_t i = 0; i < list->count && id != NULL; i++)
		if (strcmp(list->items[i].id, id) == 0)
			return &list->items[i];
	return NULL;
}

static void read_listener(struct json_view view, void *arg)
{
	struct octavia_reading *reading = arg;
	struct octavia_balancer *balancer = owner_of(reading->list, view);
	const char *protocol = json_view_peek(json_view_require(view, "protocol"));

	if (balancer == NULL)
		return;
	*ARRAY_APPEND(balancer->listeners, balancer->listener_count) = (struct octavia_listener){
		.id = json_view_text(json_view_require(view, "id")),
		.pool = json_view_text(json_view_get(view, "default_pool_id")),
		.protocol = protocol != NULL && strcmp(protocol, "UDP") == 0 ? PROTOCOL_UDP
									     : PROTOCOL_TCP,
		.port = (uint16_t)json_view_number(json_view_require(view, "protocol_port"), 1,
						   65535, 1),
	};
}

static void read_member(struct json_view view, void *arg)
{
	struct octavia_listener *listener = arg;
	const char *status = json_view_peek(json_view_get(view, "provisioning_status"));
	const char *pod = json_view_peek(json_view_get(view, "name"));

	if (status != NULL && strcmp(status, "DELETED") == 0)
		return;
	*ARRAY_APPEND(listener->members, listener->member_count) = (struct octavia_member){
		.address = json_view_text(json_view_require(view, "address")),
		.pod = pod != NULL && pod[0] != '\0' ? xstrdup(pod) : NULL,
		.port = (uint16_t)json_view_number(json_view_require(view, "protocol_port"), 1,
						   65535, 1),
	};
}

bool octavia_read_members(struct openstack_client *client, struct octavia_listener *listener,
			  struct error *err)
{
	if (listener->pool == NULL)
		return true;
	AUTO_FREE char *path = xasprintf("/lbaas/pools/%s/members", listener->pool);
	return page_list(client, &OPENSTACK_BALANCER, path, NULL, "members", read_member, listener,
			 err);
}

static bool read_members(struct openstack_client *client, struct octavia_balancer *balancer,
			 struct error *err)
{
	for (size_t i = 0; i < balancer->listener_count; i++)
		if (!octavia_read_members(client, &balancer->listeners[i], err))
			return false;
	return true;
}

bool octavia_list_of(struct openstack_client *client, const struct cloud_scope *scope,
		     struct octavia_list *ret, struct error *err)
{
	AUTO(octavia_list_clear) struct octavia_list list = {0};
	struct octavia_reading reading = {scope, &list};

	if (!page_list(client, &OPENSTACK_BALANCER, "/lbaas/loadbalancers", NULL, "loadbalancers",
		       read_balancer, &reading, err))
		return false;
	if (list.count > 0 && !page_list(client, &OPENSTACK_BALANCER, "/lbaas/listeners", NULL,
					 "listeners", read_listener, &reading, err))
		return false;
	for (size_t i = 0; i < list.count; i++)
		if (!read_members(client, &list.items[i], err))
			return false;
	*ret = list;
	list = (struct octavia_list){0};
	return true;
}
