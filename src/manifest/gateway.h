/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_GATEWAY_H
#define I2KIT_MANIFEST_GATEWAY_H

/*
 * Inside manifest/: Gateways and HTTPRoutes while documents are read, whichever comes first. What
 * becomes of them are routes and certificates (route.h).
 */

#include "manifest/route.h"

struct gateway_listener {
	char *name;
	char *host; /* or NULL: any */
	uint16_t port;
	bool is_https;
};

struct gateway {
	char *name;
	char *namespace_name;
	struct gateway_listener *listeners;
	size_t listener_count;
};

struct gateway_parent {
	char *name;
	char *namespace_name;
	char *section; /* a listener's name; NULL: all */
	uint16_t port; /* 0: any */
	struct source_mark mark;
};

struct http_route {
	char *owner;
	char *namespace_name;
	struct string_list hosts; /* none: any */
	struct gateway_parent *parents;
	size_t parent_count;
	struct route *rules; /* without hosts */
	size_t rule_count;
	struct source_mark mark;
};

struct gateway_list {
	struct gateway *gateways;
	size_t gateway_count;
	struct http_route *routes;
	size_t route_count;
	size_t looks; /* at a host and a listener; bounded */
};
void gateway_list_clear(struct gateway_list *list);

/*
 * The host that both name, owned; NULL and *ret_fits true: any; false: they have none in common.
 * Either may be NULL (any) or a wildcard.
 */
char *gateway_common_host(const char *listener, const char *route, bool *ret_fits);

#endif
