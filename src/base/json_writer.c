/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json_writer.h"

#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/utf8.h"

/* --- places --------------------------------------------------------------------------------- */

static _Noreturn void misuse(void)
{
	static const char message[] = "i2kit: JSON written out of place\n";
	(void)!write(STDERR_FILENO, message, sizeof(message) - 1);
	abort();
}

static void new_line(struct json_writer *json, unsigned depth)
{
	if ((json->style & JSON_PRETTY) == 0)
		return;
	strbuf_append_char(json->out, '\n');
	for (unsigned i = 0; i < depth; i++)
		strbuf_append(json->out, (json->style & JSON_WIDE) != 0 ? "    " : "  ");
}

static void append_utf8(struct json_writer *json, const char *text, size_t width);
static void append_text(struct json_writer *json, const char *text, size_t size);

/* The comma before a value, and its key. */
static void begin_value(struct json_writer *json, const char *key)
{
	if (json->depth == 0) {
		if (key != NULL)
			misuse();
		return;
	}
	bool is_list = json->levels[json->depth - 1].is_list;
	if (is_list == (key != NULL))
		misuse();
	if (json->levels[json->depth - 1].is_filled)
		strbuf_append(json->out, (json->style & JSON_SPACED) != 0 ? ", " : ",");
	json->levels[json->depth - 1].is_filled = true;
	new_line(json, json->depth);
	if (is_list)
		return;
	append_text(json, key, strlen(key));
	strbuf_append(json->out, (json->style & (JSON_PRETTY | JSON_SPACED)) != 0 ? ": " : ":");
}

static void open_level(struct json_writer *json, const char *key, bool is_list)
{
	size_t start = json->out->size;
	bool is_parent_filled = json->depth > 0 && json->levels[json->depth - 1].is_filled;
	begin_value(json, key);
	if (json->depth == JSON_WRITER_DEPTH)
		misuse();
	strbuf_append_char(json->out, is_list ? '[' : '{');
	json->levels[json->depth].is_list = is_list;
	json->levels[json->depth].is_filled = false;
	json->levels[json->depth].is_parent_filled = is_parent_filled;
	json->levels[json->depth].start = start;
	json->depth++;
}

void json_open_object(struct json_writer *json, const char *key)
{
	open_level(json, key, false);
}

void json_open_list(struct json_writer *json, const char *key)
{
	open_level(json, key, true);
}

void json_close(struct json_writer *json)
{
	if (json->depth == 0)
		misuse();
	json->depth--;
	if (json->levels[json->depth].is_filled)
		new_line(json, json->depth);
	strbuf_append_char(json->out, json->levels[json->depth].is_list ? ']' : '}');
}

void json_close_if_filled(struct json_writer *json)
{
	if (json->depth < 2 || json->levels[json->depth - 1].is_filled) {
		json_close(json);
		return;
	}
	json->depth--;
	json->levels[json->depth - 1].is_filled = json->levels[json->depth].is_parent_filled;
	json->out->size = json->levels[json->depth].start;
	json->out->data[json->out->size] = '\0';
}

/* --- texts ---------------------------------------------------------------------------------- */

static void append_escape(struct json_writer *json, unsigned code, bool is_lower)
{
	is_lower = is_lower || (json->style & JSON_LOWER_HEX) != 0;
	strbuf_appendf(json->out, is_lower ? "\\u%04x" : "\\u%04X", code);
}

static void append_control(struct json_writer *json, unsigned char c)
{
	static const char shorts[] = {
		['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};
	bool is_long = (json->style & JSON_LONG_ESCAPES) != 0;
	if (c == '\n' || (!is_long && c < sizeof(shorts) && shorts[c] != '\0'))
		strbuf_appendf(json->out, "\\%c", shorts[c]);
	else
		append_escape(json, c, is_long);
}

/* RFC 8259 §7: beyond the basic plane two escapes, a surrogate pair. */
static void append_code_point(struct json_writer *json, const char *text, size_t width)
{
	static const unsigned char lead_mask[] = {[2] = 0x1f, [3] = 0x0f, [4] = 0x07};
	unsigned code = (unsigned char)text[0] & lead_mask[width];
	for (size_t i = 1; i < width; i++)
		code = code << 6 | ((unsigned char)text[i] & 0x3f);
	if (code < 0x10000) {
		append_escape(json, code, false);
		return;
	}
	append_escape(json, 0xd800 + ((code - 0x10000) >> 10), false);
	append_escape(json, 0xdc00 + ((code - 0x10000) & 0x3ff), false);
}

static void append_utf8(struct json_writer *json, const char *text, size_t width)
{
	unsigned char c = (unsigned char)text[0];
	if (width > 1 && (json->style & JSON_ASCII) != 0)
		append_code_point(json, text, width);
	else if (c == '"' || c == '\\')
		strbuf_appendf(json->out, "\\%c", c);
	else if (c < 0x20 || (c == 0x7f && (json->style & JSON_LONG_ESCAPES) != 0))
		append_control(json, c);
	else
		strbuf_append_bytes(json->out, text, width);
}

static void append_text(struct json_writer *json, const char *text, size_t size)
{
	static const char replacement[] = "\xEF\xBF\xBD"; /* U+FFFD */
	strbuf_append_char(json->out, '"');
	for (size_t i = 0; i < size;) {
		size_t width = utf8_width(text + i, size - i);
		if (width == 0) {
			json->is_bad_text = true;
			append_utf8(json, replacement, sizeof(replacement) - 1);
		} else {
			append_utf8(json, text + i, width);
		}
		i += width > 0 ? width : 1;
	}
	strbuf_append_char(json->out, '"');
}

/* --- values --------------------------------------------------------------------------------- */

void json_write_bytes(struct json_writer *json, const char *key, const char *text, size_t size)
{
	begin_value(json, key);
	append_text(json, text, size);
}

void json_write_text(struct json_writer *json, const char *key, const char *text)
{
	if (text != NULL)
		json_write_bytes(json, key, text, strlen(text));
	else
		json_write_null(json, key);
}

void json_write_number(struct json_writer *json, const char *key, int64_t number)
{
	begin_value(json, key);
	strbuf_appendf(json->out, "%" PRId64, number);
}

void json_write_unsigned(struct json_writer *json, const char *key, uint64_t number)
{
	begin_value(json, key);
	strbuf_appendf(json->out, "%" PRIu64, number);
}

void json_write_real(struct json_writer *json, const char *key, double number)
{
	begin_value(json, key);
	strbuf_appendf(json->out, "%.2f", number);
}

void json_write_bool(struct json_writer *json, const char *key, bool value)
{
	json_write_raw(json, key, value ? "true" : "false");
}

void json_write_null(struct json_writer *json, const char *key)
{
	json_write_raw(json, key, "null");
}

void json_write_raw(struct json_writer *json, const char *key, const char *value)
{
	begin_value(json, key);
	strbuf_append(json->out, value);
}

void json_write_texts(struct json_writer *json, const char *key, const struct string_list *list)
{
	json_open_list(json, key);
	for (size_t i = 0; i < list->count; i++)
		json_write_text(json, NULL, list->items[i]);
	json_close(json);
}

void json_write_text_if(struct json_writer *json, const char *key, const char *text)
{
	if (text != NULL)
		json_write_text(json, key, text);
}

void json_write_unsigned_if(struct json_writer *json, const char *key, uint64_t number)
{
	if (number != 0)
		json_write_unsigned(json, key, number);
}

void json_write_true_if(struct json_writer *json, const char *key, bool value)
{
	if (value)
		json_write_bool(json, key, true);
}

void json_write_texts_if(struct json_writer *json, const char *key, const struct string_list *list)
{
	if (list->count > 0)
		json_write_texts(json, key, list);
}

/* --- what was read -------------------------------------------------------------------------- */

static void write_value(struct json_writer *json, const char *key, const json_t *value);

static int compare_keys(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static json_t *unconst(const json_t *value)
{
	union {
		const json_t *from;
		json_t *to;
	} both = {.from = value};
	return both.to;
}

static void write_members(struct json_writer *json, const json_t *value)
{
	json_t *object = unconst(value);
	size_t count = 0;
	AUTO_FREE const char **keys = xcalloc(json_object_size(value) + 1, sizeof(*keys));
	for (void *i = json_object_iter(object); i != NULL; i = json_object_iter_next(object, i))
		keys[count++] = json_object_iter_key(i);
	if ((json->style & JSON_SORTED) != 0)
		qsort(keys, count, sizeof(*keys), compare_keys);
	for (size_t i = 0; i < count; i++)
		write_value(json, keys[i], json_object_get(value, keys[i]));
}

static void write_scalar(struct json_writer *json, const char *key, const json_t *value)
{
	if (json_is_string(value)) {
		json_write_bytes(json, key, json_string_value(value), json_string_length(value));
		return;
	}
	AUTO_FREE char *text = value != NULL ? json_dumps(value, JSON_ENCODE_ANY) : NULL;
	json_write_raw(json, key, text != NULL ? text : "null");
}

static void write_value(struct json_writer *json, const char *key, const json_t *value)
{
	if (!json_is_object(value) && !json_is_array(value)) {
		write_scalar(json, key, value);
		return;
	}
	open_level(json, key, json_is_array(value));
	if (json_is_object(value))
		write_members(json, value);
	for (size_t i = 0; i < json_array_size(value); i++)
		write_value(json, NULL, json_array_get(value, i));
	json_close(json);
}

void json_write_view(struct json_writer *json, const char *key, struct json_view view)
{
	write_value(json, key, view.value);
}

char *json_view_dump(struct json_view view, unsigned style)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&out, style);
	if (view.value == NULL)
		return NULL;
	json_write_view(&json, NULL, view);
	return strbuf_take(&out);
}
