/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_CLIENT_QUERY_H
#define I2KIT_CLOUD_AWS_CLIENT_QUERY_H

/* The form body of the query protocols: Action=…&Version=…&Name=value. */

#include "base/error.h"
#include "base/strbuf.h"
#include "cloud/aws/client/endpoint.h"

struct aws_tag {
	const char *key;
	const char *value;
};

struct aws_query {
	const struct aws_service *service;
	const char *action; /* borrowed */
	struct strbuf body;
};

void aws_query_init(struct aws_query *query, const struct aws_service *service, const char *action);
void aws_query_clear(struct aws_query *query);
/* value NULL: nothing is added. */
void aws_query_add(struct aws_query *query, const char *name, const char *value);
/* The name is a format: aws_query_addf(&q, value, "Filter.%u.Name", 1). */
void aws_query_addf(struct aws_query *query, const char *value, const char *name_fmt, ...)
	PRINTF_LIKE(3, 4);
/* EC2's tags: TagSpecification.N.ResourceType and its Tag.M. count is of key/value pairs; a pair
 * with a NULL value is left out. */
void aws_query_add_tags(struct aws_query *query, unsigned n, const char *resource_type,
			const struct aws_tag *tags, size_t count);
/* EC2's Filter.N with one value. */
void aws_query_add_filter(struct aws_query *query, unsigned n, const char *name, const char *value);

#endif
