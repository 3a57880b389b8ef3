/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_SHORT_ROUTE_H
#define I2KIT_MANIFEST_SHORT_ROUTE_H

/* Inside manifest/: `routes` of the short form. */

#include "manifest/loader.h"

extern const struct field_set short_route_fields;
/* All that lead to the pod, whose ports are `ports`. */
void read_short_routes(struct loader *loader, const struct yaml_node *node,
		       const struct pod_spec *pod, const struct service *ports);

#endif
