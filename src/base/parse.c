/* SPDX-License-Identifier: Apache-2.0 */
/* This file alone may call strto*(). */
#include "base/parse.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static bool parse_unsigned(const char *text, int base, uint64_t min, uint64_t max, uint64_t *ret)
{
	if (!isxdigit((unsigned char)text[0]))
		return false;
	/* strtoull takes "0x" by itself at base 16. */
	if (base == 16 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
		return false;
	char *end = NULL;
	errno = 0;
	unsigned long long value = strtoull(text, &end, base);
	if (errno != 0 || *end != '\0' || end == text || value < min || value > max)
		return false;
	*ret = value;
	return true;
}

bool parse_u64(const char *text, uint64_t min, uint64_t max, uint64_t *ret)
{
	return parse_unsigned(text, 10, min, max, ret);
}

bool parse_hex_u64(const char *text, uint64_t max, uint64_t *ret)
{
	return parse_unsigned(text, 16, 0, max, ret);
}

bool parse_octal(const char *text, unsigned max, unsigned *ret)
{
	uint64_t value = 0;
	if (!parse_unsigned(text, 8, 0, max, &value))
		return false;
	*ret = (unsigned)value;
	return true;
}

bool parse_i64(const char *text, int64_t min, int64_t max, int64_t *ret)
{
	if (!isdigit((unsigned char)text[text[0] == '-' ? 1 : 0]))
		return false;
	char *end = NULL;
	errno = 0;
	long long value = strtoll(text, &end, 10);
	if (errno != 0 || *end != '\0' || value < min || value > max)
		return false;
	*ret = value;
	return true;
}

bool parse_port(const char *text, uint16_t *ret)
{
	uint64_t value = 0;
	if (!parse_u64(text, 1, UINT16_MAX, &value))
		return false;
	*ret = (uint16_t)value;
	return true;
}

bool parse_double(const char *text, double *ret)
{
	size_t length = strlen(text);
	if (length == 0 || strspn(text, "+-.0123456789eE") != length)
		return false;
	char *end = NULL;
	double value = strtod(text, &end);
	if (*end != '\0' || end == text || !isfinite(value))
		return false;
	*ret = value;
	return true;
}

/* Reads the digits at *text and moves past them. */
static bool scan_u64(const char **text, uint64_t *ret)
{
	uint64_t value = 0;
	const char *p = *text;
	if (!isdigit((unsigned char)*p))
		return false;
	for (; isdigit((unsigned char)*p); p++) {
		if (__builtin_mul_overflow(value, 10U, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*p - '0'), &value))
			return false;
	}
	*text = p;
	*ret = value;
	return true;
}

bool parse_size_bytes(const char *text, uint64_t *ret)
{
	static const char units[] = "KMGT";
	uint64_t value = 0;

	if (!scan_u64(&text, &value))
		return false;
	if (*text != '\0' && strcmp(text, "B") != 0) {
		const char *unit = strchr(units, toupper((unsigned char)*text));
		if (unit == NULL || *unit == '\0')
			return false;
		text++;
		if (*text != '\0' && strcmp(text, "i") != 0 && strcmp(text, "iB") != 0 &&
		    strcmp(text, "B") != 0)
			return false;
		uint64_t factor = UINT64_C(1) << (10 * (unsigned)(unit - units + 1));
		if (__builtin_mul_overflow(value, factor, &value))
			return false;
	}
	*ret = value;
	return true;
}

static bool scan_duration_unit(const char **text, uint64_t *ret_ms)
{
	static const struct {
		const char *name;
		uint64_t ms;
	} units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		size_t length = strlen(units[i].name);
		if (strncmp(*text, units[i].name, length) == 0) {
			*text += length;
			*ret_ms = units[i].ms;
			return true;
		}
	}
	return false;
}

bool parse_duration_ms(const char *text, uint64_t *ret)
{
	uint64_t total = 0;

	if (*text == '\0')
		return false;
	while (*text != '\0') {
		uint64_t value = 0;
		uint64_t unit_ms = 1000;
		if (!scan_u64(&text, &value))
			return false;
		if (*text != '\0' && !scan_duration_unit(&text, &unit_ms))
			return false;
		if (__builtin_mul_overflow(value, unit_ms, &value) ||
		    __builtin_add_overflow(total, value, &total))
			return false;
	}
	*ret = total;
	return true;
}

/* Exactly `digits` decimal digits at *text. */
static bool scan_fixed(const char **text, int digits, int min, int max, int *ret)
{
	int value = 0;
	for (int i = 0; i < digits; i++) {
		if (!isdigit((unsigned char)(*text)[i]))
			return false;
		value = value * 10 + ((*text)[i] - '0');
	}
	if (value < min || value > max)
		return false;
	*text += digits;
	*ret = value;
	return true;
}

static bool scan_char(const char **text, const char *set)
{
	if (**text == '\0' || strchr(set, **text) == NULL)
		return false;
	(*text)++;
	return true;
}

static bool scan_zone(const char **text, int *ret_seconds)
{
	int hours = 0;
	int minutes = 0;
	*ret_seconds = 0;
	if (scan_char(text, "Zz"))
		return true;
	int sign = **text == '-' ? -1 : 1;
	if (!scan_char(text, "+-") || !scan_fixed(text, 2, 0, 23, &hours) ||
	    !scan_char(text, ":") || !scan_fixed(text, 2, 0, 59, &minutes))
		return false;
	*ret_seconds = sign * (hours * 3600 + minutes * 60);
	return true;
}

bool parse_rfc3339_ns(const char *text, int64_t *ret)
{
	struct tm tm = {0};
	int year = 0;
	int zone_seconds = 0;
	int64_t nanoseconds = 0;

	if (!scan_fixed(&text, 4, 1970, 2261, &year) || !scan_char(&text, "-") ||
	    !scan_fixed(&text, 2, 1, 12, &tm.tm_mon) || !scan_char(&text, "-") ||
	    !scan_fixed(&text, 2, 1, 31, &tm.tm_mday) || !scan_char(&text, "Tt ") ||
	    !scan_fixed(&text, 2, 0, 23, &tm.tm_hour) || !scan_char(&text, ":") ||
	    !scan_fixed(&text, 2, 0, 59, &tm.tm_min) || !scan_char(&text, ":") ||
	    !scan_fixed(&text, 2, 0, 60, &tm.tm_sec))
		return false;
	if (scan_char(&text, ".")) {
		int64_t place = 100000000;
		if (!isdigit((unsigned char)*text))
			return false;
		for (; isdigit((unsigned char)*text); text++, place /= 10)
			nanoseconds += (*text - '0') * place;
	}
	if (!scan_zone(&text, &zone_seconds) || *text != '\0')
		return false;
	tm.tm_year = year - 1900;
	tm.tm_mon -= 1;
	*ret = ((int64_t)timegm(&tm) - zone_seconds) * INT64_C(1000000000) + nanoseconds;
	return true;
}
