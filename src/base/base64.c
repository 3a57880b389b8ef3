/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base64.h"

#include "base/alloc.h"
#include "base/cleanup.h"

static const char ALPHABET[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_append(struct strbuf *buf, const void *bytes, size_t size)
{
	const uint8_t *in = bytes;
	for (size_t i = 0; i < size; i += 3) {
		size_t left = size - i;
		unsigned group = (unsigned)in[i] << 16;
		if (left > 1)
			group |= (unsigned)in[i + 1] << 8;
		if (left > 2)
			group |= in[i + 2];
		char out[4] = {ALPHABET[group >> 18], ALPHABET[(group >> 12) & 63],
			       left > 1 ? ALPHABET[(group >> 6) & 63] : '=',
			       left > 2 ? ALPHABET[group & 63] : '='};
		strbuf_append_bytes(buf, out, sizeof(out));
	}
}

void base64_append_url(struct strbuf *buf, const void *bytes, size_t size)
{
	size_t start = buf->size;
	base64_append(buf, bytes, size);
	while (buf->size > start && buf->data[buf->size - 1] == '=')
		buf->data[--buf->size] = '\0';
	for (size_t i = start; i < buf->size; i++) {
		if (buf->data[i] == '+')
			buf->data[i] = '-';
		else if (buf->data[i] == '/')
			buf->data[i] = '_';
	}
}

char *base64_encode(const void *bytes, size_t size)
{
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	base64_append(&text, bytes, size);
	return strbuf_take(&text);
}

static int digit_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	return c == '/' ? 63 : -1;
}

bool base64_decode(const char *text, size_t size, uint8_t **ret, size_t *ret_size)
{
	if (size % 4 != 0)
		return false;
	size_t padding = 0;
	while (padding < 2 && padding < size && text[size - 1 - padding] == '=')
		padding++;
	AUTO_FREE uint8_t *out = xmalloc(size / 4 * 3 + 1);
	size_t used = 0;
	uint32_t group = 0;
	for (size_t i = 0; i < size; i++) {
		int value = i + padding >= size ? 0 : digit_value(text[i]);
		if (value < 0)
			return false;
		group = group << 6 | (uint32_t)value;
		if (i % 4 != 3)
			continue;
		out[used++] = (uint8_t)(group >> 16);
		out[used++] = (uint8_t)(group >> 8);
		out[used++] = (uint8_t)group;
		group = 0;
	}
	for (size_t i = 0; i < padding; i++)
		if (out[--used] != 0)
			return false;
	out[used] = 0;
	*ret = TAKE_PTR(out);
	*ret_size = used;
	return true;
}
