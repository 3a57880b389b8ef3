/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_HTTP_ROUTE_ATTACH_H
#define I2KIT_MANIFEST_HTTP_ROUTE_ATTACH_H

#include "manifest/loader.h"

/* Rules of HTTPRoutes become routes of the listeners that they are attached to. */
void http_routes_attach(struct loader *loader);

#endif
