/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_OPENSTACK_PLACE_PLACES_H
#define I2KIT_CLOUD_OPENSTACK_PLACE_PLACES_H

/*
 * Where in a project servers would go: what environment.yml names, by name or id, or what is the only one
 * of its kind. Names are not unique in OpenStack: one that stands for two is refused.
 */

#include <stdint.h>

#include "cloud/openstack/client/client.h"
#include "manifest/environment.h"

struct openstack_network {
	char *id; /* both owned */
	char *name;
	bool is_external; /* floating addresses come from it */
};

struct openstack_flavor {
	char *id; /* both owned */
	char *name;
	uint64_t memory_mib;
	uint64_t disk_gib; /* 0: it has none of its own */
	uint64_t processors;
};

struct openstack_places {
	struct openstack_network network;
	struct openstack_network external; /* id NULL: the cloud has none */
	struct openstack_flavor *flavors;  /* owned */
	size_t flavor_count;
	const struct openstack_flavor
		*flavor;	      /* that of environment.yml, in them; NULL: none is named */
	struct string_list balancers; /* owned; Octavia's providers; none: no Octavia */
	uint64_t instances_used;
	uint64_t instances_most; /* UINT64_MAX: no limit */
	uint64_t memory_used_mib;
	uint64_t memory_most_mib; /* likewise */
};
void openstack_places_clear(struct openstack_places *places);

/* Asks; reads alone. */
MUST_CHECK bool openstack_places_find(struct openstack_client *client,
				      const struct environment *environment,
				      struct openstack_places *ret, struct error *err);

#endif
