/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/aws/stack/stack_records.h"

#include <string.h>

#include "base/alloc.h"
#include "base/xml.h"
#include "cloud/aws/client/pager.h"

#define MAX_PAGES   1000
#define MAX_CHANGES 400 /* of one call, as the guest's */
#define MAX_IDS	    200 /* values of a filter */

bool stack_zone_find(struct aws_client *client, const char *stack, char **ret_zone,
		     struct error *err)
{
	AUTO(error_clear) struct error failure = ERROR_INIT;
	AUTO(aws_answer_clear) struct aws_answer answer = {0};
	AUTO(aws_query_clear) struct aws_query query;
	*ret_zone = NULL;
	aws_query_init(&query, &AWS_CLOUDFORMATION, "DescribeStackResource");
	aws_query_add(&query, "StackName", stack);
	aws_query_add(&query, "LogicalResourceId", "PrivateZone");
	AUTO_PTR(xml) struct xml *root = aws_client_query(client, &query, &answer, &failure);
	/* So it says of a resource that is not there. */
	if (root == NULL && aws_code_is(&answer, "ValidationError"))
		return true;
	if (root == NULL)
		return error_move(err, &failure);
	const char *id = xml_text(root, "DescribeStackResourceResult/StackResourceDetail/"
					"PhysicalResourceId");
	if (id != NULL && id[0] != '\0' &&
	    strspn(id, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == strlen(id))
		*ret_zone = xstrdup(id);
	return true;
}

static bool read_page(struct aws_client *client, const char *zone, const char *query,
		      struct name_record_list *ret, char **ret_next, struct error *err)
{
	AUTO_FREE char *path = xasprintf(NAME_RECORDS_LIST_PATH, zone);
	AUTO(error_clear) struct error failure = ERROR_INIT;
	AUTO(aws_answer_clear) struct aws_answer answer = {0};
	const struct aws_call call = {.service = &AWS_ROUTE53,
				      .action = "ListResourceRecordSets",
				      .method = "GET",
				      .path = path,
				      .query = query};
	*ret_next = NULL;
	if (!aws_client_call(client, &call, &answer, &failure))
		return aws_code_is(&answer, "NoSuchHostedZone") || error_move(err, &failure);
	AUTO_PTR(xml)
	struct xml *root = xml_parse(answer.body != NULL ? answer.body : "", answer.body_size, err);
	return root != NULL && name_records_read(root, ret, ret_next, err);
}

bool stack_records_list(struct aws_client *client, const char *zone, struct name_record_list *ret,
			struct error *err)
{
	AUTO_FREE char *query = xstrdup(NAME_RECORDS_FIRST_PAGE);
	for (unsigned page = 0; query != NULL && page < MAX_PAGES; page++) {
		AUTO_FREE char *next = NULL;
		if (!read_page(client, zone, query, ret, &next, err))
			return error_prefix(err, "the records of zone %s", zone);
		free(query);
		query = TAKE_PTR(next);
	}
	return query == NULL ||
	       error_set(err, ERROR_FULL, "the records of zone %s have no end", zone);
}

/* The ids from `start` on; a filter, for a plain question fails over an id that EC2 forgot. */
static bool ask_alive(struct aws_client *client, const struct string_list *ids, size_t start,
		      struct string_list *ret, struct error *err)
{
	AUTO(aws_pager_clear)
	struct aws_pager pager = {.action = "DescribeInstances", .most = MAX_PAGES};
	do {
		AUTO(aws_query_clear) struct aws_query query;
		aws_query_init(&query, &AWS_EC2, "DescribeInstances");
		aws_query_add(&query, "Filter.1.Name", "instance-id");
		for (size_t i = start; i < ids->count && i < start + MAX_IDS; i++)
			aws_query_addf(&query, ids->items[i], "Filter.1.Value.%zu", i - start + 1);
		aws_query_add(&query, "NextToken", pager.token);
		AUTO_PTR(xml) struct xml *root = aws_client_query(client, &query, NULL, err);
		if (root == NULL)
			return false;
		name_instances_read(root, ret);
		if (!aws_pager_turn(&pager, xml_text(root, "nextToken"), err))
			return false;
	} while (pager.token != NULL);
	return true;
}

bool stack_instances_alive(struct aws_client *client, const struct name_record_list *records,
			   struct string_list *ret, struct error *err)
{
	AUTO(string_list_clear) struct string_list ids = STRING_LIST_INIT;
	for (size_t i = 0; i < records->count; i++)
		if (!string_list_has(&ids, records->items[i].instance))
			string_list_add(&ids, records->items[i].instance);
	for (size_t start = 0; start < ids.count; start += MAX_IDS)
		if (!ask_alive(client, &ids, start, ret, err))
			return false;
	return true;
}

static bool remove_records(struct aws_client *client, const char *zone,
			   const struct name_record_list *list, struct error *err)
{
	AUTO_FREE char *path = xasprintf(NAME_RECORDS_CHANGE_PATH, zone);
	for (size_t done = 0; done < list->count; done += MAX_CHANGES) {
		size_t left = list->count - done;
		const struct name_record_list part = {.items = list->items + done,
						      .count = left < MAX_CHANGES ? left
										  : MAX_CHANGES};
		AUTO_FREE char *body = name_changes_write(&part, false);
		AUTO(aws_answer_clear) struct aws_answer answer = {0};
		static const char *const headers[] = {"Content-Type: application/xml", NULL};
		const struct aws_call call = {.service = &AWS_ROUTE53,
					      .action = "ChangeResourceRecordSets",
					      .path = path,
					      .headers = headers,
					      .body = body,
					      .body_size = strlen(body)};
		if (!aws_client_call(client, &call, &answer, err))
			return error_prefix(err, "records of instances that are gone");
	}
	return true;
}

bool stack_records_sweep(struct aws_client *client, const char *stack, size_t *ret_count,
			 struct error *err)
{
	AUTO_FREE char *zone = NULL;
	AUTO(name_record_list_clear) struct name_record_list all = {0};
	AUTO(name_record_list_clear) struct name_record_list gone = {0};
	AUTO(string_list_clear) struct string_list alive = STRING_LIST_INIT;
	*ret_count = 0;
	if (!stack_zone_find(client, stack, &zone, err))
		return false;
	if (zone == NULL)
		return true;
	if (!stack_records_list(client, zone, &all, err) ||
	    !stack_instances_alive(client, &all, &alive, err))
		return false;
	for (size_t i = 0; i < all.count; i++)
		if (!string_list_has(&alive, all.items[i].instance))
			name_record_list_add(&gone, all.items[i].name, all.items[i].instance,
					     all.items[i].address, all.items[i].ttl_s);
	*ret_count = gone.count;
	return remove_records(client, zone, &gone, err);
}
