/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/yaml_writer.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/utf8.h"
#include "manifest/yaml_scalar.h"

void yaml_writer_clear(struct yaml_writer *writer)
{
	strbuf_clear(&writer->text);
	*writer = (struct yaml_writer){0};
}

void yaml_write_document(struct yaml_writer *writer)
{
	if (writer->text.size > 0)
		strbuf_append(&writer->text, "---\n");
	writer->depth = 0;
	writer->pending = 0;
	writer->is_item = false;
}

static void indent(struct yaml_writer *writer, unsigned depth)
{
	for (unsigned i = 0; i < depth; i++)
		strbuf_append(&writer->text, "  ");
}

bool yaml_text_is_plain(const char *text)
{
	size_t length = strlen(text);
	if (length == 0 || strchr("-?:,[]{}#&*!|>'\"%@` ", text[0]) != NULL ||
	    text[length - 1] == ' ' || text[length - 1] == ':')
		return false;
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)text[i];
		if (c < 0x20 || c >= 0x7f)
			return false;
	}
	/* 22:22 is a number to the base of 60 for old readers. */
	if (text[0] >= '0' && text[0] <= '9' && strchr(text, ':') != NULL)
		return false;
	return strstr(text, ": ") == NULL && strstr(text, " #") == NULL &&
	       strpbrk(text, ",[]{}") == NULL && yaml_scalar_is_text(text);
}

static unsigned code_point(const char *text, size_t width)
{
	unsigned point = (unsigned char)text[0];
	if (width == 1)
		return point;
	point &= 0xffU >> (width + 1);
	for (size_t i = 1; i < width; i++)
		point = (point << 6) | ((unsigned char)text[i] & 0x3f);
	return point;
}

/* Line breaks of YAML 1.1 and what its readers refuse raw. */
static bool wants_escape(unsigned point)
{
	return point < 0x20 || (point >= 0x7f && point < 0xa0) || point == 0x2028 ||
	       point == 0x2029 || point == 0xfeff || point == 0xfffe || point == 0xffff;
}

static void append_quoted(struct strbuf *buf, const char *text)
{
	size_t left = strlen(text);

	strbuf_append_char(buf, '"');
	while (left > 0) {
		size_t width = utf8_width(text, left);
		unsigned point = width == 0 ? 0xfffd : code_point(text, width);
		if (point == '\n')
			strbuf_append(buf, "\\n");
		else if (point == '\t')
			strbuf_append(buf, "\\t");
		else if (point == '"' || point == '\\')
			strbuf_appendf(buf, "\\%c", (int)point);
		else if (wants_escape(point))
			strbuf_appendf(buf, "\\u%04x", point);
		else if (width == 0)
			strbuf_append(buf, "\\ufffd");
		else
			strbuf_append_bytes(buf, text, width);
		width = width == 0 ? 1 : width;
		text += width;
		left -= width;
	}
	strbuf_append_char(buf, '"');
}

/* Whether "|" brings the text back exactly. */
static bool is_block(const char *text)
{
	if (strchr(text, '\n') == NULL || text[0] == ' ' || text[0] == '\n' || text[0] == '\t')
		return false;
	for (size_t left = strlen(text); left > 0;) {
		size_t width = utf8_width(text, left);
		unsigned point = width == 0 ? 0 : code_point(text, width);
		if (point != '\n' && point != '\t' && wants_escape(point))
			return false;
		text += width;
		left -= width;
	}
	return true;
}

static void append_block(struct yaml_writer *writer, const char *text)
{
	size_t length = strlen(text);
	const char *chomp = "-";
	if (text[length - 1] == '\n')
		chomp = length > 1 && text[length - 2] == '\n' ? "+" : "";
	strbuf_appendf(&writer->text, "|%s\n", chomp);
	while (*text != '\0') {
		const char *end = strchr(text, '\n');
		size_t width = end == NULL ? strlen(text) : (size_t)(end - text);
		if (width > 0)
			indent(writer, writer->depth + 1);
		strbuf_append_bytes(&writer->text, text, width);
		strbuf_append_char(&writer->text, '\n');
		text += width + (end == NULL ? 0 : 1);
	}
}

static void append_scalar(struct yaml_writer *writer, const char *text)
{
	if (yaml_text_is_plain(text)) {
		strbuf_appendf(&writer->text, "%s\n", text);
	} else if (is_block(text)) {
		append_block(writer, text);
	} else {
		append_quoted(&writer->text, text);
		strbuf_append_char(&writer->text, '\n');
	}
}

static void append_key(struct yaml_writer *writer, const char *key, unsigned depth)
{
	if (writer->is_item) {
		indent(writer, depth - 1);
		strbuf_append(&writer->text, "- ");
		writer->is_item = false;
	} else {
		indent(writer, depth);
	}
	if (yaml_text_is_plain(key))
		strbuf_append(&writer->text, key);
	else
		append_quoted(&writer->text, key);
	strbuf_append_char(&writer->text, ':');
}

/* Writes the keys of the maps around, now that there is something in them. */
static void flush(struct yaml_writer *writer)
{
	for (unsigned i = 0; i < writer->pending; i++) {
		append_key(writer, writer->pending_keys[i], writer->depth - writer->pending + i);
		strbuf_append_char(&writer->text, '\n');
	}
	writer->pending = 0;
}

void yaml_write_map(struct yaml_writer *writer, const char *key)
{
	if (writer->pending == ARRAY_SIZE(writer->pending_keys))
		flush(writer);
	writer->pending_keys[writer->pending++] = key;
	writer->depth++;
}

void yaml_write_item(struct yaml_writer *writer)
{
	flush(writer);
	writer->is_item = true;
	writer->depth++;
}

void yaml_write_end(struct yaml_writer *writer)
{
	if (writer->pending > 0)
		writer->pending--;
	writer->depth--;
}

static void begin_value(struct yaml_writer *writer, const char *key)
{
	flush(writer);
	append_key(writer, key, writer->depth);
	strbuf_append_char(&writer->text, ' ');
}

void yaml_write_text(struct yaml_writer *writer, const char *key, const char *value)
{
	if (value == NULL)
		return;
	begin_value(writer, key);
	append_scalar(writer, value);
}

void yaml_write_textf(struct yaml_writer *writer, const char *key, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	AUTO_FREE char *value = xvasprintf(fmt, args);
	va_end(args);
	yaml_write_text(writer, key, value);
}

void yaml_write_number(struct yaml_writer *writer, const char *key, uint64_t value)
{
	begin_value(writer, key);
	strbuf_appendf(&writer->text, "%llu\n", (unsigned long long)value);
}

void yaml_write_mode(struct yaml_writer *writer, const char *key, unsigned mode)
{
	begin_value(writer, key);
	strbuf_appendf(&writer->text, "0%o\n", mode);
}

void yaml_write_bool(struct yaml_writer *writer, const char *key, bool value)
{
	begin_value(writer, key);
	strbuf_append(&writer->text, value ? "true\n" : "false\n");
}

void yaml_write_empty_map(struct yaml_writer *writer, const char *key)
{
	begin_value(writer, key);
	strbuf_append(&writer->text, "{}\n");
}

void yaml_write_item_text(struct yaml_writer *writer, const char *value)
{
	flush(writer);
	indent(writer, writer->depth);
	strbuf_append(&writer->text, "- ");
	append_scalar(writer, value);
}

void yaml_write_item_number(struct yaml_writer *writer, const char *digits)
{
	flush(writer);
	indent(writer, writer->depth);
	strbuf_appendf(&writer->text, "- %s\n", digits);
}

void yaml_write_texts(struct yaml_writer *writer, const char *key, const struct string_list *list)
{
	yaml_write_map(writer, key);
	for (size_t i = 0; i < list->count; i++)
		yaml_write_item_text(writer, list->items[i]);
	yaml_write_end(writer);
}

void yaml_write_pairs(struct yaml_writer *writer, const char *key, const struct key_value *pairs,
		      size_t count)
{
	yaml_write_map(writer, key);
	for (size_t i = 0; i < count; i++)
		yaml_write_text(writer, pairs[i].key, pairs[i].value);
	yaml_write_end(writer);
}
