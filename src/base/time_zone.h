/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_BASE_TIME_ZONE_H
#define I2KIT_BASE_TIME_ZONE_H

/*
 * A time zone as a value: glibc knows but one at a time, of the whole process. Read from the
 * machine's tzdata (TZif, RFC 9636; behind its last change the rule at its end, as in POSIX' TZ).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "base/error.h"

struct time_zone;
void time_zone_free(struct time_zone *zone);

/* "Europe/Berlin", "UTC"; ERROR_NOT_FOUND: there is none of that name. Owned, or NULL. */
struct time_zone *time_zone_load(const char *name, struct error *err);
/* This machine's: $TZ, else /etc/localtime, else UTC. Owned, never NULL. */
struct time_zone *time_zone_load_local(void);
/* A file's bytes; NULL: they are no TZif. */
struct time_zone *time_zone_parse(const void *bytes, size_t size);
/* "CET-1CEST,M3.5.0,M10.5.0/3"; NULL: it is no such rule. */
struct time_zone *time_zone_parse_rule(const char *text);

/* Seconds east of UTC at that time (seconds since 1970). */
int32_t time_zone_offset(const struct time_zone *zone, int64_t unix_s);
/* The calendar there. */
struct tm time_zone_local(const struct time_zone *zone, int64_t unix_s);
/*
 * The other way; fields may be out of their range. What a change of clocks leaves out or has twice
 * comes out as with Go's time.Date, which Kubernetes reckons with: on one side of it.
 */
int64_t time_zone_time(const struct time_zone *zone, const struct tm *local);

#endif
