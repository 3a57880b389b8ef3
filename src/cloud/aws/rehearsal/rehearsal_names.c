/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/aws/rehearsal/rehearsal_names.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/xml.h"

#define ANSWER_NAMESPACE "https://route53.amazonaws.com/doc/2013-04-01/"

static bool is_same(const struct name_record *one, const struct name_record *other)
{
	return strcmp(one->name, other->name) == 0 && strcmp(one->instance, other->instance) == 0;
}

static struct name_record *find(struct name_record_list *list, const struct name_record *wanted)
{
	for (size_t i = 0; i < list->count; i++)
		if (is_same(&list->items[i], wanted))
			return &list->items[i];
	return NULL;
}

/* The others are kept. */
static void remove_record(struct name_record_list *list, const struct name_record *gone)
{
	struct name_record_list rest = {0};
	for (size_t i = 0; i < list->count; i++)
		if (!is_same(&list->items[i], gone))
			name_record_list_add(&rest, list->items[i].name, list->items[i].instance,
					     list->items[i].address, list->items[i].ttl_s);
	name_record_list_clear(list);
	*list = rest;
}

const char *rehearsal_missing_name(const struct cloud_rehearsal *rehearsal)
{
	for (size_t n = 0; n < rehearsal->names.count; n++) {
		bool is_there = false;
		for (size_t i = 0; i < rehearsal->records.count; i++)
			is_there = is_there || (strcmp(rehearsal->records.items[i].name,
						       rehearsal->names.items[n]) == 0 &&
						strcmp(rehearsal->records.items[i].address,
						       REHEARSAL_ADDRESS) == 0);
		if (!is_there)
			return rehearsal->names.items[n];
	}
	return NULL;
}

static void tell_names(struct cloud_rehearsal *rehearsal)
{
	string_list_clear(&rehearsal->facts.names);
	for (size_t i = 0; i < rehearsal->records.count; i++)
		string_list_add(&rehearsal->facts.names, rehearsal->records.items[i].name);
}

/* What the role's condition lets through, and what Route 53 takes. */
static const char *refuse_change(struct cloud_rehearsal *rehearsal,
				 const struct name_record_list *written,
				 const struct name_record_list *removed)
{
	const struct name_record_list *const lists[] = {written, removed};
	for (size_t l = 0; l < ARRAY_SIZE(lists); l++)
		for (size_t i = 0; i < lists[l]->count; i++)
			if (!string_list_has(&rehearsal->names, lists[l]->items[i].name))
				return "AccessDenied";
	for (size_t i = 0; i < removed->count; i++) {
		const struct name_record *there = find(&rehearsal->records, &removed->items[i]);
		if (there == NULL || strcmp(there->address, removed->items[i].address) != 0 ||
		    there->ttl_s != removed->items[i].ttl_s)
			return "InvalidChangeBatch";
	}
	return NULL;
}

static void change_records(struct cloud_rehearsal *rehearsal, const struct guest_call *request,
			   struct rehearsal_answer *answer)
{
	AUTO(error_clear) struct error failure = ERROR_INIT;
	AUTO(name_record_list_clear) struct name_record_list written = {0};
	AUTO(name_record_list_clear) struct name_record_list removed = {0};
	AUTO_PTR(xml) struct xml *root = xml_parse(request->body, request->body_size, &failure);
	if (root == NULL || !name_changes_read(root, &written, &removed, &failure)) {
		rehearsal_refuse(rehearsal, answer, "route53", "InvalidInput", "%s",
				 failure.message);
		return;
	}
	const char *refusal = refuse_change(rehearsal, &written, &removed);
	if (refusal != NULL) {
		rehearsal_refuse(rehearsal, answer, "route53", refusal,
				 "a record that is not the pod's, or not there");
		return;
	}
	for (size_t i = 0; i < removed.count; i++)
		remove_record(&rehearsal->records, &removed.items[i]);
	for (size_t i = 0; i < written.count; i++) {
		remove_record(&rehearsal->records, &written.items[i]);
		name_record_list_add(&rehearsal->records, written.items[i].name,
				     written.items[i].instance, written.items[i].address,
				     written.items[i].ttl_s);
	}
	tell_names(rehearsal);
	strbuf_append(&answer->body, "<ChangeResourceRecordSetsResponse xmlns=\"" ANSWER_NAMESPACE
				     "\"><ChangeInfo><Id>/change/C1</Id><Status>PENDING</Status>"
				     "</ChangeInfo></ChangeResourceRecordSetsResponse>");
}

static void list_records(const struct cloud_rehearsal *rehearsal, struct rehearsal_answer *answer)
{
	struct strbuf *out = &answer->body;
	strbuf_append(out, "<ListResourceRecordSetsResponse xmlns=\"" ANSWER_NAMESPACE
			   "\"><ResourceRecordSets>");
	for (size_t i = 0; i < rehearsal->records.count; i++) {
		const struct name_record *record = &rehearsal->records.items[i];
		strbuf_append(out, "<ResourceRecordSet><Name>");
		strbuf_append_xml(out, record->name);
		strbuf_append(out, ".</Name><Type>A</Type><SetIdentifier>");
		strbuf_append_xml(out, record->instance);
		strbuf_append(out, "</SetIdentifier><MultiValueAnswer>true</MultiValueAnswer>");
		strbuf_appendf(out, "<TTL>%u</TTL><ResourceRecords><ResourceRecord><Value>",
			       record->ttl_s);
		strbuf_append_xml(out, record->address);
		strbuf_append(out, "</Value></ResourceRecord></ResourceRecords>"
				   "</ResourceRecordSet>");
	}
	strbuf_append(out, "</ResourceRecordSets><IsTruncated>false</IsTruncated>"
			   "<MaxItems>300</MaxItems></ListResourceRecordSetsResponse>");
}

/* Nobody else is there: whoever is asked for beside the one is gone. */
static void list_instances(const struct guest_call *request, struct rehearsal_answer *answer)
{
	AUTO_FREE char *name = rehearsal_request_value(request, "Filter.1.Name");
	strbuf_append(&answer->body, "<DescribeInstancesResponse><requestId>1</requestId>"
				     "<reservationSet>");
	if (name != NULL && strcmp(name, "instance-id") == 0 &&
	    strstr(request->body, REHEARSAL_INSTANCE) != NULL)
		strbuf_append(&answer->body,
			      "<item><instancesSet><item><instanceId>" REHEARSAL_INSTANCE
			      "</instanceId><instanceState><code>16</code><name>running</name>"
			      "</instanceState></item></instancesSet></item>");
	strbuf_append(&answer->body, "</reservationSet></DescribeInstancesResponse>");
}

bool rehearsal_call_names(struct cloud_rehearsal *rehearsal, const struct guest_call *request,
			  const char *service, struct rehearsal_answer *answer)
{
	AUTO_FREE char *change = xasprintf(NAME_RECORDS_CHANGE_PATH, REHEARSAL_ZONE);
	AUTO_FREE char *list = xasprintf(NAME_RECORDS_LIST_PATH, REHEARSAL_ZONE);
	AUTO_FREE char *action = rehearsal_request_value(request, "Action");
	bool is_allowed = rehearsal->names.count > 0; /* the role has it then alone */
	if (is_allowed && strcmp(service, "route53") == 0 && strcmp(request->method, "POST") == 0 &&
	    strcmp(request->path, change) == 0)
		change_records(rehearsal, request, answer);
	else if (is_allowed && strcmp(service, "route53") == 0 &&
		 strcmp(request->method, "GET") == 0 && strcmp(request->path, list) == 0)
		list_records(rehearsal, answer);
	else if (is_allowed && strcmp(service, "ec2") == 0 && action != NULL &&
		 strcmp(action, "DescribeInstances") == 0)
		list_instances(request, answer);
	else
		return false;
	return true;
}
