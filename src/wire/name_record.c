/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/name_record.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/parse.h"
#include "base/strbuf.h"
#include "base/xml.h"

#define NAMESPACE "https://route53.amazonaws.com/doc/2013-04-01/"
#define MAX_LIST  100000 /* records of one zone; more is no zone of ours */

void name_record_list_clear(struct name_record_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->items[i].name);
		free(list->items[i].instance);
		free(list->items[i].address);
	}
	free(list->items);
	*list = (struct name_record_list){0};
}

void name_record_list_add(struct name_record_list *list, const char *name, const char *instance,
			  const char *address, uint32_t ttl_s)
{
	struct name_record *record = ARRAY_APPEND(list->items, list->count);
	size_t size = strlen(name);
	record->name = xstrndup(name, size > 0 && name[size - 1] == '.' ? size - 1 : size);
	record->instance = xstrdup(instance);
	record->address = xstrdup(address);
	record->ttl_s = ttl_s;
}

void name_record_names(const char *name, const char *name_space, const char *domain,
		       struct string_list *ret)
{
	string_list_addf(ret, "%s.%s", name, domain);
	string_list_addf(ret, "%s.%s.%s", name, name_space, domain);
	string_list_addf(ret, "%s.%s.svc.cluster.local.%s", name, name_space, domain);
}

/* --- writing -------------------------------------------------------------------------------- */

static void write_element(struct strbuf *out, const char *element, const char *text)
{
	strbuf_appendf(out, "<%s>", element);
	strbuf_append_xml(out, text);
	strbuf_appendf(out, "</%s>", element);
}

static void write_change(struct strbuf *out, const struct name_record *record, const char *action)
{
	AUTO_FREE char *name = xasprintf("%s.", record->name);
	AUTO_FREE char *ttl = xasprintf("%u", record->ttl_s);
	strbuf_append(out, "<Change>");
	write_element(out, "Action", action);
	strbuf_append(out, "<ResourceRecordSet>");
	write_element(out, "Name", name);
	write_element(out, "Type", "A");
	write_element(out, "SetIdentifier", record->instance);
	write_element(out, "MultiValueAnswer", "true");
	write_element(out, "TTL", ttl);
	strbuf_append(out, "<ResourceRecords><ResourceRecord>");
	write_element(out, "Value", record->address);
	strbuf_append(out, "</ResourceRecord></ResourceRecords></ResourceRecordSet></Change>");
}

char *name_changes_write(const struct name_record_list *list, bool is_there)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	strbuf_append(&out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"
			    "<ChangeResourceRecordSetsRequest xmlns=\"" NAMESPACE "\"><ChangeBatch>"
			    "<Changes>");
	for (size_t i = 0; i < list->count; i++)
		write_change(&out, &list->items[i], is_there ? "UPSERT" : "DELETE");
	strbuf_append(&out, "</Changes></ChangeBatch></ChangeResourceRecordSetsRequest>");
	return strbuf_take(&out);
}

/* --- reading -------------------------------------------------------------------------------- */

static bool is_instance(const char *text)
{
	if (text == NULL || strncmp(text, "i-", 2) != 0 || text[2] == '\0' || strlen(text) > 64)
		return false;
	for (const char *c = text + 2; *c != '\0'; c++)
		if (isxdigit((unsigned char)*c) == 0)
			return false;
	return true;
}

/* Adds the record where it is of an instance, as a writer of ours makes it; false: it is not. */
static bool add_set(const struct xml *set, struct name_record_list *list)
{
	const char *name = xml_text(set, "Name");
	const char *type = xml_text(set, "Type");
	const char *instance = xml_text(set, "SetIdentifier");
	const char *multivalue = xml_text(set, "MultiValueAnswer");
	const struct xml *records = xml_find(set, "ResourceRecords");
	const char *address = xml_text(records, "ResourceRecord/Value");
	const char *ttl_text = xml_text(set, "TTL");
	struct in_addr ignored;
	uint64_t ttl_s = 0;
	if (name == NULL || name[0] == '\0' || strlen(name) > 1024 || type == NULL ||
	    strcmp(type, "A") != 0 || !is_instance(instance) || multivalue == NULL ||
	    strcmp(multivalue, "true") != 0 || address == NULL || records->first != records->last ||
	    inet_pton(AF_INET, address, &ignored) != 1 || ttl_text == NULL ||
	    !parse_u64(ttl_text, 0, INT32_MAX, &ttl_s))
		return false;
	name_record_list_add(list, name, instance, address, (uint32_t)ttl_s);
	return true;
}

bool name_changes_read(const struct xml *root, struct name_record_list *ret_written,
		       struct name_record_list *ret_removed, struct error *err)
{
	const struct xml *changes = xml_find(root, "ChangeBatch/Changes");
	if (strcmp(root->name, "ChangeResourceRecordSetsRequest") != 0 || changes == NULL ||
	    changes->first == NULL)
		return error_set(err, ERROR_INVALID, "no changes of records");
	for (const struct xml *change = changes->first; change != NULL; change = change->next) {
		const char *action = xml_text(change, "Action");
		const struct xml *set = xml_find(change, "ResourceRecordSet");
		bool is_written = action != NULL && strcmp(action, "UPSERT") == 0;
		bool is_removed = action != NULL && strcmp(action, "DELETE") == 0;
		if ((!is_written && !is_removed) ||
		    !add_set(set, is_written ? ret_written : ret_removed))
			return error_set(err, ERROR_INVALID, "a change that no instance makes");
	}
	return true;
}

static void add_pair(struct strbuf *query, const char *key, const char *value)
{
	if (value == NULL)
		return;
	strbuf_appendf(query, "%s%s=", query->size > 0 ? "&" : "", key);
	strbuf_append_url(query, value);
}

bool name_records_read(const struct xml *root, struct name_record_list *list, char **ret_next,
		       struct error *err)
{
	const struct xml *sets = xml_find(root, "ResourceRecordSets");
	const char *is_cut = xml_text(root, "IsTruncated");
	*ret_next = NULL;
	if (strcmp(root->name, "ListResourceRecordSetsResponse") != 0 || sets == NULL ||
	    is_cut == NULL)
		return error_set(err, ERROR_INVALID, "the answer lists no records");
	for (const struct xml *set = sets->first; set != NULL; set = set->next)
		(void)add_set(set, list);
	if (list->count > MAX_LIST)
		return error_set(err, ERROR_FULL, "the zone has too many records");
	if (strcmp(is_cut, "true") != 0)
		return true;
	/* Sorted, as a signature wants it. */
	AUTO(strbuf_clear) struct strbuf query = STRBUF_INIT;
	add_pair(&query, "identifier", xml_text(root, "NextRecordIdentifier"));
	add_pair(&query, "maxitems", "300");
	add_pair(&query, "name", xml_text(root, "NextRecordName"));
	add_pair(&query, "type", xml_text(root, "NextRecordType"));
	*ret_next = strbuf_take(&query);
	return true;
}

static void add_if_alive(const struct xml *instance, struct string_list *ret)
{
	const char *id = xml_text(instance, "instanceId");
	const char *state = xml_text(instance, "instanceState/name");

	if (id != NULL && state != NULL &&
	    (strcmp(state, "running") == 0 || strcmp(state, "pending") == 0))
		string_list_add(ret, id);
}

void name_instances_read(const struct xml *root, struct string_list *ret)
{
	const struct xml *set = xml_find(root, "reservationSet");

	for (const struct xml *r = set != NULL ? set->first : NULL; r != NULL; r = r->next) {
		const struct xml *inner = xml_find(r, "instancesSet");
		for (const struct xml *i = inner != NULL ? inner->first : NULL; i != NULL;
		     i = i->next)
			add_if_alive(i, ret);
	}
}
