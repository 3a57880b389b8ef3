/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_OUTSIDE_H
#define I2KIT_MANIFEST_OUTSIDE_H

/*
 * What a Service leads to that is no pod of the app: a name (type: ExternalName), or the fixed
 * addresses that Endpoints and EndpointSlices give one without a selector. Both empty: pods.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/string_list.h"

struct outside_endpoint {
	char *ip;	 /* IPv4 */
	char *hostname;	 /* or NULL: HOSTNAME.SERVICE is this one alone */
	uint16_t *ports; /* one for each port of the Service; 0: not at this address */
	size_t port_count;
};

struct outside {
	char *external_name; /* without the last dot; or NULL */
	struct outside_endpoint *endpoints;
	size_t endpoint_count;
};

void outside_clear(struct outside *outside);
/* *to is empty before. */
void outside_copy(struct outside *to, const struct outside *from);
bool outside_is_given(const struct outside *outside);
/* Its addresses, each once. */
void outside_add_addresses(const struct outside *outside, struct string_list *ret);

#endif
