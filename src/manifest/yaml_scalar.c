/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/yaml_scalar.h"

#include <string.h>

#include "base/alloc.h"
#include "base/parse.h"
#include "manifest/yaml_node.h"

enum { NUMBER_MAX = 80 };

static bool is_one_of(const char *text, const char *const *words)
{
	for (size_t i = 0; words[i] != NULL; i++) {
		if (strcmp(text, words[i]) == 0)
			return true;
	}
	return false;
}

static const char *const true_words[] = {"y",	 "Y",	 "yes", "Yes", "YES", "true",
					 "True", "TRUE", "on",	"On",  "ON",  NULL};
static const char *const false_words[] = {"n",	   "N",	    "no",  "No",  "NO",	 "false",
					  "False", "FALSE", "off", "Off", "OFF", NULL};
static const char *const null_words[] = {"", "~", "null", "Null", "NULL", NULL};
static const char *const float_words[] = {".inf",  ".Inf",  ".INF",  "+.inf", "+.Inf",
					  "+.INF", "-.inf", "-.Inf", "-.INF", ".nan",
					  ".NaN",  ".NAN",  NULL};

static bool parse_based(const char *digits, unsigned base, uint64_t max, uint64_t *ret)
{
	uint64_t value = 0;
	/* After strncmp() the analyzer takes what it compared for all there is. */
	if (digits[0] == '\0') // NOLINT(clang-analyzer-core.UndefinedBinaryOperatorResult)
		return false;
	for (const char *at = digits; *at != '\0'; at++) {
		unsigned digit = 99;
		if (*at >= '0' && *at <= '9')
			digit = (unsigned)(*at - '0');
		else if (*at >= 'a' && *at <= 'f')
			digit = (unsigned)(*at - 'a') + 10;
		else if (*at >= 'A' && *at <= 'F')
			digit = (unsigned)(*at - 'A') + 10;
		if (digit >= base || value > (max - digit) / base)
			return false;
		value = value * base + digit;
	}
	*ret = value;
	return true;
}

static bool parse_integer(const char *text, int64_t *ret)
{
	bool is_negative = text[0] == '-';
	const char *digits = text + (text[0] == '-' || text[0] == '+' ? 1 : 0);
	uint64_t max = is_negative ? (uint64_t)INT64_MAX + 1 : (uint64_t)INT64_MAX;
	uint64_t value = 0;
	bool is_good = false;

	if (strncmp(digits, "0x", 2) == 0 || strncmp(digits, "0X", 2) == 0)
		is_good = parse_based(digits + 2, 16, max, &value);
	else if (strncmp(digits, "0b", 2) == 0 || strncmp(digits, "0B", 2) == 0)
		is_good = parse_based(digits + 2, 2, max, &value);
	else if (strncmp(digits, "0o", 2) == 0 || strncmp(digits, "0O", 2) == 0)
		is_good = parse_based(digits + 2, 8, max, &value);
	else if (digits[0] == '0' && digits[1] != '\0')
		is_good = parse_based(digits + 1, 8, max, &value);
	else
		is_good = parse_based(digits, 10, max, &value);
	if (!is_good)
		return false;
	*ret = is_negative ? (int64_t)(0 - value) : (int64_t)value;
	return true;
}

/* Digits, one point, an exponent: what parse_double() takes beyond that ("inf", hex) is text. */
static bool is_float(const char *text)
{
	double value = 0;
	size_t digit_count = 0;
	for (const char *at = text; *at != '\0'; at++) {
		if (strchr("0123456789+-.eE", *at) == NULL)
			return false;
		digit_count += *at >= '0' && *at <= '9' ? 1 : 0;
	}
	return digit_count > 0 && parse_double(text[0] == '+' ? text + 1 : text, &value);
}

static bool resolve_number(const char *text, struct yaml_node *node)
{
	char number[NUMBER_MAX];
	size_t length = 0;

	if (strchr("0123456789+-.", text[0]) == NULL)
		return false;
	for (const char *at = text; *at != '\0'; at++) {
		if (*at == '_')
			continue;
		if (length + 1 >= sizeof(number))
			return false;
		number[length++] = *at;
	}
	number[length] = '\0';
	if (parse_integer(number, &node->integer))
		node->type = YAML_INTEGER;
	else if (is_float(number))
		node->type = YAML_FLOAT;
	return node->type != YAML_TEXT;
}

void yaml_scalar_resolve(struct yaml_node *node)
{
	const char *text = node->text;

	node->type = YAML_TEXT;
	if (is_one_of(text, null_words)) {
		node->kind = YAML_NULL;
	} else if (is_one_of(text, true_words) || is_one_of(text, false_words)) {
		node->type = YAML_BOOL;
		node->integer = is_one_of(text, true_words) ? 1 : 0;
	} else if (is_one_of(text, float_words)) {
		node->type = YAML_FLOAT;
	} else {
		resolve_number(text, node);
	}
}

bool yaml_scalar_is_text(const char *text)
{
	struct yaml_node node = {.kind = YAML_SCALAR, .text = text};
	yaml_scalar_resolve(&node);
	return node.kind == YAML_SCALAR && node.type == YAML_TEXT && strcmp(text, "<<") != 0;
}
