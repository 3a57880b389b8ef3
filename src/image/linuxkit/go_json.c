/* SPDX-License-Identifier: Apache-2.0 */
#include "image/linuxkit/go_json.h"

#include <string.h>

void go_json_clear(struct go_json *json)
{
	strbuf_clear(&json->text);
}

static void indent(struct go_json *json)
{
	strbuf_append_char(&json->text, '\n');
	for (unsigned i = 0; i < json->depth; i++)
		strbuf_append(&json->text, "    ");
}

static void append_escaped(struct strbuf *text, unsigned char c)
{
	switch (c) {
	case '"':
	case '\\':
		strbuf_appendf(text, "\\%c", c);
		break;
	case '\n':
		strbuf_append(text, "\\n");
		break;
	case '\r':
		strbuf_append(text, "\\r");
		break;
	case '\t':
		strbuf_append(text, "\\t");
		break;
	case '\b':
		strbuf_append(text, "\\b");
		break;
	case '\f':
		strbuf_append(text, "\\f");
		break;
	default:
		/* Go also escapes what HTML would take for markup. */
		if (c < ' ' || c == '<' || c == '>' || c == '&')
			strbuf_appendf(text, "\\u%04x", c);
		else
			strbuf_append_char(text, (char)c);
	}
}

static void append_text(struct strbuf *text, const char *value)
{
	strbuf_append_char(text, '"');
	for (const char *p = value; *p != '\0'; p++) {
		if (strncmp(p, "\xe2\x80\xa8", 3) == 0 || strncmp(p, "\xe2\x80\xa9", 3) == 0) {
			strbuf_append(text, p[2] == '\xa8' ? "\\u2028" : "\\u2029");
			p += 2;
			continue;
		}
		append_escaped(text, (unsigned char)*p);
	}
	strbuf_append_char(text, '"');
}

static void begin_item(struct go_json *json, const char *key)
{
	if (json->has_items)
		strbuf_append_char(&json->text, ',');
	if (json->depth > 0)
		indent(json);
	if (key != NULL) {
		append_text(&json->text, key);
		strbuf_append(&json->text, ": ");
	}
	json->has_items = true;
}

void go_json_begin(struct go_json *json, const char *key, char bracket)
{
	begin_item(json, key);
	strbuf_append_char(&json->text, bracket);
	json->depth++;
	json->has_items = false;
}

void go_json_end(struct go_json *json, char bracket)
{
	json->depth--;
	if (json->has_items)
		indent(json);
	strbuf_append_char(&json->text, bracket);
	json->has_items = true;
}

void go_json_text(struct go_json *json, const char *key, const char *value)
{
	begin_item(json, key);
	append_text(&json->text, value);
}

void go_json_text_if(struct go_json *json, const char *key, const char *value)
{
	if (value != NULL && value[0] != '\0')
		go_json_text(json, key, value);
}

void go_json_number(struct go_json *json, const char *key, int64_t value)
{
	begin_item(json, key);
	strbuf_appendf(&json->text, "%lld", (long long)value);
}

void go_json_unsigned(struct go_json *json, const char *key, uint64_t value)
{
	begin_item(json, key);
	strbuf_appendf(&json->text, "%llu", (unsigned long long)value);
}

void go_json_bool(struct go_json *json, const char *key, bool value)
{
	begin_item(json, key);
	strbuf_append(&json->text, value ? "true" : "false");
}
