/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/cron_schedule.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/parse.h"

#define STAR (UINT64_C(1) << 63)

enum { FIELDS = 5, TEXT_MAX = 32, YEARS = 5, DAY_S = 86400 };

/* What a field may say. */
struct bounds {
	const char *what; /* too large or small: said so */
	unsigned min;
	unsigned max;
	const char *const *names; /* of min, min + 1 …; NULL: numbers alone */
};

static const char *const month_names[] = {"jan", "feb", "mar", "apr", "may", "jun",
					  "jul", "aug", "sep", "oct", "nov", "dec"};
static const char *const weekday_names[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

static const struct bounds bounds[FIELDS] = {
	{"minutes are 0 to 59", 0, 59, NULL},
	{"hours are 0 to 23", 0, 23, NULL},
	{"days of the month are 1 to 31", 1, 31, NULL},
	{"months are 1 to 12, or jan to dec", 1, 12, month_names},
	{"days of the week are 0 (Sunday) to 6, or sun to sat", 0, 6, weekday_names}};

static const struct {
	const char *word;
	const char *fields;
} descriptors[] = {{"@yearly", "0 0 1 1 *"}, {"@annually", "0 0 1 1 *"}, {"@monthly", "0 0 1 * *"},
		   {"@weekly", "0 0 * * 0"}, {"@daily", "0 0 * * *"},	 {"@midnight", "0 0 * * *"},
		   {"@hourly", "0 * * * *"}};

/* --- one field ------------------------------------------------------------------------------ */

/* A piece of the text. */
struct span {
	const char *text;
	size_t size;
};

static bool copy(struct span span, char *ret)
{
	if (span.size == 0 || span.size >= TEXT_MAX)
		return false;
	memcpy(ret, span.text, span.size);
	ret[span.size] = '\0';
	return true;
}

static bool read_number(struct span span, uint64_t *ret)
{
	char text[TEXT_MAX];

	/* Go's Atoi takes a plus. */
	return copy(span, text) && parse_u64(text[0] == '+' ? text + 1 : text, 0, INT64_MAX, ret);
}

static bool read_value(struct span span, const struct bounds *of, uint64_t *ret)
{
	char text[TEXT_MAX];

	for (unsigned i = 0; of->names != NULL && copy(span, text) && i <= of->max - of->min; i++) {
		if (strcasecmp(text, of->names[i]) == 0) {
			*ret = of->min + i;
			return true;
		}
	}
	return read_number(span, ret);
}

/* At most `most` pieces; more: most + 1. */
static size_t split(struct span span, char separator, struct span *ret, size_t most)
{
	size_t count = 0;
	const char *end = span.text + span.size;

	for (const char *at = span.text; count < most; count++) {
		const char *next = memchr(at, separator, (size_t)(end - at));
		ret[count] = (struct span){at, (size_t)((next != NULL ? next : end) - at)};
		if (next == NULL)
			return count + 1;
		at = next + 1;
	}
	return most + 1;
}

/* NULL, or what is wrong. */
static const char *read_range(struct span span, const struct bounds *of, uint64_t *bits)
{
	struct span parts[2];
	struct span ends[2];
	uint64_t first = of->min;
	uint64_t last = of->max;
	uint64_t step = 1;
	size_t part_count = split(span, '/', parts, 2);
	size_t end_count = split(parts[0], '-', ends, 2);
	bool is_star = ends[0].size == 1 && (ends[0].text[0] == '*' || ends[0].text[0] == '?');

	if (!is_star) {
		if (!read_value(ends[0], of, &first))
			return of->what;
		last = first;
		if (end_count > 2)
			return "there is one '-' in a range";
		if (end_count == 2 && !read_value(ends[1], of, &last))
			return of->what;
	}
	if (part_count > 2)
		return "there is one '/' before a step";
	if (part_count == 2 && !read_number(parts[1], &step))
		return "a step is a number above 0";
	/* 5/15 is 5-59/15. */
	if (part_count == 2 && end_count == 1)
		last = of->max;
	if (first < of->min || last > of->max)
		return of->what;
	if (first > last)
		return "a range begins with the lower one";
	if (step == 0)
		return "a step is a number above 0";
	for (uint64_t i = first; i <= last; i += step < 64 ? step : 64)
		*bits |= UINT64_C(1) << i;
	if (is_star && step == 1)
		*bits |= STAR;
	return NULL;
}

static const char *read_field(struct span span, const struct bounds *of, uint64_t *ret)
{
	const char *end = span.text + span.size;

	*ret = 0;
	for (const char *at = span.text; at < end;) {
		const char *comma = memchr(at, ',', (size_t)(end - at));
		size_t size = (size_t)((comma != NULL ? comma : end) - at);
		const char *why = size > 0 ? read_range((struct span){at, size}, of, ret) : NULL;
		if (why != NULL)
			return why;
		at += size + 1;
	}
	return NULL;
}

static bool read_fields(const char *text, struct cron_schedule *ret, const char **why,
			const char **where)
{
	static const char spaces[] = " \t\n\v\f\r";
	uint64_t *const fields[FIELDS] = {&ret->minutes, &ret->hours, &ret->days, &ret->months,
					  &ret->weekdays};
	struct span spans[FIELDS];
	size_t count = 0;

	for (const char *at = text + strspn(text, spaces); *at != '\0'; at += strspn(at, spaces)) {
		struct span span = {at, strcspn(at, spaces)};
		if (count < FIELDS)
			spans[count] = span;
		count++;
		at += span.size;
	}
	*where = text;
	*why = "five fields: minute, hour, day of the month, month, day of the week";
	if (count != FIELDS)
		return false;
	for (size_t i = 0; i < FIELDS; i++) {
		*where = spans[i].text;
		*why = read_field(spans[i], &bounds[i], fields[i]);
		if (*why != NULL)
			return false;
	}
	return true;
}

/* --- @every --------------------------------------------------------------------------------- */

/* In nanoseconds; 0: no such unit. */
static uint64_t unit_ns(const char *text, size_t *ret_size)
{
	static const struct {
		const char *word;
		uint64_t ns;
	} units[] = {{"ns", 1},	      {"us", 1000},	 {"\xc2\xb5s", 1000}, {"\xce\xbcs", 1000},
		     {"ms", 1000000}, {"s", 1000000000}, {"m", 60000000000},  {"h", 3600000000000}};
	size_t size = strcspn(text, ".0123456789");

	*ret_size = size;
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (strlen(units[i].word) == size && memcmp(units[i].word, text, size) == 0)
			return units[i].ns;
	}
	return 0;
}

/* One number with its unit, "1.5h"; what is behind a point counts as far as it is exact in 64 bits. */
static bool read_part(const char **at, uint64_t *total_ns)
{
	uint64_t whole = 0;
	double fraction = 0;
	double scale = 1;
	size_t digits = 0;
	size_t size = 0;

	for (; **at >= '0' && **at <= '9'; (*at)++, digits++) {
		whole = whole * 10 + (uint64_t)(**at - '0');
		if (whole > (uint64_t)INT64_MAX / 10)
			return false;
	}
	if (**at == '.') {
		for ((*at)++; **at >= '0' && **at <= '9'; (*at)++, digits++) {
			scale /= 10;
			fraction += (**at - '0') * scale;
		}
	}
	uint64_t unit = unit_ns(*at, &size);
	if (digits == 0 || unit == 0 || whole > (uint64_t)INT64_MAX / unit)
		return false;
	*at += size;
	*total_ns += whole * unit + (uint64_t)(fraction * (double)unit);
	return *total_ns <= (uint64_t)INT64_MAX;
}

/* Go's time.ParseDuration, cut to whole seconds, at least one. */
static bool read_every(const char *text, int64_t *ret_s)
{
	uint64_t total_ns = 0;
	bool is_negative = text[0] == '-';
	const char *at = text + (text[0] == '-' || text[0] == '+');

	if (strcmp(at, "0") == 0) {
		*ret_s = 1;
		return true;
	}
	if (*at == '\0')
		return false;
	while (*at != '\0') {
		if (!read_part(&at, &total_ns))
			return false;
	}
	*ret_s = is_negative || total_ns < 1000000000 ? 1 : (int64_t)(total_ns / 1000000000);
	return true;
}

bool cron_schedule_parse(const char *text, struct cron_schedule *ret, const char **why,
			 const char **where)
{
	static const char every[] = "@every ";

	*ret = (struct cron_schedule){0};
	*where = text;
	if (text[0] != '@')
		return read_fields(text, ret, why, where);
	for (size_t i = 0; i < ARRAY_SIZE(descriptors); i++) {
		if (strcmp(text, descriptors[i].word) == 0)
			return read_fields(descriptors[i].fields, ret, why, where);
	}
	if (strncmp(text, every, strlen(every)) == 0) {
		*where = text + strlen(every);
		*why = "@every takes a time: @every 1h30m";
		return read_every(*where, &ret->every_s);
	}
	*why = "@yearly, @monthly, @weekly, @daily, @hourly, or @every 1h30m";
	return false;
}

/* --- when it comes next --------------------------------------------------------------------- */

static bool is_at(uint64_t bits, int number)
{
	return (bits >> number & 1) != 0;
}

/* With both days given either will do; with a star in one of them the other decides. */
static bool is_day(const struct cron_schedule *schedule, const struct tm *local)
{
	bool is_month_day = is_at(schedule->days, local->tm_mday);
	bool is_week_day = is_at(schedule->weekdays, local->tm_wday);

	if (((schedule->days | schedule->weekdays) & STAR) != 0)
		return is_month_day && is_week_day;
	return is_month_day || is_week_day;
}

/* A search from field to field, each from its lowest on; false: another year, month, day, hour. */
struct search {
	const struct cron_schedule *schedule;
	const struct time_zone *zone;
	int64_t at_s;
	struct tm local;
	bool is_moved; /* what is below the field that moves is at its beginning */
};

static void move_to(struct search *search, int64_t at_s)
{
	search->at_s = at_s;
	search->local = time_zone_local(search->zone, at_s);
}

/* To the beginning of what the field counts; done once, lower fields follow. */
static void begin_at(struct search *search, struct tm start)
{
	if (!search->is_moved)
		move_to(search, time_zone_time(search->zone, &start));
	search->is_moved = true;
}

static bool find_month(struct search *search)
{
	while (!is_at(search->schedule->months, search->local.tm_mon + 1)) {
		begin_at(search, (struct tm){.tm_year = search->local.tm_year,
					     .tm_mon = search->local.tm_mon,
					     .tm_mday = 1});
		struct tm next = search->local;
		next.tm_mon++;
		move_to(search, time_zone_time(search->zone, &next));
		if (search->local.tm_mon == 0)
			return false;
	}
	return true;
}

static bool find_day(struct search *search)
{
	while (!is_day(search->schedule, &search->local)) {
		begin_at(search, (struct tm){.tm_year = search->local.tm_year,
					     .tm_mon = search->local.tm_mon,
					     .tm_mday = search->local.tm_mday});
		struct tm next = search->local;
		int64_t before_s = search->at_s;
		next.tm_mday++;
		move_to(search, time_zone_time(search->zone, &next));
		/* Where clocks change at midnight the day has none. */
		int hour = search->local.tm_hour;
		if (hour != 0)
			move_to(search, search->at_s + (hour > 12 ? 24 - hour : -hour) * 3600);
		/* Samoa had no 30th of December 2011: the search for it would come back for ever. */
		if (search->at_s <= before_s)
			move_to(search, before_s + DAY_S);
		if (search->local.tm_mday == 1)
			return false;
	}
	return true;
}

static bool find_hour(struct search *search)
{
	while (!is_at(search->schedule->hours, search->local.tm_hour)) {
		begin_at(search, (struct tm){.tm_year = search->local.tm_year,
					     .tm_mon = search->local.tm_mon,
					     .tm_mday = search->local.tm_mday,
					     .tm_hour = search->local.tm_hour});
		move_to(search, search->at_s + 3600);
		if (search->local.tm_hour == 0)
			return false;
	}
	return true;
}

static int64_t cut(int64_t at_s)
{
	int64_t over = at_s % 60;
	return at_s - (over < 0 ? over + 60 : over);
}

static bool find_minute(struct search *search)
{
	while (!is_at(search->schedule->minutes, search->local.tm_min)) {
		if (!search->is_moved)
			move_to(search, cut(search->at_s));
		search->is_moved = true;
		move_to(search, search->at_s + 60);
		if (search->local.tm_min == 0)
			return false;
	}
	return true;
}

/* Schedules have whole minutes. */
static bool find_second(struct search *search)
{
	while (search->local.tm_sec != 0) {
		search->is_moved = true;
		move_to(search, search->at_s + 1);
		if (search->local.tm_sec == 0)
			return false;
	}
	return true;
}

int64_t cron_schedule_next(const struct cron_schedule *schedule, const struct time_zone *zone,
			   int64_t after_s)
{
	struct search search = {.schedule = schedule, .zone = zone};

	if (schedule->every_s > 0)
		return after_s > INT64_MAX - schedule->every_s ? CRON_NEVER
							       : after_s + schedule->every_s;
	move_to(&search, after_s + 1);
	int last_year = search.local.tm_year + YEARS;
	while (search.local.tm_year <= last_year) {
		if (find_month(&search) && find_day(&search) && find_hour(&search) &&
		    find_minute(&search) && find_second(&search))
			return search.at_s;
	}
	return CRON_NEVER;
}
