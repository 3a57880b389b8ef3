/* SPDX-License-Identifier: Apache-2.0 */
/* Beside Kubernetes' own it is compared by tests/oracle/cron.py; here is what holds without a Go. */
#include "manifest/cron_schedule.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"

#include "test.h"

#define BERLIN "CET-1CEST,M3.5.0,M10.5.0/3"

static int64_t next_of(const char *text, const char *rule, int64_t after_s)
{
	struct cron_schedule schedule;
	const char *why = NULL;
	const char *where = NULL;
	struct time_zone *zone = time_zone_parse_rule(rule);
	assert_non_null(zone);
	assert_true(cron_schedule_parse(text, &schedule, &why, &where));
	int64_t next = cron_schedule_next(&schedule, zone, after_s);
	time_zone_free(zone);
	return next;
}

/* 2026-01-01 is a Thursday. */
static void the_next_time_is_the_fields(void **state)
{
	static const struct {
		const char *text;
		int64_t next; /* after 2026-01-01 00:00:30 UTC */
	} cases[] = {{"* * * * *", 1767225660},	    {"*/15 * * * *", 1767226500},
		     {"0 3 * * *", 1767236400},	    {"30 8 * * mon-fri", 1767256200},
		     {"0 0 * * SUN", 1767484800},   {"0 0 29 2 *", 1835395200},
		     {"0 12 13 * fri", 1767355200}, {"0 12 */2 * fri", 1767268800},
		     {"@hourly", 1767229200},	    {"@monthly", 1769904000},
		     {"@every 90m", 1767231030},    {"0 0 31 2 *", CRON_NEVER},
		     {", * * * *", CRON_NEVER}};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int64_t next = next_of(cases[i].text, "UTC0", 1767225630);
		if (next != cases[i].next)
			print_message("%s: %lld\n", cases[i].text, (long long)next);
		assert_int_equal(next, cases[i].next);
	}
}

/* 2:30 does not come on 2026-03-29 in Berlin, and comes once on 2026-10-25. */
static void clocks_change(void **state)
{
	(void)state;
	assert_int_equal(next_of("30 2 * * *", BERLIN, 1774738800), 1774830600);
	int64_t first = next_of("30 2 * * *", BERLIN, 1792879200);
	assert_int_equal(first, 1792888200);
	assert_int_equal(next_of("30 2 * * *", BERLIN, first), 1792891800);
	assert_int_equal(next_of("0 0 * * *", BERLIN, 1774738800), 1774821600);
}

static void what_is_wrong_is_said_where_it_is(void **state)
{
	static const struct {
		const char *text;
		const char *where;
	} cases[] = {{"", ""},
		     {"* * * *", "* * * *"},
		     {"60 * * * *", "60 * * * *"},
		     {"* * * * 7", "7"},
		     {"* * 0 * *", "0 * *"},
		     {"* * * foo *", "foo *"},
		     {"* 5-3 * * *", "5-3 * * *"},
		     {"*/0 * * * *", "*/0 * * * *"},
		     {"1-2-3 * * * *", "1-2-3 * * * *"},
		     {"1/2/3 * * * *", "1/2/3 * * * *"},
		     {"@reboot", "@reboot"},
		     {"@every x", "x"},
		     {"@every 9999999999h", "9999999999h"},
		     {"0 0 * * mon,", NULL}};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct cron_schedule schedule;
		const char *why = NULL;
		const char *where = NULL;
		bool is_good = cron_schedule_parse(cases[i].text, &schedule, &why, &where);
		assert_int_equal(is_good, cases[i].where == NULL);
		if (is_good)
			continue;
		assert_non_null(why);
		assert_string_equal(where, cases[i].where);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_next_time_is_the_fields),
		cmocka_unit_test(clocks_change),
		cmocka_unit_test(what_is_wrong_is_said_where_it_is),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
