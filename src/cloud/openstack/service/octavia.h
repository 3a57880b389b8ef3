/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_OPENSTACK_SERVICE_OCTAVIA_H
#define I2KIT_CLOUD_OPENSTACK_SERVICE_OCTAVIA_H

/*
 * Load balancers of Octavia: one for each service, made whole in one request, with a listener and a pool for each
 * of its ports. A member's name is its pod's. One change at a time: while a balancer is PENDING_… it takes no
 * other, so each is waited for.
 */

#include "base/progress.h"
#include "cloud/openstack/client/client.h"
#include "cloud/openstack/service/service_fronts.h"
#include "cloud/provider.h"

struct octavia_member {
	char *address; /* both owned */
	char *pod;     /* or NULL */
	uint16_t port;
};

struct octavia_listener {
	char *id;   /* both owned */
	char *pool; /* its id; NULL: it has none */
	enum protocol protocol;
	uint16_t port;
	struct octavia_member *members; /* owned */
	size_t member_count;
};

struct octavia_balancer {
	char *id; /* all owned */
	char *service;
	char *status;  /* "ACTIVE", "PENDING_UPDATE", "ERROR" … */
	char *address; /* of the service inside */
	char *port;    /* Neutron's, where a floating address leads to */
	char *subnet;
	struct octavia_listener *listeners; /* owned */
	size_t listener_count;
};

struct octavia_list {
	struct octavia_balancer *items; /* owned */
	size_t count;
};
void octavia_list_clear(struct octavia_list *list);
void octavia_balancer_clear(struct octavia_balancer *balancer);
void octavia_listener_clear(struct octavia_listener *listener);

/* All of the scope, with listeners and members. */
MUST_CHECK bool octavia_list_of(struct openstack_client *client, const struct cloud_scope *scope,
				struct octavia_list *ret, struct error *err);
const struct octavia_balancer *octavia_find(const struct octavia_list *list, const char *service);
/* NULL: there is none. */
const struct octavia_listener *octavia_listener_find(const struct octavia_balancer *balancer,
						     const struct service_front_port *port);

/* All but service and listeners; false: it is being deleted, and *ret as it was. */
bool octavia_balancer_read(struct json_view view, struct octavia_balancer *ret);
/* Adds the members of its pool. */
MUST_CHECK bool octavia_read_members(struct openstack_client *client,
				     struct octavia_listener *listener, struct error *err);

/* The whole of it. Owned; pure. */
char *octavia_document(const struct cloud_scope *scope, const struct service_front *front,
		       const char *provider, const char *network);
/* Of one port of a balancer that is there: a listener, and then its pool. Owned; pure. */
char *octavia_listener_document(const char *balancer, const struct service_front_port *port);
char *octavia_pool_document(const char *listener, const struct service_front *front,
			    const struct service_front_port *port, const char *provider);
/* Until it is ACTIVE. */
MUST_CHECK bool octavia_make(struct openstack_client *client, const struct cloud_scope *scope,
			     const struct service_front *front, const char *provider,
			     const char *network, const struct progress *progress,
			     struct error *err);
/* body: the document of any balancer. */
MUST_CHECK bool octavia_create(struct openstack_client *client, const char *body,
			       const struct progress *progress, struct error *err);
/* Without a pool: Octavia answers 500 to a listener with a pool in it, but for the whole tree. */
MUST_CHECK bool octavia_add_listener(struct openstack_client *client,
				     const struct octavia_balancer *balancer,
				     const struct service_front_port *port,
				     const struct progress *progress, struct error *err);
MUST_CHECK bool octavia_add_pool(struct openstack_client *client,
				 const struct octavia_balancer *balancer,
				 const struct octavia_listener *listener,
				 const struct service_front *front,
				 const struct service_front_port *port, const char *provider,
				 const struct progress *progress, struct error *err);
MUST_CHECK bool octavia_remove_port(struct openstack_client *client,
				    const struct octavia_balancer *balancer,
				    const struct octavia_listener *listener,
				    const struct progress *progress, struct error *err);
/* Makes a pod's members these; those of other pods stay. Nothing is asked when it is so. */
MUST_CHECK bool octavia_set_members(struct openstack_client *client,
				    const struct octavia_balancer *balancer,
				    const struct octavia_listener *listener, const char *pod,
				    uint16_t target, const struct string_list *addresses,
				    const struct progress *progress, struct error *err);
/* With all that is below it; until it is gone. */
MUST_CHECK bool octavia_delete(struct openstack_client *client, const char *id,
			       const struct progress *progress, struct error *err);

#endif
