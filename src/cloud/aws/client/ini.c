/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/aws/client/ini.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "base/string_list.h"

#define MAX_BYTES   ((size_t)1024 * 1024)
#define MAX_ENTRIES 10000

void ini_clear(struct ini *ini)
{
	for (size_t i = 0; i < ini->count; i++) {
		free(ini->items[i].section);
		free(ini->items[i].key);
		explicit_bzero(ini->items[i].value, strlen(ini->items[i].value));
		free(ini->items[i].value);
	}
	free(ini->items);
	*ini = (struct ini){0};
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* A copy of [start, end) without the blanks around. Owned. */
static char *trimmed(const char *start, const char *end)
{
	while (start < end && is_blank(*start))
		start++;
	while (end > start && is_blank(end[-1]))
		end--;
	return xstrndup(start, (size_t)(end - start));
}

/* What a line is understood with. */
struct ini_reader {
	const char *name;
	unsigned line;
	char *section; /* owned; NULL before the first */
	char *parent;  /* owned; the key whose sub-keys may follow, or NULL */
	struct ini *out;
};

static bool ini_fail(const struct ini_reader *reader, const char *what, struct error *err)
{
	return error_set(err, ERROR_INVALID, "%s:%u: %s", reader->name, reader->line, what);
}

static bool add_entry(struct ini_reader *reader, char *key, char *value, struct error *err)
{
	if (reader->out->count >= MAX_ENTRIES) {
		free(key);
		free(value);
		return ini_fail(reader, "more than 10,000 entries", err);
	}
	struct ini_entry *entry = ARRAY_APPEND(reader->out->items, reader->out->count);
	entry->section = xstrdup(reader->section);
	entry->key = key;
	entry->value = value;
	return true;
}

/* "profile   'dev'" names the same section as "profile dev". */
static char *section_name(const char *start, const char *end)
{
	AUTO_FREE char *raw = trimmed(start, end);
	AUTO(string_list_clear) struct string_list words = STRING_LIST_INIT;
	AUTO(string_list_clear) struct string_list kept = STRING_LIST_INIT;
	for (char *c = raw; *c != '\0'; c++)
		if (*c == '\t' || *c == '"' || *c == '\'')
			*c = ' ';
	string_list_split(&words, raw, ' ');
	for (size_t i = 0; i < words.count; i++)
		if (words.items[i][0] != '\0')
			string_list_add(&kept, words.items[i]);
	return kept.count > 0 ? string_list_join(&kept, " ") : xstrdup("");
}

static bool read_section(struct ini_reader *reader, const char *line, const char *end,
			 struct error *err)
{
	const char *close = memchr(line, ']', (size_t)(end - line));
	if (close == NULL)
		return ini_fail(reader, "a section has no closing ]", err);
	free(reader->section);
	reader->section = section_name(line + 1, close);
	free(TAKE_PTR(reader->parent));
	return add_entry(reader, NULL, xstrdup(""), err);
}

static bool read_pair(struct ini_reader *reader, const char *line, const char *end,
		      struct error *err)
{
	bool is_indented = is_blank(*line);
	const char *equals = memchr(line, '=', (size_t)(end - line));
	if (equals == NULL) {
		/* botocore takes a lonely indented line as the value's continuation: nothing we
		 * read has one. */
		return is_indented ? true : ini_fail(reader, "a line has no =", err);
	}
	if (reader->section == NULL)
		return ini_fail(reader, "a key stands before the first section", err);
	AUTO_FREE char *key = trimmed(line, equals);
	AUTO_FREE char *value = trimmed(equals + 1, end);
	if (key[0] == '\0')
		return ini_fail(reader, "a value has no key", err);
	for (char *c = key; *c != '\0'; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
	if (is_indented && reader->parent != NULL)
		return add_entry(reader, xasprintf("%s.%s", reader->parent, key), TAKE_PTR(value),
				 err);
	free(TAKE_PTR(reader->parent));
	if (value[0] == '\0')
		reader->parent = xstrdup(key);
	return add_entry(reader, TAKE_PTR(key), TAKE_PTR(value), err);
}

static bool read_line(struct ini_reader *reader, const char *line, const char *end,
		      struct error *err)
{
	const char *first = line;
	while (first < end && is_blank(*first))
		first++;
	if (first == end || *first == '#' || *first == ';')
		return true;
	if (*first == '[')
		return read_section(reader, first, end, err);
	return read_pair(reader, line, end, err);
}

static void reader_clear(struct ini_reader *reader)
{
	free(reader->section);
	free(reader->parent);
}

bool ini_parse(const char *text, const char *name, struct ini *ret, struct error *err)
{
	AUTO(ini_clear) struct ini out = {0};
	AUTO(reader_clear) struct ini_reader reader = {.name = name, .out = &out};
	for (const char *line = text; *line != '\0';) {
		const char *end = strchrnul(line, '\n');
		reader.line++;
		if (!read_line(&reader, line, end, err))
			return false;
		line = *end == '\0' ? end : end + 1;
	}
	*ret = out;
	out = (struct ini){0};
	return true;
}

bool ini_load(const char *path, struct ini *ret, struct error *err)
{
	if (!path_exists(path)) {
		*ret = (struct ini){0};
		return true;
	}
	AUTO_FREE char *text = NULL;
	size_t size = 0;
	if (!file_read(path, MAX_BYTES, &text, &size, err))
		return false;
	if (strlen(text) != size)
		return error_set(err, ERROR_INVALID, "%s: a NUL byte is in it", path);
	bool is_ok = ini_parse(text, path, ret, err);
	explicit_bzero(text, size);
	return is_ok;
}

const char *ini_get(const struct ini *ini, const char *section, const char *key)
{
	for (size_t i = ini->count; i-- > 0;) {
		const struct ini_entry *entry = &ini->items[i];
		if (entry->key != NULL && strcmp(entry->section, section) == 0 &&
		    strcmp(entry->key, key) == 0)
			return entry->value;
	}
	return NULL;
}

bool ini_has_section(const struct ini *ini, const char *section)
{
	for (size_t i = 0; i < ini->count; i++)
		if (strcmp(ini->items[i].section, section) == 0)
			return true;
	return false;
}
