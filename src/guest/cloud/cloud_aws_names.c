/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/cloud/cloud_aws_names.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/strbuf.h"
#include "base/xml.h"
#include "guest/cloud/cloud_aws.h"

#define MAX_CHANGES 400	 /* of one call: 1000 records, of which an UPSERT counts as two */
#define MAX_PAGES   1000 /* of a zone */
#define MAX_IDS	    200	 /* values of a filter */

/* The id goes into a path. */
static bool check_zone(const char *zone, struct error *err)
{
	size_t size = strspn(zone, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ");
	return (size > 0 && size <= 32 && zone[size] == '\0') ||
	       error_set(err, ERROR_INVALID, "'%s' is no zone", zone);
}

/* NULL on failure. */
static struct xml *call_xml(struct guest_cloud *cloud, const struct cloud_call *call,
			    struct error *err)
{
	AUTO_FREE char *answer = NULL;
	if (!cloud_call(cloud_aws_of(cloud), call, &answer, err))
		return NULL;
	return xml_parse(answer, strlen(answer), err);
}

bool cloud_aws_list_names(struct guest_cloud *cloud, const char *zone, struct name_record_list *ret,
			  struct error *err)
{
	AUTO_FREE char *path = xasprintf(NAME_RECORDS_LIST_PATH, zone);
	AUTO_FREE char *query = xstrdup(NAME_RECORDS_FIRST_PAGE);
	if (!check_zone(zone, err))
		return false;
	for (unsigned page = 0; query != NULL; page++) {
		const struct cloud_call call = {.service = "route53",
						.action = "ListResourceRecordSets",
						.method = "GET",
						.path = path,
						.query = query,
						.body = ""};
		AUTO_PTR(xml) struct xml *root = call_xml(cloud, &call, err);
		AUTO_FREE char *next = NULL;
		if (page == MAX_PAGES)
			return error_set(err, ERROR_FULL, "the zone of names has no end");
		if (root == NULL || !name_records_read(root, ret, &next, err))
			return false;
		free(query);
		query = TAKE_PTR(next);
	}
	return true;
}

bool cloud_aws_change_names(struct guest_cloud *cloud, const char *zone,
			    const struct name_record_list *list, bool is_there, struct error *err)
{
	AUTO_FREE char *path = xasprintf(NAME_RECORDS_CHANGE_PATH, zone);
	if (!check_zone(zone, err))
		return false;
	for (size_t done = 0; done < list->count; done += MAX_CHANGES) {
		size_t left = list->count - done;
		const struct name_record_list part = {.items = list->items + done,
						      .count = left < MAX_CHANGES ? left
										  : MAX_CHANGES};
		AUTO_FREE char *body = name_changes_write(&part, is_there);
		const struct cloud_call call = {.service = "route53",
						.action = "ChangeResourceRecordSets",
						.path = path,
						.body = body};
		AUTO_FREE char *answer = NULL;
		if (!cloud_call(cloud_aws_of(cloud), &call, &answer, err))
			return false;
	}
	return true;
}

/* A filter, for an id that EC2 has forgotten would make a plain question fail. */
bool cloud_aws_list_alive(struct guest_cloud *cloud, const struct string_list *ids,
			  struct string_list *ret, struct error *err)
{
	for (size_t done = 0; done < ids->count; done += MAX_IDS) {
		AUTO(strbuf_clear) struct strbuf body = STRBUF_INIT;
		strbuf_append(&body, "Action=DescribeInstances&Version=2016-11-15"
				     "&Filter.1.Name=instance-id");
		for (size_t i = done; i < ids->count && i < done + MAX_IDS; i++) {
			strbuf_appendf(&body, "&Filter.1.Value.%zu=", i - done + 1);
			strbuf_append_url(&body, ids->items[i]);
		}
		const struct cloud_call call = {.service = "ec2",
						.action = "DescribeInstances",
						.body = strbuf_text(&body)};
		AUTO_PTR(xml) struct xml *root = call_xml(cloud, &call, err);
		if (root == NULL)
			return false;
		/* Without MaxResults an answer is whole unless it says otherwise. */
		if (xml_text(root, "nextToken") != NULL)
			return error_set(err, ERROR_FULL, "EC2's list of instances is cut");
		name_instances_read(root, ret);
	}
	return true;
}
