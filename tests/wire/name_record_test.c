/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/strbuf.h"
#include "base/xml.h"
#include "wire/name_record.h"

static bool parse_changes(const char *text, struct name_record_list *written,
			  struct name_record_list *removed)
{
	AUTO_PTR(xml) struct xml *root = xml_parse(text, strlen(text), NULL);
	return root != NULL && name_changes_read(root, written, removed, NULL);
}

static void what_is_written_is_read(void **state)
{
	(void)state;
	for (int is_there = 0; is_there < 2; is_there++) {
		AUTO(name_record_list_clear) struct name_record_list list = {0};
		AUTO(name_record_list_clear) struct name_record_list written = {0};
		AUTO(name_record_list_clear) struct name_record_list removed = {0};
		name_record_list_add(&list, "db.shop.internal", "i-0a1", "10.0.0.1", 10);
		name_record_list_add(&list, "db.default.shop.internal.", "i-0a1", "10.0.0.1", 7);
		AUTO_FREE char *text = name_changes_write(&list, is_there != 0);
		assert_true(parse_changes(text, &written, &removed));
		const struct name_record_list *got = is_there != 0 ? &written : &removed;
		assert_int_equal(written.count + removed.count, 2);
		assert_int_equal(got->count, 2);
		assert_string_equal(got->items[1].name, "db.default.shop.internal");
		assert_string_equal(got->items[1].instance, "i-0a1");
		assert_string_equal(got->items[1].address, "10.0.0.1");
		assert_int_equal(got->items[1].ttl_s, 7);
	}
}

static void what_no_instance_writes_is_refused(void **state)
{
	(void)state;
	static const char *const edits[][2] = {{"UPSERT", "CREATE"},
					       {"<Type>A<", "<Type>AAAA<"},
					       {"i-0a1", "i-"},
					       {"i-0a1", "blue"},
					       {"10.0.0.1", "10.0.0"},
					       {"<TTL>10<", "<TTL>-1<"},
					       {"MultiValueAnswer", "Weight"},
					       {"Changes", "Change"}};
	AUTO(name_record_list_clear) struct name_record_list list = {0};
	name_record_list_add(&list, "db.shop.internal", "i-0a1", "10.0.0.1", 10);
	AUTO_FREE char *text = name_changes_write(&list, true);
	for (size_t i = 0; i < ARRAY_SIZE(edits); i++) {
		AUTO(name_record_list_clear) struct name_record_list written = {0};
		AUTO(name_record_list_clear) struct name_record_list removed = {0};
		AUTO(strbuf_clear) struct strbuf edited = STRBUF_INIT;
		for (const char *rest = text; rest != NULL;) {
			const char *found = strstr(rest, edits[i][0]);
			size_t size = found != NULL ? (size_t)(found - rest) : strlen(rest);
			strbuf_append_bytes(&edited, rest, size);
			strbuf_append(&edited, found != NULL ? edits[i][1] : "");
			rest = found != NULL ? found + strlen(edits[i][0]) : NULL;
		}
		assert_string_not_equal(strbuf_text(&edited), text);
		assert_false(parse_changes(strbuf_text(&edited), &written, &removed));
	}
}

#define RECORD(name, id, value)                                                                    \
	"<ResourceRecordSet><Name>" name "</Name><Type>A</Type><SetIdentifier>" id                 \
	"</SetIdentifier><MultiValueAnswer>true</MultiValueAnswer><TTL>10</TTL><ResourceRecords>"  \
	"<ResourceRecord><Value>" value "</Value></ResourceRecord></ResourceRecords>"              \
	"</ResourceRecordSet>"

/* As Route 53 answers: the zone's own records and those of stacks are no instances'. */
static void a_zone_is_listed_in_pages(void **state)
{
	(void)state;
	static const char page[] =
		"<?xml version=\"1.0\"?>\n<ListResourceRecordSetsResponse "
		"xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"><ResourceRecordSets>"
		"<ResourceRecordSet><Name>shop.internal.</Name><Type>SOA</Type><TTL>900</TTL>"
		"<ResourceRecords><ResourceRecord><Value>ns. x. 1</Value></ResourceRecord>"
		"</ResourceRecords></ResourceRecordSet>"
		"<ResourceRecordSet><Name>web.shop.internal.</Name><Type>A</Type><AliasTarget>"
		"<DNSName>x.elb.amazonaws.com.</DNSName></AliasTarget></ResourceRecordSet>" RECORD(
			"db.shop.internal.", "i-0a1", "10.0.0.1") RECORD("db.shop.internal.",
									 "i-0a2", "10.0.0.2")
			RECORD("db.shop.internal.", "somebody",
			       "10.0.0.3") "</ResourceRecordSets><IsTruncated>true</"
					   "IsTruncated><NextRecordName>"
					   "e\\052.shop.internal.</"
					   "NextRecordName><NextRecordType>A</NextRecordType>"
					   "<NextRecordIdentifier>i-0a3</"
					   "NextRecordIdentifier><MaxItems>300</MaxItems>"
					   "</ListResourceRecordSetsResponse>";
	AUTO(name_record_list_clear) struct name_record_list list = {0};
	AUTO_FREE char *next = NULL;
	AUTO_PTR(xml) struct xml *root = xml_parse(page, strlen(page), NULL);
	assert_non_null(root);
	assert_true(name_records_read(root, &list, &next, NULL));
	assert_int_equal(list.count, 2);
	assert_string_equal(list.items[1].address, "10.0.0.2");
	assert_string_equal(next,
			    "identifier=i-0a3&maxitems=300&name=e%5C052.shop.internal.&type=A");
	AUTO_FREE char *none = NULL;
	AUTO_PTR(xml) struct xml *other = xml_parse("<ErrorResponse/>", 16, NULL);
	assert_false(name_records_read(other, &list, &none, NULL));
}

static void those_that_run_keep_their_records(void **state)
{
	(void)state;
#define INSTANCE(id, state)                                                                        \
	"<item><instanceId>" id "</instanceId><instanceState><name>" state                         \
	"</name></instanceState></item>"
	static const char page[] =
		"<DescribeInstancesResponse><reservationSet><item><instancesSet>" INSTANCE(
			"i-1", "running") INSTANCE("i-2", "terminated")
			INSTANCE("i-3",
				 "pending") "<item><instanceId>i-4</instanceId></item></"
					    "instancesSet></item><item/>"
					    "<item><instancesSet>" INSTANCE("i-5", "shutting-down")
						    INSTANCE(
							    "i-6",
							    "running") "</instancesSet></item></"
								       "reservationSet>"
								       "</"
								       "DescribeInstancesResponse>";
#undef INSTANCE
	AUTO(string_list_clear) struct string_list alive = STRING_LIST_INIT;
	AUTO_PTR(xml) struct xml *root = xml_parse(page, strlen(page), NULL);
	name_instances_read(root, &alive);
	AUTO_FREE char *ids = string_list_join(&alive, " ");
	assert_string_equal(ids, "i-1 i-3 i-6");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(what_no_instance_writes_is_refused),
		cmocka_unit_test(a_zone_is_listed_in_pages),
		cmocka_unit_test(those_that_run_keep_their_records),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
