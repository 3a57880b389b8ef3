/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_OPENSTACK_SERVICE_SERVICE_FRONTS_H
#define I2KIT_CLOUD_OPENSTACK_SERVICE_SERVICE_FRONTS_H

/*
 * What is to stand before the servers of a scope, from what its manifests say: for each service a balancer of
 * Octavia or, in a cloud that has none, the floating address of its only server; and what each pod's group lets
 * in. Pure. It can be written into a release's record and read back, so that a rollback needs no manifests.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/json.h"
#include "base/json_writer.h"
#include "cloud/openstack/place/places.h"
#include "cloud/openstack/service/service_routes.h"
#include "manifest/app.h"

struct service_front_port {
	enum protocol protocol;
	uint16_t port;	 /* of the service */
	uint16_t target; /* of the pod */
};

struct service_front {
	char *service;		 /* owned */
	struct string_list pods; /* that answer it */
	bool is_balanced;	 /* Octavia; else a floating address leads to the server itself */
	bool is_public;
	bool is_sticky;			  /* a client stays with its pod */
	struct service_front_port *ports; /* owned */
	size_t port_count;
};

struct service_fronts {
	struct service_front *fronts; /* owned */
	size_t count;
	struct service_routes routes;
	struct string_list pods;  /* each has a group of its own */
	struct string_list notes; /* what to know before saying yes; not written */
	char *provider; /* owned; Octavia's: "ovn", "amphora"; NULL: there is no Octavia */
	char *network;	/* owned; Neutron's id */
	char *external; /* owned; where floating addresses come from; or NULL */
};
void service_fronts_clear(struct service_fronts *plan);

/* False for what the cloud cannot do, with the way out. */
MUST_CHECK bool service_fronts_make(const struct app *app, const struct openstack_places *places,
				    struct service_fronts *ret, struct error *err);
const struct service_front *service_fronts_find(const struct service_fronts *plan,
						const char *service);

/*
 * What a pod's group lets in, as texts: "tcp 80 any", "udp 53 group" (from pods of the scope alone), "tcp 80
 * network" (from a balancer that is a VM there and speaks for its clients).
 */
void service_fronts_rules(const struct service_fronts *plan, const char *pod,
			  struct string_list *ret);

void service_fronts_write(const struct service_fronts *plan, struct json_writer *json,
			  const char *key);
/* What is wrong in it is the document's complaint. */
void service_fronts_read(struct json_view view, struct service_fronts *ret);

#endif
