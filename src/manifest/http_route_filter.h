/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_HTTP_ROUTE_FILTER_H
#define I2KIT_MANIFEST_HTTP_ROUTE_FILTER_H

/* What a rule of an HTTPRoute does besides: headers changed, redirects, rewrites. */

#include "manifest/loader.h"

extern const struct field_set http_route_filter_fields;
field_fn read_http_route_filters; /* struct route */

#endif
