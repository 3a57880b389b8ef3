/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_OPENSTACK_SERVICE_SERVICE_ROUTE_H
#define I2KIT_CLOUD_OPENSTACK_SERVICE_SERVICE_ROUTE_H

/* One route as a policy of Octavia (service_routes.h). Pure. */

#include <stdbool.h>

#include "base/error.h"

struct route;
struct service_route;
struct source_mark;

/* "FILE:LINE:COLUMN: " before the message; false, for a return. */
bool service_route_place(const struct source_mark *mark, struct error *err);
/* ERROR_UNSUPPORTED, with the route's line and whose it is; false, likewise. */
bool service_route_refuse(const struct route *route, const char *hint, const char *message,
			  struct error *err);

/* What a request must have: at least one rule, since a policy without any is never asked. */
MUST_CHECK bool service_route_rules(const struct route *route, struct service_route *to,
				    struct error *err);
/* Where a redirect leads. */
MUST_CHECK bool service_route_redirect(const struct route *route, struct service_route *to,
				       struct error *err);
/* Whether one request may fit both, by host and path. */
bool service_route_overlap(const struct route *a, const struct route *b);

#endif
