/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

uint64_t clock_monotonic_us(void)
{
	struct timespec now = {0};
	(void)clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * 1000000U + (uint64_t)now.tv_nsec / 1000U;
}

uint64_t clock_monotonic_ms(void)
{
	return clock_monotonic_us() / 1000U;
}

int64_t clock_wall_ns(void)
{
	struct timespec now = {0};
	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

void clock_format_rfc3339(char out[RFC3339_SIZE], int64_t wall_ns, int digits)
{
	int64_t seconds = wall_ns / INT64_C(1000000000);
	int64_t fraction = wall_ns % INT64_C(1000000000);
	if (fraction < 0) {
		fraction += INT64_C(1000000000);
		seconds--;
	}
	time_t when = (time_t)seconds;
	struct tm tm = {0};
	(void)gmtime_r(&when, &tm);
	char date[24];
	char tail[16] = "";
	if (strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm) == 0)
		date[0] = '\0';
	if (digits > 0) {
		(void)snprintf(tail, sizeof(tail), ".%09" PRId64, fraction);
		if (digits < 9)
			tail[digits + 1] = '\0';
	}
	(void)snprintf(out, RFC3339_SIZE, "%s%sZ", date, tail);
}

void clock_format_age(char out[AGE_SIZE], uint64_t seconds)
{
	uint64_t minutes = seconds / 60;
	uint64_t hours = minutes / 60;
	uint64_t days = hours / 24;

	if (seconds < 120)
		(void)snprintf(out, AGE_SIZE, "%" PRIu64 "s", seconds);
	else if (minutes < 10 && seconds % 60 != 0)
		(void)snprintf(out, AGE_SIZE, "%" PRIu64 "m%" PRIu64 "s", minutes, seconds % 60);
	else if (hours < 2)
		(void)snprintf(out, AGE_SIZE, "%" PRIu64 "m", minutes);
	else if (hours < 10 && minutes % 60 != 0)
		(void)snprintf(out, AGE_SIZE, "%" PRIu64 "h%" PRIu64 "m", hours, minutes % 60);
	else if (days < 2)
		(void)snprintf(out, AGE_SIZE, "%" PRIu64 "h", hours);
	else if (days < 10 && hours % 24 != 0)
		(void)snprintf(out, AGE_SIZE, "%" PRIu64 "d%" PRIu64 "h", days, hours % 24);
	else
		(void)snprintf(out, AGE_SIZE, "%" PRIu64 "d", days);
}
