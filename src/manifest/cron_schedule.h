/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_CRON_SCHEDULE_H
#define I2KIT_MANIFEST_CRON_SCHEDULE_H

/*
 * A CronJob's schedule: what Kubernetes takes, github.com/robfig/cron/v3's ParseStandard, and when
 * it comes next by that library's rules. Five fields (minute, hour, day of the month, month, day of
 * the week), each `*`, `?`, numbers or names, ranges, lists, steps; or @yearly @annually @monthly
 * @weekly @daily @midnight @hourly, or @every 1h30m.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/time_zone.h"

struct cron_schedule {
	uint64_t minutes; /* bit n: at n; bit 63: it was a star */
	uint64_t hours;
	uint64_t days;
	uint64_t months;
	uint64_t weekdays;
	int64_t every_s; /* 0: by the fields; else that long after the last */
};

/* False: *why says what is wrong with it, and *where (a part of text) with which part. */
bool cron_schedule_parse(const char *text, struct cron_schedule *ret, const char **why,
			 const char **where);

#define CRON_NEVER INT64_MIN
/* The first time after that one, in seconds since 1970; CRON_NEVER: none within five years. */
int64_t cron_schedule_next(const struct cron_schedule *schedule, const struct time_zone *zone,
			   int64_t after_s);

#endif
