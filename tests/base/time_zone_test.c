/* SPDX-License-Identifier: Apache-2.0 */
#include "base/time_zone.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"

#include "test.h"

static const char *const zones[] = {"Europe/Berlin",	 "America/New_York", "Australia/Lord_Howe",
				    "Africa/Casablanca", "Asia/Kathmandu",   "America/Sao_Paulo",
				    "Pacific/Chatham",	 "Europe/Dublin",    "America/Nuuk"};

/* What glibc says, of the same files. */
static void glibc_knows_the_same_offsets(void **state)
{
	(void)state;
	unsigned seed = 7;
	for (size_t i = 0; i < ARRAY_SIZE(zones); i++) {
		AUTO(error_clear) struct error err = ERROR_INIT;
		struct time_zone *zone = time_zone_load(zones[i], &err);
		if (zone == NULL) {
			print_message("no %s on this machine\n", zones[i]);
			continue;
		}
		assert_int_equal(setenv("TZ", zones[i], 1), 0);
		tzset();
		for (int n = 0; n < 4000; n++) {
			/* From 1970 to 2106, beyond what the files list. */
			seed = seed * 1103515245U + 12345U;
			time_t at = (time_t)seed;
			struct tm theirs;
			struct tm ours = time_zone_local(zone, at);
			assert_non_null(localtime_r(&at, &theirs));
			assert_int_equal(time_zone_offset(zone, at), theirs.tm_gmtoff);
			assert_int_equal(ours.tm_hour, theirs.tm_hour);
			assert_int_equal(ours.tm_mday, theirs.tm_mday);
			assert_int_equal(time_zone_offset(zone, time_zone_time(zone, &ours)),
					 time_zone_offset(zone, time_zone_time(zone, &theirs)));
		}
		time_zone_free(zone);
	}
	assert_int_equal(unsetenv("TZ"), 0);
}

static int32_t offset_by(const char *rule, int64_t at_s)
{
	struct time_zone *zone = time_zone_parse_rule(rule);
	assert_non_null(zone);
	int32_t offset = time_zone_offset(zone, at_s);
	time_zone_free(zone);
	return offset;
}

static void a_rule_has_its_summer(void **state)
{
	(void)state;
	/* 2026-03-29 01:00 UTC, and 2026-10-25 01:00 UTC. */
	assert_int_equal(offset_by("CET-1CEST,M3.5.0,M10.5.0/3", 1774745999), 3600);
	assert_int_equal(offset_by("CET-1CEST,M3.5.0,M10.5.0/3", 1774746000), 7200);
	assert_int_equal(offset_by("CET-1CEST,M3.5.0,M10.5.0/3", 1792889999), 7200);
	assert_int_equal(offset_by("CET-1CEST,M3.5.0,M10.5.0/3", 1792890000), 3600);
	/* In the south it is summer around the new year. */
	assert_int_equal(offset_by("AEST-10AEDT,M10.1.0,M4.1.0/3", 1767225600), 39600);
	assert_int_equal(offset_by("AEST-10AEDT,M10.1.0,M4.1.0/3", 1782864000), 36000);
	assert_int_equal(offset_by("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", 1782864000), -3600);
	assert_int_equal(offset_by("EST5EDT", 1782864000), -14400);
	assert_int_equal(offset_by("XXX-1YYY,J60,J300", 1772323199), 3600);
	assert_int_equal(offset_by("UTC0", 5), 0);
}

static void what_is_no_rule_is_none(void **state)
{
	static const char *const texts[] = {"",
					    "C",
					    "CET",
					    "CET-1x",
					    "CET-25",
					    "<CET1",
					    "CET-1CEST,",
					    "CET-1CEST,M13.1.0,M1.1.0",
					    "CET-1CEST,M3.5.0",
					    "CET-1CEST,M3.5.0,M10.5.0/3 ",
					    "CET-1CEST,J0,J1",
					    "CET-1CEST,M3.5.0/168,M10.5.0"};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_null(time_zone_parse_rule(texts[i]));
}

static void a_name_does_not_lead_elsewhere(void **state)
{
	static const char *const names[] = {"", "../../../etc/passwd", "/etc/localtime",
					    "Europe/Nowhere", "Europe"};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		AUTO(error_clear) struct error err = ERROR_INIT;
		assert_null(time_zone_load(names[i], &err));
		assert_int_equal(err.kind, ERROR_NOT_FOUND);
		assert_non_null(err.hint);
	}
}

static void a_broken_file_is_none(void **state)
{
	static const char head[] = "TZif2";
	char bytes[100] = {0};
	(void)state;
	assert_null(time_zone_parse("", 0));
	memcpy(bytes, head, strlen(head));
	assert_null(time_zone_parse(bytes, sizeof(bytes)));
	memset(bytes + 20, 0xff, 24);
	assert_null(time_zone_parse(bytes, sizeof(bytes)));
}

static void this_machine_has_one(void **state)
{
	(void)state;
	assert_int_equal(setenv("TZ", "XYZ-3", 1), 0);
	struct time_zone *zone = time_zone_load_local();
	assert_int_equal(time_zone_offset(zone, 0), 10800);
	time_zone_free(zone);
	assert_int_equal(unsetenv("TZ"), 0);
	zone = time_zone_load_local();
	assert_non_null(zone);
	time_zone_free(zone);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(glibc_knows_the_same_offsets),
		cmocka_unit_test(a_rule_has_its_summer),
		cmocka_unit_test(what_is_no_rule_is_none),
		cmocka_unit_test(a_name_does_not_lead_elsewhere),
		cmocka_unit_test(a_broken_file_is_none),
		cmocka_unit_test(this_machine_has_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
