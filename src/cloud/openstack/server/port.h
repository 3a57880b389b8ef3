/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_OPENSTACK_SERVER_PORT_H
#define I2KIT_CLOUD_OPENSTACK_SERVER_PORT_H

/*
 * Ports of Neutron, one for each server, made before it: so its address and its groups are settled before it
 * starts, and outlive an attempt that failed. Whose they are their descriptions say (place/scope_mark.h).
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/string_list.h"
#include "cloud/openstack/client/client.h"
#include "cloud/provider.h"

struct server_port {
	char *id; /* all owned */
	char *name;
	char *address; /* or NULL */
	char *device;  /* the server's id; NULL: it has none */
	char *pod;     /* or NULL */
	char *release; /* or NULL */
};
void server_port_clear(struct server_port *port);

struct server_port_list {
	struct server_port *items; /* owned */
	size_t count;
};
void server_port_list_clear(struct server_port_list *list);

struct server_port_request {
	const struct cloud_scope *scope;
	const char *name;
	const char *pod;
	const char *release;
	const char *network;		  /* its id */
	const struct string_list *groups; /* ids; none: it lets nothing in */
};

/* Asks once, as server_create() does. */
MUST_CHECK bool server_port_create(struct openstack_client *client,
				   const struct server_port_request *request,
				   struct server_port *ret, struct error *err);
/* All of the scope that were made for servers: they name a release. */
MUST_CHECK bool server_port_list_of(struct openstack_client *client,
				    const struct cloud_scope *scope, struct server_port_list *ret,
				    struct error *err);
/* Success when it is gone. */
MUST_CHECK bool server_port_delete(struct openstack_client *client, const char *id,
				   struct error *err);

#endif
