/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/yaml_writer.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/utf8.h"
#include "manifest/yaml_node.h"
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

static void begin_line(struct yaml_writer *writer, unsigned depth)
{
	indent(writer, writer->is_item ? depth - 1 : depth);
	strbuf_append(&writer->text, writer->is_item ? "- " : "");
	writer->is_item = false;
}

static void append_key(struct yaml_writer *writer, const char *key, unsigned depth)
{
	begin_line(writer, depth);
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

/* Readers take a key in one line only up to 1024 characters. */
enum { SIMPLE_KEY_MAX = 1000 };

static void append_node_key(struct yaml_writer *writer, const struct yaml_node *key)
{
	begin_line(writer, writer->depth);
	bool is_as_written = !key->is_quoted && (key->kind == YAML_NULL || key->type != YAML_TEXT);
	if (is_as_written && key->size > 0) {
		strbuf_appendf(&writer->text, "%s:", key->text);
		return;
	}
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	if (yaml_text_is_plain(key->text))
		strbuf_append(&text, key->text);
	else
		append_quoted(&text, key->text);
	bool is_long = text.size > SIMPLE_KEY_MAX;
	strbuf_appendf(&writer->text, "%s%s%s", is_long ? "? " : "", strbuf_text(&text),
		       is_long ? "\n" : "");
	if (is_long)
		indent(writer, writer->depth);
	strbuf_append_char(&writer->text, ':');
}

/* 2001-01-01 and 1_000 are text in quotes, and other things to some readers without. */
static bool keeps_quotes(const struct yaml_node *node)
{
	return node->is_quoted && strchr("0123456789+-.=", node->text[0]) != NULL &&
	       !is_block(node->text);
}

static void append_node_scalar(struct yaml_writer *writer, const struct yaml_node *node)
{
	if (node->kind == YAML_NULL) {
		strbuf_append(&writer->text, "null\n");
	} else if (node->type != YAML_TEXT) {
		strbuf_appendf(&writer->text, "%s\n", node->text);
	} else if (keeps_quotes(node)) {
		append_quoted(&writer->text, node->text);
		strbuf_append_char(&writer->text, '\n');
	} else {
		append_scalar(writer, node->text);
	}
}

static bool is_empty(const struct yaml_node *node)
{
	return (node->kind == YAML_MAP && node->pair_count == 0) ||
	       (node->kind == YAML_LIST && node->item_count == 0);
}

static void write_item(struct yaml_writer *writer, const struct yaml_node *node)
{
	bool is_tree = (node->kind == YAML_MAP || node->kind == YAML_LIST) && !is_empty(node);
	if (node->kind == YAML_MAP && is_tree) {
		yaml_write_item(writer);
		yaml_write_node(writer, node);
		writer->depth--;
		return;
	}
	indent(writer, writer->depth);
	strbuf_append(&writer->text, is_tree ? "-\n" : "- ");
	if (is_empty(node)) {
		strbuf_append(&writer->text, node->kind == YAML_MAP ? "{}\n" : "[]\n");
	} else if (is_tree) {
		writer->depth++;
		yaml_write_node(writer, node);
		writer->depth--;
	} else {
		append_node_scalar(writer, node);
	}
}

static void write_pair(struct yaml_writer *writer, const struct yaml_pair *pair)
{
	const struct yaml_node *value = pair->value;

	append_node_key(writer, pair->key);
	if (is_empty(value)) {
		strbuf_append(&writer->text, value->kind == YAML_MAP ? " {}\n" : " []\n");
	} else if (value->kind == YAML_MAP || value->kind == YAML_LIST) {
		strbuf_append_char(&writer->text, '\n');
		writer->depth++;
		yaml_write_node(writer, value);
		writer->depth--;
	} else {
		strbuf_append_char(&writer->text, ' ');
		append_node_scalar(writer, value);
	}
}

void yaml_write_node(struct yaml_writer *writer, const struct yaml_node *node)
{
	for (size_t i = 0; i < node->pair_count && writer->text.size <= YAML_WRITTEN_MAX; i++)
		write_pair(writer, &node->pairs[i]);
	for (size_t i = 0; i < node->item_count && writer->text.size <= YAML_WRITTEN_MAX; i++)
		write_item(writer, node->items[i]);
}
