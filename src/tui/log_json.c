/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/log_json.h"

#include <ctype.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"

enum { JSON_MAX = 8192, LEVEL_WIDTH = 5 };

/* The first of the names that is there; *ret_key is the one. */
static const json_t *member(const json_t *object, const char *const *names, const char **ret_key)
{
	for (; *names != NULL; names++) {
		const json_t *value = json_object_get(object, *names);
		if (value != NULL) {
			*ret_key = *names;
			return value;
		}
	}
	return NULL;
}

static json_t *load_object(const char *text, size_t size)
{
	if (size < 2 || size > JSON_MAX || text[0] != '{')
		return NULL;
	json_t *root = json_loadb(text, size, 0, NULL);
	if (json_is_object(root))
		return root;
	json_decref(root);
	return NULL;
}

/* bunyan and pino write numbers: 10 trace, 20 debug, 30 info, 40 warn, 50 error, 60 fatal */
static const char *number_word(json_int_t number)
{
	static const char *const words[] = {"TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"};
	return number >= 10 && number <= 69 ? words[number / 10 - 1] : "";
}

static void level_word(const json_t *level, char word[LEVEL_WIDTH + 1])
{
	const char *text = json_is_string(level)    ? json_string_value(level)
			   : json_is_integer(level) ? number_word(json_integer_value(level))
						    : "";
	size_t length = 0;
	for (; length < LEVEL_WIDTH && isalpha((unsigned char)text[length]); length++)
		word[length] = (char)toupper((unsigned char)text[length]);
	word[length] = '\0';
}

static enum log_level_kind level_kind(const char *word)
{
	static const struct {
		const char *start;
		enum log_level_kind kind;
	} kinds[] = {{"ERR", LOG_IS_ERROR},    {"FAT", LOG_IS_ERROR},  {"CRIT", LOG_IS_ERROR},
		     {"PANI", LOG_IS_ERROR},   {"ALER", LOG_IS_ERROR}, {"EMER", LOG_IS_ERROR},
		     {"WARN", LOG_IS_WARNING}, {"DEB", LOG_IS_TRACE},  {"TRA", LOG_IS_TRACE}};
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (strncmp(word, kinds[i].start, strlen(kinds[i].start)) == 0)
			return kinds[i].kind;
	}
	return LOG_IS_NORMAL;
}

static void append_rest(struct strbuf *out, json_t *root, const char *const *shown)
{
	const char *key = NULL;
	json_t *value = NULL;
	bool is_first = true;

	json_object_foreach(root, key, value)
	{
		bool is_shown = false;
		for (size_t i = 0; i < 3; i++)
			is_shown = is_shown || (shown[i] != NULL && strcmp(shown[i], key) == 0);
		if (is_shown)
			continue;
		const char *text = json_string_value(value);
		char *dump = text ? NULL : json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
		strbuf_appendf(out, "%s%s=%s", is_first ? "  " : " ", key,
			       text   ? text
			       : dump ? dump
				      : "");
		free(dump);
		is_first = false;
	}
}

bool log_json_summary(const char *text, size_t size, struct strbuf *out,
		      enum log_level_kind *ret_level)
{
	static const char *const level_names[] = {"level",     "severity", "lvl",
						  "levelname", "loglevel", NULL};
	static const char *const message_names[] = {"msg", "message", "event", "text", NULL};
	static const char *const time_names[] = {"time", "ts", "timestamp", "@timestamp", NULL};
	const char *shown[3] = {NULL, NULL, NULL};
	char word[LEVEL_WIDTH + 1];
	json_t *root = load_object(text, size);

	if (root == NULL)
		return false;
	level_word(member(root, level_names, &shown[0]), word);
	const json_t *message = member(root, message_names, &shown[1]);
	(void)member(root, time_names, &shown[2]); /* the line has a time of its own */
	if (!json_is_string(message)) {
		json_decref(root);
		return false;
	}
	strbuf_appendf(out, "%-*s %s", LEVEL_WIDTH, word, json_string_value(message));
	append_rest(out, root, shown);
	json_decref(root);
	*ret_level = level_kind(word);
	return true;
}

bool log_json_indent(const char *text, size_t size, struct strbuf *out)
{
	json_t *root = load_object(text, size);
	char *dump = root ? json_dumps(root, JSON_INDENT(2)) : NULL;

	json_decref(root);
	if (dump == NULL)
		return false;
	strbuf_append(out, dump);
	free(dump);
	return true;
}
