/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usage: cron-times <LINES   for tests/oracle/cron.py: what schedules mean here, in the words of
 * tests/oracle/kubernetes/cron/main.go.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/parse.h"
#include "base/string_list.h"
#include "local/supervisor/cron_step.h"

static void print_time(int64_t at_s)
{
	if (at_s == CRON_NEVER)
		(void)fputs("- ", stdout);
	else
		(void)printf("%lld ", (long long)at_s);
}

static void answer(const struct string_list *fields)
{
	struct cron_schedule schedule;
	struct cron_spec spec = {0};
	struct cron_state state = {0};
	struct cron_facts facts = {.spec = &spec, .schedule = &schedule};
	const char *why = NULL;
	const char *where = NULL;
	int64_t now_s = 0;
	uint64_t deadline_s = 0;
	bool is_many = false;

	if (fields->count != 6 || strstr(fields->items[0], "TZ") != NULL ||
	    !cron_schedule_parse(fields->items[0], &schedule, &why, &where)) {
		(void)puts("refused");
		return;
	}
	struct time_zone *zone = time_zone_load(fields->items[1], NULL);
	facts.zone = zone;
	if (zone == NULL || !parse_i64(fields->items[2], 0, INT64_MAX, &state.created_s) ||
	    !parse_i64(fields->items[5], 0, INT64_MAX, &now_s))
		abort();
	if (parse_i64(fields->items[3], 0, INT64_MAX, &state.last_s))
		state.is_changed = true;
	spec.has_deadline = parse_u64(fields->items[4], 0, UINT32_MAX, &deadline_s);
	spec.deadline_s = deadline_s;
	facts.now_ns = now_s * 1000000000;
	print_time(cron_schedule_next(&schedule, zone, now_s));
	print_time(cron_last_due(&facts, &state, &is_many));
	(void)puts(is_many ? "true" : "false");
	time_zone_free(zone);
}

int main(void)
{
	AUTO_FREE char *line = NULL;
	size_t room = 0;
	ssize_t size;

	while ((size = getline(&line, &room, stdin)) > 0) {
		AUTO(string_list_clear) struct string_list fields = STRING_LIST_INIT;
		line[size - 1] = '\0';
		string_list_split(&fields, line, '|');
		answer(&fields);
	}
	return 0;
}
