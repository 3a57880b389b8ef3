/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/log_json.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/json.h"
#include "base/json_writer.h"

enum { JSON_MAX = 8192, LEVEL_WIDTH = 5 };

/* The first of the names that is there; *ret_key is the one. */
static struct json_view member(struct json_view object, const char *const *names,
			       const char **ret_key)
{
	struct json_view value = {0};
	for (; *names != NULL && !json_view_exists(value); names++) {
		value = json_view_get(object, *names);
		if (json_view_exists(value))
			*ret_key = *names;
	}
	return value;
}

static struct json_document *load_object(const char *text, size_t size)
{
	if (size < 2 || size > JSON_MAX || text[0] != '{')
		return NULL;
	return json_document_parse(text, size, "line", JSON_LAST_KEY_WINS, NULL);
}

/* bunyan and pino write numbers: 10 trace, 20 debug, 30 info, 40 warn, 50 error, 60 fatal */
static const char *number_word(int64_t number)
{
	static const char *const words[] = {"TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"};
	return number >= 10 && number <= 69 ? words[number / 10 - 1] : "";
}

static void level_word(struct json_view level, char word[LEVEL_WIDTH + 1])
{
	const char *text = json_view_is_text(level) ? json_view_peek(level)
			   : json_view_is_number(level)
				   ? number_word(json_view_number(level, INT64_MIN, INT64_MAX, 0))
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

static void append_rest(struct strbuf *out, struct json_view root, const char *const *shown)
{
	bool is_first = true;

	for (struct json_view value = json_view_first(root, SIZE_MAX); json_view_exists(value);
	     value = json_view_next(value)) {
		bool is_shown = false;
		for (size_t i = 0; i < 3; i++)
			is_shown =
				is_shown || (shown[i] != NULL && strcmp(shown[i], value.key) == 0);
		if (is_shown)
			continue;
		AUTO_FREE char *text =
			json_view_is_text(value) ? json_view_text(value) : json_view_dump(value, 0);
		strbuf_appendf(out, "%s%s=%s", is_first ? "  " : " ", value.key, text);
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
	AUTO_PTR(json_document) struct json_document *document = load_object(text, size);

	if (document == NULL)
		return false;
	struct json_view root = json_document_root(document);
	level_word(member(root, level_names, &shown[0]), word);
	struct json_view message = member(root, message_names, &shown[1]);
	(void)member(root, time_names, &shown[2]); /* the line has a time of its own */
	if (!json_view_is_text(message))
		return false;
	strbuf_appendf(out, "%-*s %s", LEVEL_WIDTH, word, json_view_peek(message));
	append_rest(out, root, shown);
	*ret_level = level_kind(word);
	return true;
}

bool log_json_indent(const char *text, size_t size, struct strbuf *out)
{
	AUTO_PTR(json_document) struct json_document *document = load_object(text, size);

	if (document == NULL)
		return false;
	struct json_writer json = JSON_WRITER(out, JSON_PRETTY);
	json_write_view(&json, NULL, json_document_root(document));
	return true;
}
