/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_OPENSTACK_SERVICE_SERVICE_ROUTES_H
#define I2KIT_CLOUD_OPENSTACK_SERVICE_SERVICE_ROUTES_H

/*
 * The routes of an app (manifest/route.h) as layer 7 policies of one load balancer of Octavia: pools, and for each
 * route what a request must have and where it goes. Only a balancer that speaks HTTP does that: amphora. What its
 * policies have no word for is refused with the route's own line. Words and limits:
 * https://docs.openstack.org/api-ref/load-balancer/v2/#l7-policies
 * Pure. Written into a release's record and read back with the rest (service_fronts.h).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/json.h"
#include "base/json_writer.h"
#include "base/string_list.h"

struct app;
struct openstack_places;

/* All rules of a route must fit. */
struct service_route_rule {
	char *type; /* all owned; "HOST_NAME", "PATH", "HEADER" */
	char *compare;
	char *key; /* of a header; or NULL */
	char *value;
};

struct service_route {
	char *text;			  /* owned; for people, as in cloud/route_text.h */
	char *target;			  /* likewise */
	char *pool;			  /* owned; its name; NULL: a redirect */
	char *redirect;			  /* owned; URL; NULL: none */
	bool is_prefix;			  /* of the redirect: what was asked for comes after it */
	uint16_t status;		  /* of the redirect */
	struct service_route_rule *rules; /* owned */
	size_t rule_count;
};

/* What routes lead to: a Service's port. */
struct service_route_pool {
	char *name;		 /* owned; "site:80"; SERVICE_ROUTES_NOWHERE: it has no members */
	struct string_list pods; /* that answer it */
	uint16_t target;	 /* of the pods */
};
#define SERVICE_ROUTES_NOWHERE "nowhere"

struct service_routes {
	char *provider;		     /* owned; that speaks HTTP; NULL: there are no routes */
	struct service_route *items; /* owned; in the order in which they are looked through */
	size_t count;
	struct service_route_pool *pools; /* owned */
	size_t pool_count;
};
void service_routes_clear(struct service_routes *routes);

/* Adds to notes what to know before saying yes. */
MUST_CHECK bool service_routes_make(const struct app *app, const struct openstack_places *places,
				    struct service_routes *ret, struct string_list *notes,
				    struct error *err);

/* The providers of Octavia that are amphorae: "amphora", or its old name; NULL: there is none. Borrowed. */
const char *service_routes_provider(const struct string_list *providers);

void service_routes_write(const struct service_routes *routes, struct json_writer *json,
			  const char *key);
/* Absent: there are none. What is wrong in it is the document's complaint. */
void service_routes_read(struct json_view view, struct service_routes *ret);

#endif
