/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_OPENSTACK_SERVICE_FLOATING_ADDRESS_H
#define I2KIT_CLOUD_OPENSTACK_SERVICE_FLOATING_ADDRESS_H

/* Floating addresses of Neutron: one for each public service, kept for as long as the service is. */

#include "cloud/openstack/client/client.h"
#include "cloud/provider.h"

struct floating_address {
	char *id; /* all owned */
	char *address;
	char *service;
	char *port; /* Neutron's id of where it leads; NULL: nowhere */
};

struct floating_address_list {
	struct floating_address *items; /* owned */
	size_t count;
};
void floating_address_list_clear(struct floating_address_list *list);

MUST_CHECK bool floating_address_list_of(struct openstack_client *client,
					 const struct cloud_scope *scope,
					 struct floating_address_list *ret, struct error *err);
/* NULL: it has none. */
const struct floating_address *floating_address_find(const struct floating_address_list *list,
						     const char *service);
/* port NULL: it leads nowhere yet. */
MUST_CHECK bool floating_address_make(struct openstack_client *client,
				      const struct cloud_scope *scope, const char *service,
				      const char *network, const char *port, struct error *err);
/* In one step, so that it never leads nowhere. port NULL: nowhere. */
MUST_CHECK bool floating_address_lead(struct openstack_client *client, const char *id,
				      const char *port, struct error *err);
MUST_CHECK bool floating_address_delete(struct openstack_client *client, const char *id,
					struct error *err);

#endif
