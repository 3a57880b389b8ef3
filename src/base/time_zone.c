/* SPDX-License-Identifier: Apache-2.0 */
#include "base/time_zone.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"

enum {
	FILE_MAX_BYTES = 1 << 20,
	HEADER_BYTES = 44,
	LONGEST_OFFSET_S = 25 * 3600, /* POSIX' bound of a rule's, and far beyond any real one */
	LONGEST_CHANGE_H = 167,	      /* RFC 9636 */
	DAY_S = 86400,
};

/* When a rule changes the clocks. */
struct change {
	enum { CHANGE_JULIAN, CHANGE_DAY, CHANGE_WEEKDAY } kind; /* Jn, n, Mm.w.d */
	int day;						 /* of the year, or of the week */
	int week;
	int month;
	int32_t time_s;
};

struct rule {
	bool is_given;
	bool has_summer;
	int32_t offset;
	int32_t summer_offset;
	struct change begin;
	struct change end;
};

struct time_zone {
	int64_t *times; /* ascending; from each on the offset beside it */
	int32_t *offsets;
	size_t count;
	int32_t first_offset; /* before them */
	struct rule rule;     /* behind them */
};

void time_zone_free(struct time_zone *zone)
{
	if (zone == NULL)
		return;
	free(zone->times);
	free(zone->offsets);
	free(zone);
}

/* --- a rule's text -------------------------------------------------------------------------- */

static bool skip_name(const char **at)
{
	const char *start = *at;

	if (**at == '<') {
		size_t size = strcspn(*at, ">");
		if ((*at)[size] == '\0')
			return false;
		*at += size + 1;
		return true;
	}
	while (isalpha((unsigned char)**at))
		(*at)++;
	return *at - start >= 3;
}

/* Not parse.h's: what follows the digits is the rule's next part. */
static bool read_number(const char **at, int most, int *ret)
{
	int number = 0;

	if (!isdigit((unsigned char)**at))
		return false;
	for (; isdigit((unsigned char)**at); (*at)++) {
		number = number * 10 + (**at - '0');
		if (number > most)
			return false;
	}
	*ret = number;
	return true;
}

static bool skip_char(const char **at, char wanted)
{
	if (**at != wanted)
		return false;
	(*at)++;
	return true;
}

/* [+-]h[:m[:s]] */
static bool read_time(const char **at, int most_h, int32_t *ret)
{
	int hours = 0;
	int minutes = 0;
	int seconds = 0;
	bool is_negative = skip_char(at, '-');

	if (!is_negative)
		(void)skip_char(at, '+');
	if (!read_number(at, most_h, &hours))
		return false;
	if (skip_char(at, ':') && (!read_number(at, 59, &minutes) ||
				   (skip_char(at, ':') && !read_number(at, 59, &seconds))))
		return false;
	*ret = (is_negative ? -1 : 1) * (hours * 3600 + minutes * 60 + seconds);
	return true;
}

static bool read_change(const char **at, struct change *ret)
{
	*ret = (struct change){.kind = CHANGE_DAY, .time_s = 2 * 3600};
	if (skip_char(at, 'J')) {
		ret->kind = CHANGE_JULIAN;
		if (!read_number(at, 365, &ret->day) || ret->day == 0)
			return false;
	} else if (skip_char(at, 'M')) {
		ret->kind = CHANGE_WEEKDAY;
		if (!read_number(at, 12, &ret->month) || ret->month == 0 || !skip_char(at, '.') ||
		    !read_number(at, 5, &ret->week) || ret->week == 0 || !skip_char(at, '.') ||
		    !read_number(at, 6, &ret->day))
			return false;
	} else if (!read_number(at, 365, &ret->day)) {
		return false;
	}
	return !skip_char(at, '/') || read_time(at, LONGEST_CHANGE_H, &ret->time_s);
}

static bool read_rule(const char *text, struct rule *ret)
{
	const char *at = text;
	int32_t west = 0;

	*ret = (struct rule){.is_given = true};
	if (!skip_name(&at) || !read_time(&at, 24, &west))
		return false;
	ret->offset = -west;
	if (*at == '\0')
		return true;
	ret->has_summer = true;
	ret->summer_offset = ret->offset + 3600;
	if (!skip_name(&at))
		return false;
	if (*at != ',' && *at != '\0') {
		if (!read_time(&at, 24, &west))
			return false;
		ret->summer_offset = -west;
	}
	/* Without dates POSIX leaves them open; everybody takes those of the United States. */
	if (*at == '\0')
		at = ",M3.2.0,M11.1.0";
	return skip_char(&at, ',') && read_change(&at, &ret->begin) && skip_char(&at, ',') &&
	       read_change(&at, &ret->end) && *at == '\0';
}

/* --- a rule's changes ----------------------------------------------------------------------- */

static bool is_leap(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Days since the year began, at which the change comes. */
static int day_of_change(int year, const struct change *change)
{
	struct tm first = {.tm_year = year - 1900, .tm_mon = change->month - 1, .tm_mday = 1};
	struct tm next = {.tm_year = year - 1900, .tm_mon = change->month, .tm_mday = 1};

	if (change->kind == CHANGE_DAY)
		return change->day;
	if (change->kind == CHANGE_JULIAN)
		return change->day - 1 + (is_leap(year) && change->day >= 60);
	(void)timegm(&first);
	(void)timegm(&next);
	int length =
		(next.tm_yday > first.tm_yday ? next.tm_yday : 365 + is_leap(year)) - first.tm_yday;
	int day = (change->day - first.tm_wday + 7) % 7 + (change->week - 1) * 7;
	while (day >= length)
		day -= 7;
	return first.tm_yday + day;
}

static int32_t offset_by_rule(const struct rule *rule, int64_t unix_s)
{
	time_t at = (time_t)unix_s;
	struct tm now = {0};

	if (!rule->has_summer || gmtime_r(&at, &now) == NULL)
		return rule->offset;
	int year = now.tm_year + 1900;
	int64_t since =
		(int64_t)now.tm_yday * DAY_S + now.tm_hour * 3600 + now.tm_min * 60 + now.tm_sec;
	int64_t begin = (int64_t)day_of_change(year, &rule->begin) * DAY_S + rule->begin.time_s -
			rule->offset;
	int64_t end = (int64_t)day_of_change(year, &rule->end) * DAY_S + rule->end.time_s -
		      rule->summer_offset;
	/* In the south summer ends before it begins. */
	bool is_summer =
		begin <= end ? since >= begin && since < end : since >= begin || since < end;
	return is_summer ? rule->summer_offset : rule->offset;
}

/* --- a file --------------------------------------------------------------------------------- */

static int64_t big_endian(const unsigned char *bytes, unsigned size)
{
	uint64_t number = 0;

	for (unsigned i = 0; i < size; i++)
		number = number << 8 | bytes[i];
	return size == 4 ? (int64_t)(int32_t)(uint32_t)number : (int64_t)number;
}

struct counts {
	size_t times, types, chars, leaps, standards, universals;
	unsigned version;
};

static bool read_header(const unsigned char *bytes, size_t size, struct counts *ret)
{
	size_t *const fields[] = {&ret->universals, &ret->standards, &ret->leaps,
				  &ret->times,	    &ret->types,     &ret->chars};

	if (size < HEADER_BYTES || memcmp(bytes, "TZif", 4) != 0)
		return false;
	ret->version = bytes[4];
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		int64_t number = big_endian(bytes + 20 + 4 * i, 4);
		if (number < 0 || number > FILE_MAX_BYTES)
			return false;
		*fields[i] = (size_t)number;
	}
	return ret->types > 0 && ret->types <= 256;
}

static size_t body_size(const struct counts *counts, unsigned width)
{
	return counts->times * (width + 1) + counts->types * 6 + counts->chars +
	       counts->leaps * (width + 4) + counts->standards + counts->universals;
}

/* What is before the first change: the first type that is not summer's. */
static int32_t first_offset(const unsigned char *types, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (types[6 * i + 4] == 0)
			return (int32_t)big_endian(types + 6 * i, 4);
	}
	return (int32_t)big_endian(types, 4);
}

static bool read_body(const unsigned char *bytes, const struct counts *counts, unsigned width,
		      struct time_zone *zone)
{
	const unsigned char *which = bytes + counts->times * width;
	const unsigned char *types = which + counts->times;

	zone->times = xcalloc(counts->times + 1, sizeof(*zone->times));
	zone->offsets = xcalloc(counts->times + 1, sizeof(*zone->offsets));
	for (size_t i = 0; i < counts->types; i++) {
		int64_t offset = big_endian(types + 6 * i, 4);
		if (offset < -LONGEST_OFFSET_S || offset > LONGEST_OFFSET_S)
			return false;
	}
	zone->first_offset = first_offset(types, counts->types);
	for (size_t i = 0; i < counts->times; i++) {
		zone->times[i] = big_endian(bytes + i * width, width);
		if (which[i] >= counts->types || (i > 0 && zone->times[i] <= zone->times[i - 1]))
			return false;
		zone->offsets[i] = (int32_t)big_endian(types + (size_t)6 * which[i], 4);
	}
	zone->count = counts->times;
	return true;
}

/* "\nRULE\n", the file's end. */
static bool read_footer(const unsigned char *bytes, size_t size, struct rule *ret)
{
	const unsigned char *end = size > 1 ? memchr(bytes + 1, '\n', size - 1) : NULL;

	if (end == NULL || bytes[0] != '\n')
		return false;
	AUTO_FREE char *text = xstrndup((const char *)bytes + 1, (size_t)(end - bytes) - 1);
	return text[0] == '\0' || read_rule(text, ret);
}

static bool read_file(const unsigned char *bytes, size_t size, struct time_zone *zone)
{
	struct counts counts = {0};

	if (!read_header(bytes, size, &counts) || size - HEADER_BYTES < body_size(&counts, 4))
		return false;
	if (counts.version < '2')
		return read_body(bytes + HEADER_BYTES, &counts, 4, zone);
	/* What comes first is for readers of 32 bits. */
	size_t skipped = HEADER_BYTES + body_size(&counts, 4);
	bytes += skipped;
	size -= skipped;
	if (!read_header(bytes, size, &counts) || size - HEADER_BYTES < body_size(&counts, 8))
		return false;
	skipped = HEADER_BYTES + body_size(&counts, 8);
	return read_body(bytes + HEADER_BYTES, &counts, 8, zone) &&
	       read_footer(bytes + skipped, size - skipped, &zone->rule);
}

struct time_zone *time_zone_parse(const void *bytes, size_t size)
{
	struct time_zone *zone = xcalloc(1, sizeof(*zone));

	if (read_file(bytes, size, zone))
		return zone;
	time_zone_free(zone);
	return NULL;
}

struct time_zone *time_zone_parse_rule(const char *text)
{
	struct rule rule = {0};

	if (!read_rule(text, &rule))
		return NULL;
	struct time_zone *zone = xcalloc(1, sizeof(*zone));
	zone->rule = rule;
	return zone;
}

/* --- which one ------------------------------------------------------------------------------ */

static struct time_zone *load_file(const char *path)
{
	AUTO_FREE char *bytes = NULL;
	size_t size = 0;

	return file_read(path, FILE_MAX_BYTES, &bytes, &size, NULL) ? time_zone_parse(bytes, size)
								    : NULL;
}

static bool is_name(const char *name)
{
	return name[0] != '\0' && name[0] != '/' && strstr(name, "..") == NULL;
}

struct time_zone *time_zone_load(const char *name, struct error *err)
{
	static const char *const folders[] = {"/usr/share/zoneinfo", "/usr/lib/zoneinfo",
					      "/usr/share/lib/zoneinfo", "/etc/zoneinfo"};
	struct time_zone *zone = NULL;

	if (strcmp(name, "UTC") == 0)
		return time_zone_parse_rule("UTC0");
	for (size_t i = 0; zone == NULL && is_name(name) && i < ARRAY_SIZE(folders); i++) {
		AUTO_FREE char *path = path_join(folders[i], name);
		zone = load_file(path);
	}
	if (zone == NULL) {
		(void)error_set(err, ERROR_NOT_FOUND, "this machine knows no time zone '%.80s'",
				name);
		(void)error_hint(err, "a name such as Europe/Berlin, of `timedatectl "
				      "list-timezones`; the package tzdata has them");
	}
	return zone;
}

struct time_zone *time_zone_load_local(void)
{
	const char *name = getenv("TZ");
	struct time_zone *zone = NULL;

	if (name != NULL && name[0] == ':')
		name++;
	if (name != NULL && name[0] == '/')
		zone = load_file(name);
	else if (name != NULL && name[0] != '\0')
		zone = time_zone_load(name, NULL);
	if (zone == NULL && name != NULL)
		zone = time_zone_parse_rule(name);
	if (zone == NULL && name == NULL)
		zone = load_file("/etc/localtime");
	return zone != NULL ? zone : time_zone_parse_rule("UTC0");
}

/* --- reckoning ------------------------------------------------------------------------------ */

int32_t time_zone_offset(const struct time_zone *zone, int64_t unix_s)
{
	size_t low = 0;
	size_t high = zone->count;

	/* low: how many changes are not later. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (zone->times[middle] <= unix_s)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == zone->count && zone->rule.is_given)
		return offset_by_rule(&zone->rule, unix_s);
	return low == 0 ? zone->first_offset : zone->offsets[low - 1];
}

struct tm time_zone_local(const struct time_zone *zone, int64_t unix_s)
{
	time_t shifted = (time_t)(unix_s + time_zone_offset(zone, unix_s));
	struct tm local = {0};

	(void)gmtime_r(&shifted, &local);
	return local;
}

int64_t time_zone_time(const struct time_zone *zone, const struct tm *local)
{
	struct tm copy = *local;
	int64_t as_utc = (int64_t)timegm(&copy);
	int64_t guess = as_utc - time_zone_offset(zone, as_utc);

	return as_utc - time_zone_offset(zone, guess);
}
