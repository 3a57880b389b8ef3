/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_ROUTE_CHECK_H
#define I2KIT_MANIFEST_ROUTE_CHECK_H

/* Inside manifest/: what readers of routes share, and what is asked of all of them at the end. */

#include "manifest/loader.h"

/* A host name, "*.example.com" where is_wildcard_fine; else a complaint. */
void route_check_host(struct loader *loader, const struct yaml_node *node, const char *host,
		      bool is_wildcard_fine);
/* A path of a route, owned: without the '/' at its end, which says nothing; NULL: "/". */
char *route_path_take(const char *path, enum route_path type);
/* A path that a URL cannot have said otherwise: //, /../ and such; else a complaint. */
void route_check_path(struct loader *loader, const struct yaml_node *node, const char *path);
/* The name of a header or parameter; NULL is fine. */
void route_check_header(struct loader *loader, const struct yaml_node *node, const char *name);
void route_check_value(struct loader *loader, const struct yaml_node *node, const char *value);

/* Of the API, https://gateway-api.sigs.k8s.io/reference/spec/: hostnames, rules, filters, backends,
 * headers and parameters. */
#define ROUTE_FEW_MAX 16
/* Gateway API's own limits; true, and a complaint: there are more. */
bool route_has_too_many(struct loader *loader, const struct yaml_node *node, size_t most);

/* After the Services: backends and certificates are found, routes are put in order. */
void routes_complete(struct loader *loader);

#endif
