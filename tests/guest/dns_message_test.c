/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/documents/dns_message.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <resolv.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"

#include "test.h"

/*
 * libc's resolver library makes the questions and reads the answers: another's reading of the RFC.
 */

static struct host_list hosts;
static uint8_t query[512];
static uint8_t answer[DNS_MAX_SIZE];

static struct host_entry *add(const char *ip, const char *name)
{
	struct host_entry *entry = ARRAY_APPEND(hosts.entries, hosts.count);

	entry->ip = xstrdup(ip);
	string_list_add(&entry->names, name);
	string_list_addf(&entry->names, "%s.default.svc.cluster.local", name);
	return entry;
}

static int start(void **state)
{
	struct host_service *service;
	struct host_entry *entry;
	(void)state;

	hosts = (struct host_list){0};
	entry = add("10.77.1.254", "redis");
	service = ARRAY_APPEND(entry->services, entry->service_count);
	service->name = xstrdup("_redis._tcp.redis.default.svc.cluster.local");
	service->port = 6379;
	service->target = xstrdup("redis.default.svc.cluster.local");
	return 0;
}

static int stop(void **state)
{
	(void)state;
	host_list_clear(&hosts);
	return 0;
}

/* Size of the answer, 0: not answered here. */
static size_t ask(const char *name, int type, ns_msg *ret)
{
	struct dns_question question;
	int size =
		res_mkquery(ns_o_query, name, ns_c_in, type, NULL, 0, NULL, query, sizeof(query));
	size_t got;

	assert_true(size > 0);
	assert_true(dns_question_read(query, (size_t)size, &question));
	got = dns_answer_make(&hosts, &question, query, answer, question.udp_size);
	if (got > 0)
		assert_int_equal(ns_initparse(answer, (int)got, ret), 0);
	return got;
}

static void a_name_has_its_address(void **state)
{
	ns_msg message;
	ns_rr record;
	const uint8_t wanted[] = {10, 77, 1, 254};
	(void)state;

	assert_true(ask("Redis.default.SVC.cluster.local", ns_t_a, &message) > 0);
	assert_int_equal(ns_msg_getflag(message, ns_f_rcode), ns_r_noerror);
	assert_int_equal(ns_msg_count(message, ns_s_an), 1);
	assert_int_equal(ns_parserr(&message, ns_s_an, 0, &record), 0);
	assert_int_equal(ns_rr_type(record), ns_t_a);
	assert_memory_equal(ns_rr_rdata(record), wanted, 4);
	assert_true(ask("redis", ns_t_a, &message) > 0);
}

static void a_known_name_has_no_ipv6_and_exists(void **state)
{
	ns_msg message;
	ns_rr record;
	(void)state;

	assert_true(ask("redis.default.svc.cluster.local", ns_t_aaaa, &message) > 0);
	assert_int_equal(ns_msg_getflag(message, ns_f_rcode), ns_r_noerror);
	assert_int_equal(ns_msg_count(message, ns_s_an), 0);
	assert_int_equal(ns_msg_count(message, ns_s_ns), 1);
	assert_int_equal(ns_parserr(&message, ns_s_ns, 0, &record), 0);
	assert_int_equal(ns_rr_type(record), ns_t_soa);
}

static void an_unknown_name_of_the_cluster_does_not_exist(void **state)
{
	ns_msg message;
	(void)state;

	assert_true(ask("example.com.default.svc.cluster.local", ns_t_a, &message) > 0);
	assert_int_equal(ns_msg_getflag(message, ns_f_rcode), ns_r_nxdomain);
	assert_int_equal(ask("example.com", ns_t_a, &message), 0);
	assert_int_equal(ask("notcluster.local", ns_t_a, &message), 0);
}

static void a_named_port_has_a_service_record(void **state)
{
	ns_msg message;
	ns_rr record;
	char target[DNS_NAME_SIZE];
	(void)state;

	assert_true(ask("_redis._tcp.redis.default.svc.cluster.local", ns_t_srv, &message) > 0);
	assert_int_equal(ns_msg_count(message, ns_s_an), 1);
	assert_int_equal(ns_parserr(&message, ns_s_an, 0, &record), 0);
	assert_int_equal(ns_get16(ns_rr_rdata(record) + 4), 6379);
	assert_true(ns_name_uncompress(ns_msg_base(message), ns_msg_end(message),
				       ns_rr_rdata(record) + 6, target, sizeof(target)) > 0);
	assert_string_equal(target, "redis.default.svc.cluster.local");
}

static void an_address_has_its_name(void **state)
{
	ns_msg message;
	ns_rr record;
	char target[DNS_NAME_SIZE];
	(void)state;

	assert_true(ask("254.1.77.10.in-addr.arpa", ns_t_ptr, &message) > 0);
	assert_int_equal(ns_parserr(&message, ns_s_an, 0, &record), 0);
	assert_true(ns_name_uncompress(ns_msg_base(message), ns_msg_end(message),
				       ns_rr_rdata(record), target, sizeof(target)) > 0);
	assert_string_equal(target, "redis.default.svc.cluster.local");
	assert_int_equal(ask("8.8.8.8.in-addr.arpa", ns_t_ptr, &message), 0);
}

static void what_does_not_fit_is_cut_and_says_so(void **state)
{
	ns_msg message;
	(void)state;

	for (int i = 0; i < 60; i++) {
		AUTO_FREE char *ip = xasprintf("10.77.1.%d", 10 + i);
		add(ip, "db");
	}
	assert_in_range(ask("db.default.svc.cluster.local", ns_t_a, &message), 1, 512);
	assert_int_equal(ns_msg_getflag(message, ns_f_tc), 1);
	assert_true(ns_msg_count(message, ns_s_an) > 20);
}

static void edns_raises_what_fits_and_is_answered(void **state)
{
	static const uint8_t option[] = {0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0}; /* 1232 bytes */
	struct dns_question question;
	ns_msg message;
	size_t size;
	(void)state;

	for (int i = 0; i < 60; i++) {
		AUTO_FREE char *ip = xasprintf("10.77.1.%d", 10 + i);
		add(ip, "db");
	}
	size = (size_t)res_mkquery(ns_o_query, "db.default.svc.cluster.local", ns_c_in, ns_t_a,
				   NULL, 0, NULL, query, sizeof(query));
	memcpy(query + size, option, sizeof(option));
	query[11] = 1;
	assert_true(dns_question_read(query, size + sizeof(option), &question));
	assert_int_equal(question.udp_size, 1232);
	size = dns_answer_make(&hosts, &question, query, answer, question.udp_size);
	assert_int_equal(ns_initparse(answer, (int)size, &message), 0);
	assert_int_equal(ns_msg_getflag(message, ns_f_tc), 0);
	assert_int_equal(ns_msg_count(message, ns_s_an), 60);
	assert_int_equal(ns_msg_count(message, ns_s_ar), 1);
}

static void what_is_no_question_is_none(void **state)
{
	static const uint8_t endless[] = {0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 63, 'a'};
	static const uint8_t pointer[] = {0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0xc0, 12, 0, 1, 0, 1};
	static const uint8_t reply[] = {0, 1, 0x81, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1};
	struct dns_question question;
	(void)state;

	assert_false(dns_question_read(endless, sizeof(endless), &question));
	assert_false(dns_question_read(pointer, sizeof(pointer), &question));
	assert_false(dns_question_read(reply, sizeof(reply), &question));
	assert_false(dns_question_read(reply, 3, &question));
}

static struct host_entry *add_alias(const char *name, const char *target)
{
	struct host_entry *entry = add("", name);

	free(entry->ip);
	entry->ip = NULL;
	entry->alias = xstrdup(target);
	return entry;
}

static void assert_name(const ns_msg *message, const uint8_t *at, const char *wanted)
{
	char name[DNS_NAME_SIZE];

	assert_true(ns_name_uncompress(ns_msg_base(*message), ns_msg_end(*message), at, name,
				       sizeof(name)) > 0);
	assert_string_equal(name, wanted);
}

static void an_alias_of_a_known_name_brings_its_address(void **state)
{
	ns_msg message;
	ns_rr record;
	(void)state;

	add_alias("cache", "redis.default.svc.cluster.local");
	add_alias("twice", "cache");
	assert_true(ask("twice", ns_t_a, &message) > 0);
	assert_int_equal(ns_msg_getflag(message, ns_f_rcode), ns_r_noerror);
	assert_int_equal(ns_msg_count(message, ns_s_an), 2);
	assert_int_equal(ns_parserr(&message, ns_s_an, 0, &record), 0);
	assert_int_equal(ns_rr_type(record), ns_t_cname);
	assert_name(&message, ns_rr_rdata(record), "redis.default.svc.cluster.local");
	assert_int_equal(ns_parserr(&message, ns_s_an, 1, &record), 0);
	assert_int_equal(ns_rr_type(record), ns_t_a);
	assert_string_equal(ns_rr_name(record), "redis.default.svc.cluster.local");
}

static void aliases_that_lead_nowhere_end(void **state)
{
	ns_msg message;
	(void)state;

	add_alias("a", "b");
	add_alias("b", "a");
	add_alias("gone", "nobody.default.svc.cluster.local");
	assert_true(ask("a", ns_t_a, &message) > 0);
	assert_int_equal(ns_msg_getflag(message, ns_f_rcode), ns_r_servfail);
	assert_true(ask("gone", ns_t_a, &message) > 0);
	assert_int_equal(ns_msg_getflag(message, ns_f_rcode), ns_r_nxdomain);
}

/* What a server outside says: an alias of its own, and two addresses behind it. */
static size_t say_outside(const uint8_t *asked, size_t size, uint8_t *said)
{
	static const uint8_t records[] = {
		0xc0, 12,  0,	 5,  0, 1, 0, 0, 0, 60, 0, 4,  1, 'x', 0xc0, 12, /* CNAME x.… */
		1,    'x', 0xc0, 12, 0, 1, 0, 1, 0, 0,	0, 60, 0, 4,   192,  0,	 2, 7, /* A */
		1,    'x', 0xc0, 12, 0, 1, 0, 1, 0, 0,	0, 60, 0, 4,   192,  0,	 2, 8};

	memcpy(said, asked, size);
	said[2] |= 0x80;
	said[7] = 3;
	memcpy(said + size, records, sizeof(records));
	return size + sizeof(records);
}

static void an_alias_of_a_name_outside_is_asked_for_there(void **state)
{
	struct dns_question question;
	struct dns_question passed;
	uint8_t onward[512];
	uint8_t said[1024];
	ns_msg message;
	ns_rr record;
	(void)state;

	add_alias("db", "db.example.com");
	size_t size = (size_t)res_mkquery(ns_o_query, "db.default.svc.cluster.local", ns_c_in,
					  ns_t_a, NULL, 0, NULL, query, sizeof(query));
	assert_true(dns_question_read(query, size, &question));
	const char *target = dns_alias_target(&hosts, &question);
	assert_string_equal(target, "db.example.com");
	size = dns_alias_query_make(&question, query, target, onward, sizeof(onward));
	assert_true(dns_question_read(onward, size, &passed));
	assert_string_equal(passed.name, "db.example.com");
	assert_memory_equal(onward, query, 2);
	size_t said_size = say_outside(onward, size, said);
	assert_int_equal(ns_initparse(said, (int)said_size, &message), 0);
	size = dns_alias_answer_make(&question, query, target, said, said_size, answer, 512);
	assert_int_equal(ns_initparse(answer, (int)size, &message), 0);
	assert_int_equal(ns_msg_count(message, ns_s_an), 3);
	assert_int_equal(ns_parserr(&message, ns_s_an, 0, &record), 0);
	assert_string_equal(ns_rr_name(record), "db.default.svc.cluster.local");
	assert_name(&message, ns_rr_rdata(record), "db.example.com");
	assert_int_equal(ns_parserr(&message, ns_s_an, 2, &record), 0);
	assert_string_equal(ns_rr_name(record), "db.example.com");
	assert_int_equal(ns_rr_rdata(record)[3], 8);
	/* Cut off anywhere, it is no answer, and nothing is read behind its end. */
	for (size_t i = 0; i < said_size; i++) {
		AUTO_FREE uint8_t *part = xmemdup(said, i > 0 ? i : 1);
		assert_int_equal(
			dns_alias_answer_make(&question, query, target, part, i, answer, 512), 0);
	}
	/* Who asks for the alias itself, or for mail, is told the name alone. */
	assert_true(ask("db", ns_t_mx, &message) > 0);
	assert_int_equal(ns_msg_count(message, ns_s_an), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_name_has_its_address),
		TEST(a_known_name_has_no_ipv6_and_exists),
		TEST(an_unknown_name_of_the_cluster_does_not_exist),
		TEST(a_named_port_has_a_service_record),
		TEST(an_address_has_its_name),
		TEST(what_does_not_fit_is_cut_and_says_so),
		TEST(edns_raises_what_fits_and_is_answered),
		TEST(what_is_no_question_is_none),
		TEST(an_alias_of_a_known_name_brings_its_address),
		TEST(aliases_that_lead_nowhere_end),
		TEST(an_alias_of_a_name_outside_is_asked_for_there),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
