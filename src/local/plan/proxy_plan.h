/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_PLAN_PROXY_PLAN_H
#define I2KIT_LOCAL_PLAN_PROXY_PLAN_H

/*
 * What the project's reverse proxy answers: the routes of the manifests, where it is published, and
 * the certificates that it shows. Of the plan (project_plan.h); no routes: no proxy.
 */

#include "base/json.h"
#include "base/json_writer.h"
#include "base/string_list.h"
#include "manifest/route.h"

enum proxy_front { PROXY_HTTP, PROXY_HTTPS, PROXY_FRONTS };
extern const char *const proxy_front_words[PROXY_FRONTS]; /* "http", "https" */
extern const uint16_t proxy_front_ports[PROXY_FRONTS];	  /* 8080, 8443: where nobody says */

struct proxy_port {
	uint16_t host_port; /* 0: not published */
	bool is_asked_for;  /* --publish http:PORT: a taken one is a problem, not moved */
};

struct proxy_plan {
	struct route *routes;
	size_t route_count;
	struct proxy_port ports[PROXY_FRONTS];
	struct string_list certificates; /* PEM: chain and key; secret */
};
void proxy_plan_clear(struct proxy_plan *plan);

bool proxy_plan_leads_to(const struct proxy_plan *plan, const char *service, uint16_t port);

/* "http://shop.localhost:8080/api": how a browser of this machine reaches the route. Owned. */
char *proxy_route_url(const struct route *route, bool is_https, uint16_t host_port);

/* As members of an open object; absent where there are no routes. */
void proxy_plan_write(struct json_writer *json, const struct proxy_plan *plan);
void proxy_plan_read(struct json_view root, struct proxy_plan *ret);

#endif
