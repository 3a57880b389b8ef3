/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/outside.h"

#include <stdlib.h>

#include "base/alloc.h"

void outside_clear(struct outside *outside)
{
	for (size_t i = 0; i < outside->endpoint_count; i++) {
		free(outside->endpoints[i].ip);
		free(outside->endpoints[i].hostname);
		free(outside->endpoints[i].ports);
	}
	free(outside->endpoints);
	free(outside->external_name);
	*outside = (struct outside){0};
}

void outside_copy(struct outside *to, const struct outside *from)
{
	to->external_name = xstrdup_or_null(from->external_name);
	for (size_t i = 0; i < from->endpoint_count; i++) {
		const struct outside_endpoint *one = &from->endpoints[i];
		struct outside_endpoint *made = ARRAY_APPEND(to->endpoints, to->endpoint_count);
		made->ip = xstrdup(one->ip);
		made->hostname = xstrdup_or_null(one->hostname);
		for (size_t p = 0; p < one->port_count; p++)
			*ARRAY_APPEND(made->ports, made->port_count) = one->ports[p];
	}
}

bool outside_is_given(const struct outside *outside)
{
	return outside->external_name != NULL || outside->endpoint_count > 0;
}

void outside_add_addresses(const struct outside *outside, struct string_list *ret)
{
	for (size_t i = 0; i < outside->endpoint_count; i++) {
		if (!string_list_has(ret, outside->endpoints[i].ip))
			string_list_add(ret, outside->endpoints[i].ip);
	}
}
