/* SPDX-License-Identifier: Apache-2.0 */
/* "SCHEDULE\nRULE\nBYTES": a schedule in the zone of a rule, and a time zone's file. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "fuzz.h"
#include "manifest/cron_schedule.h"

#define NOW INT64_C(1774738800) /* the day before clocks change in Europe */

static void check_next(const struct cron_schedule *schedule, const struct time_zone *zone)
{
	int64_t after = NOW;

	for (int i = 0; i < 3 && after != CRON_NEVER; i++) {
		int64_t next = cron_schedule_next(schedule, zone, after);
		if (next != CRON_NEVER && next <= after)
			abort();
		after = next;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	AUTO_FREE char *text = xstrndup((const char *)bytes, size);
	char *rule = strchr(text, '\n');
	char *file = rule != NULL ? strchr(rule + 1, '\n') : NULL;
	struct cron_schedule schedule;
	const char *why = NULL;
	const char *where = NULL;

	if (file == NULL)
		return 0;
	*rule++ = '\0';
	*file++ = '\0';
	size_t skipped = (size_t)(file - text);
	struct time_zone *zone = time_zone_parse_rule(rule);
	struct time_zone *from_file = time_zone_parse(bytes + skipped, size - skipped);
	bool is_schedule = cron_schedule_parse(text, &schedule, &why, &where);
	if (!is_schedule && (why == NULL || where == NULL))
		abort();
	if (is_schedule && zone != NULL)
		check_next(&schedule, zone);
	if (is_schedule && from_file != NULL)
		check_next(&schedule, from_file);
	time_zone_free(zone);
	time_zone_free(from_file);
	return 0;
}
