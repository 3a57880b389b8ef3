/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/quantity.h"

#include <string.h>

#include "base/alloc.h"
#include "base/parse.h"

bool divisor_is_valid(const char *resource, const char *divisor)
{
	static const char *const of_bytes[] = {"0",  "1",   "1k",  "1M",  "1G",	 "1T",	"1P",
					       "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"};
	static const char *const of_processors[] = {"0", "1m", "1"};
	bool is_cpu = strstr(resource, "cpu") != NULL;
	const char *const *known = is_cpu ? of_processors : of_bytes;
	size_t count = is_cpu ? ARRAY_SIZE(of_processors) : ARRAY_SIZE(of_bytes);
	for (size_t i = 0; i < count; i++) {
		if (strcmp(known[i], divisor) == 0)
			return true;
	}
	return false;
}

static bool suffix_factor(const char *suffix, double *ret_factor)
{
	static const struct {
		const char *suffix;
		double factor;
	} factors[] = {{"", 1.0},      {"n", 1e-9},    {"u", 1e-6},    {"m", 1e-3},
		       {"k", 1e3},     {"M", 1e6},     {"G", 1e9},     {"T", 1e12},
		       {"P", 1e15},    {"E", 1e18},    {"Ki", 1024.0}, {"Mi", 1048576.0},
		       {"Gi", 0x1p30}, {"Ti", 0x1p40}, {"Pi", 0x1p50}, {"Ei", 0x1p60}};
	for (size_t i = 0; i < ARRAY_SIZE(factors); i++) {
		if (strcmp(factors[i].suffix, suffix) == 0) {
			*ret_factor = factors[i].factor;
			return true;
		}
	}
	return false;
}

bool quantity_parse_millis(const char *text, uint64_t *ret)
{
	char number[40];
	double value = 0;
	double factor = 1;
	size_t digits = strspn(text, "0123456789.+-");

	/* 1e3 is a number, 1E is exa. */
	if ((text[digits] == 'e' || text[digits] == 'E') && text[digits + 1] != '\0')
		digits = strlen(text);
	if (digits == 0 || digits >= sizeof(number))
		return false;
	memcpy(number, text, digits);
	number[digits] = '\0';
	if (!parse_double(number, &value) || !suffix_factor(text + digits, &factor) || value < 0)
		return false;
	value = value * factor * 1000.0;
	if (value > 9e18)
		return false;
	/* Rounded up, as Kubernetes does, but not for what a double adds to 1.1. */
	uint64_t whole = (uint64_t)value;
	if (value < 0x1p50 && value - value * 1e-15 > (double)whole)
		whole++;
	*ret = whole;
	return true;
}
