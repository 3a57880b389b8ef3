/* SPDX-License-Identifier: Apache-2.0 */
#include "base/strbuf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/utf8.h"

void strbuf_clear(struct strbuf *buf)
{
	free(buf->data);
	*buf = (struct strbuf){.max = buf->max};
}

void strbuf_reset(struct strbuf *buf)
{
	buf->size = 0;
	buf->is_cut = false;
	if (buf->data != NULL)
		buf->data[0] = '\0';
}

const char *strbuf_text(const struct strbuf *buf)
{
	return buf->data ? buf->data : "";
}

char *strbuf_take(struct strbuf *buf)
{
	char *text = buf->data ? buf->data : xstrdup("");
	*buf = (struct strbuf){.max = buf->max};
	return text;
}

static void make_room(struct strbuf *buf, size_t size)
{
	size_t wanted = buf->size + size + 1;
	if (wanted <= buf->capacity)
		return;
	size_t capacity = buf->capacity ? buf->capacity : 64;
	while (capacity < wanted)
		capacity *= 2;
	buf->data = xreallocarray(buf->data, capacity, 1);
	buf->capacity = capacity;
}

char *strbuf_reserve(struct strbuf *buf, size_t size)
{
	if (size > SIZE_MAX / 4 || (buf->max > 0 && buf->size + size > buf->max)) {
		buf->is_cut = true;
		return NULL;
	}
	make_room(buf, size);
	return buf->data + buf->size;
}

void strbuf_append_bytes(struct strbuf *buf, const void *bytes, size_t size)
{
	if (buf->max > 0 && buf->size + size > buf->max) {
		size = buf->max - buf->size;
		buf->is_cut = true;
	}
	make_room(buf, size);
	if (size > 0)
		memcpy(buf->data + buf->size, bytes, size);
	buf->size += size;
	buf->data[buf->size] = '\0';
}

void strbuf_append(struct strbuf *buf, const char *text)
{
	strbuf_append_bytes(buf, text, strlen(text));
}

void strbuf_append_char(struct strbuf *buf, char c)
{
	strbuf_append_bytes(buf, &c, 1);
}

void strbuf_appendf(struct strbuf *buf, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	char *text = xvasprintf(fmt, args);
	va_end(args);
	strbuf_append(buf, text);
	free(text);
}

void strbuf_consume(struct strbuf *buf, size_t size)
{
	if (size >= buf->size) {
		strbuf_reset(buf);
		return;
	}
	memmove(buf->data, buf->data + size, buf->size - size + 1);
	buf->size -= size;
}

static const char replacement[] = "\xEF\xBF\xBD";

void strbuf_append_json(struct strbuf *buf, const char *text)
{
	size_t size = strlen(text);

	strbuf_append_char(buf, '"');
	for (size_t i = 0; i < size;) {
		unsigned char c = (unsigned char)text[i];
		size_t width = utf8_width(text + i, size - i);
		if (width == 0) {
			strbuf_append(buf, replacement);
			i++;
			continue;
		}
		if (c == '"' || c == '\\')
			strbuf_appendf(buf, "\\%c", c);
		else if (c == '\n')
			strbuf_append(buf, "\\n");
		else if (c < 0x20 || c == 0x7f)
			strbuf_appendf(buf, "\\u%04x", c);
		else
			strbuf_append_bytes(buf, text + i, width);
		i += width;
	}
	strbuf_append_char(buf, '"');
}

void strbuf_append_xml(struct strbuf *buf, const char *text)
{
	size_t size = strlen(text);

	for (size_t i = 0; i < size;) {
		size_t width = utf8_width(text + i, size - i);
		unsigned char c = (unsigned char)text[i];
		if (width == 0 || (c < 0x20 && c != '\t' && c != '\n')) {
			strbuf_append(buf, replacement);
			i++;
			continue;
		}
		switch (c) {
		case '<':
			strbuf_append(buf, "&lt;");
			break;
		case '>':
			strbuf_append(buf, "&gt;");
			break;
		case '&':
			strbuf_append(buf, "&amp;");
			break;
		case '"':
			strbuf_append(buf, "&quot;");
			break;
		case '\'':
			strbuf_append(buf, "&apos;");
			break;
		default:
			strbuf_append_bytes(buf, text + i, width);
		}
		i += width;
	}
}

static bool is_unreserved(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '.' || c == '_' || c == '~';
}

void strbuf_append_url(struct strbuf *buf, const char *text)
{
	for (; *text != '\0'; text++) {
		if (is_unreserved(*text))
			strbuf_append_char(buf, *text);
		else
			strbuf_appendf(buf, "%%%02X", (unsigned char)*text);
	}
}

void strbuf_append_shell(struct strbuf *buf, const char *text)
{
	static const char safe[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
				   "-._/:=@%+,";
	if (text[0] != '\0' && strspn(text, safe) == strlen(text)) {
		strbuf_append(buf, text);
		return;
	}
	strbuf_append_char(buf, '\'');
	for (; *text != '\0'; text++) {
		if (*text == '\'')
			strbuf_append(buf, "'\\''");
		else
			strbuf_append_char(buf, *text);
	}
	strbuf_append_char(buf, '\'');
}

/*
 * U+2028…U+202E and U+2066…U+2069 end lines and turn the direction of text around, also of what we
 * wrote before it.
 */
static bool turns_text(const unsigned char *s, size_t width)
{
	return width == 3 && s[0] == 0xe2 &&
	       ((s[1] == 0x80 && s[2] >= 0xa8 && s[2] <= 0xae) ||
		(s[1] == 0x81 && s[2] >= 0xa6 && s[2] <= 0xa9));
}

void strbuf_append_printable(struct strbuf *buf, const char *bytes, size_t size)
{
	for (size_t i = 0; i < size;) {
		unsigned char c = (unsigned char)bytes[i];
		size_t width = utf8_width(bytes + i, size - i);
		/*
		 * C1 controls (U+0080…U+009F, here as C2 80…C2 9F) act like ESC on some terminals.
		 */
		bool is_c1 = width == 2 && c == 0xc2 && (unsigned char)bytes[i + 1] < 0xa0;
		if (width == 0 || is_c1 || turns_text((const unsigned char *)bytes + i, width) ||
		    (c < 0x20 && c != '\t') || c == 0x7f) {
			for (size_t end = i + (width ? width : 1); i < end; i++)
				strbuf_appendf(buf, "\\x%02x", (unsigned char)bytes[i]);
			continue;
		}
		strbuf_append_bytes(buf, bytes + i, width);
		i += width;
	}
}
