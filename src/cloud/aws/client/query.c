/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/aws/client/query.h"

#include "base/alloc.h"
#include "base/cleanup.h"

void aws_query_init(struct aws_query *query, const struct aws_service *service, const char *action)
{
	*query = (struct aws_query){.service = service, .action = action};
	aws_query_add(query, "Action", action);
	aws_query_add(query, "Version", service->version);
}

void aws_query_clear(struct aws_query *query)
{
	strbuf_clear(&query->body);
}

void aws_query_add(struct aws_query *query, const char *name, const char *value)
{
	if (value == NULL)
		return;
	if (query->body.size > 0)
		strbuf_append_char(&query->body, '&');
	strbuf_append_url(&query->body, name);
	strbuf_append_char(&query->body, '=');
	strbuf_append_url(&query->body, value);
}

void aws_query_addf(struct aws_query *query, const char *value, const char *name_fmt, ...)
{
	va_list args;
	va_start(args, name_fmt);
	AUTO_FREE char *name = xvasprintf(name_fmt, args);
	va_end(args);
	aws_query_add(query, name, value);
}

void aws_query_add_tags(struct aws_query *query, unsigned n, const char *resource_type,
			const struct aws_tag *tags, size_t count)
{
	aws_query_addf(query, resource_type, "TagSpecification.%u.ResourceType", n);
	unsigned position = 1;
	for (size_t i = 0; i < count; i++) {
		if (tags[i].value == NULL)
			continue;
		aws_query_addf(query, tags[i].key, "TagSpecification.%u.Tag.%u.Key", n, position);
		aws_query_addf(query, tags[i].value, "TagSpecification.%u.Tag.%u.Value", n,
			       position);
		position++;
	}
}

void aws_query_add_filter(struct aws_query *query, unsigned n, const char *name, const char *value)
{
	aws_query_addf(query, name, "Filter.%u.Name", n);
	aws_query_addf(query, value, "Filter.%u.Value.1", n);
}
