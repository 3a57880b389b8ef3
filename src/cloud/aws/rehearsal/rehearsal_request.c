/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/aws/rehearsal/rehearsal_request.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/parse.h"
#include "base/strbuf.h"

#define MAX_HEAD    16384
#define MAX_HEADERS 64

void rehearsal_request_clear(struct guest_call *request)
{
	free(request->method);
	free(request->path);
	free(request->query);
	free(request->body);
	string_list_clear(&request->headers);
	*request = (struct guest_call){0};
}

const char *rehearsal_request_header(const struct guest_call *request, const char *name)
{
	size_t size = strlen(name);
	for (size_t i = 0; i < request->headers.count; i++) {
		const char *line = request->headers.items[i];
		if (strncmp(line, name, size) == 0 && line[size] == ':')
			return line + size + 1 + strspn(line + size + 1, " \t");
	}
	return NULL;
}

/* "Name:  value" → "name: value". */
static bool add_header(struct guest_call *out, char *line)
{
	char *colon = strchr(line, ':');
	if (colon == NULL || colon == line || out->headers.count == MAX_HEADERS)
		return false;
	*colon = '\0';
	for (char *c = line; *c != '\0'; c++)
		*c = (char)tolower((unsigned char)*c);
	const char *value = colon + 1 + strspn(colon + 1, " \t");
	string_list_addf(&out->headers, "%s: %s", line, value);
	return true;
}

/* "PUT /latest/api/token HTTP/1.1" */
static bool take_first_line(struct guest_call *out, const char *line)
{
	size_t method = strcspn(line, " ");
	const char *target = line + method + (line[method] == ' ');
	size_t size = strcspn(target, " ");
	if (method == 0 || method > 16 || target[0] != '/' ||
	    strcmp(target + size, " HTTP/1.1") != 0)
		return false;
	out->method = xstrndup(line, method);
	size_t path = strcspn(target, " ?");
	out->path = xstrndup(target, path);
	out->query =
		target[path] == '?' ? xstrndup(target + path + 1, size - path - 1) : xstrdup("");
	return true;
}

static bool take_head(struct guest_call *out, const char *bytes, size_t size)
{
	AUTO_FREE char *head = xstrndup(bytes, size);
	AUTO(string_list_clear) struct string_list lines = STRING_LIST_INIT;
	if (strlen(head) != size)
		return false;
	string_list_split(&lines, head, '\n');
	for (size_t i = 0; i < lines.count; i++) {
		char *line = lines.items[i];
		size_t end = strlen(line);
		if (end == 0 || line[end - 1] != '\r')
			return false;
		line[end - 1] = '\0';
		if (i == 0 ? !take_first_line(out, line) : !add_header(out, line))
			return false;
	}
	return lines.count > 0;
}

enum rehearsal_request_state rehearsal_request_parse(const char *bytes, size_t size,
						     struct guest_call *ret)
{
	AUTO(rehearsal_request_clear) struct guest_call out = {0};
	const char *end = size > 0 ? memmem(bytes, size, "\r\n\r\n", 4) : NULL;
	if (end == NULL)
		return size > MAX_HEAD ? REQUEST_BAD : REQUEST_PARTIAL;
	size_t head_size = (size_t)(end - bytes) + 2;
	if (head_size > MAX_HEAD || !take_head(&out, bytes, head_size - 1))
		return REQUEST_BAD;
	const char *length = rehearsal_request_header(&out, "content-length");
	uint64_t body_size = 0;
	if (rehearsal_request_header(&out, "transfer-encoding") != NULL ||
	    (length != NULL && !parse_u64(length, 0, REHEARSAL_REQUEST_MAX, &body_size)))
		return REQUEST_BAD;
	if (size - head_size - 2 < body_size)
		return REQUEST_PARTIAL;
	out.body = xstrndup(end + 4, (size_t)body_size);
	out.body_size = (size_t)body_size;
	if (strlen(out.body) != out.body_size)
		return REQUEST_BAD;
	*ret = out;
	out = (struct guest_call){0};
	return REQUEST_WHOLE;
}

/* "%2F" → "/", "+" → " "; what is no escape stays. */
static char *decode(const char *text, size_t size)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	for (size_t i = 0; i < size; i++) {
		uint64_t byte = 0;
		char digits[3] = {0};
		if (text[i] == '%' && i + 2 < size) {
			digits[0] = text[i + 1];
			digits[1] = text[i + 2];
		}
		if (digits[0] != '\0' && parse_hex_u64(digits, 255, &byte) && byte > 0) {
			strbuf_append_char(&out, (char)byte);
			i += 2;
		} else {
			strbuf_append_char(&out, (char)(text[i] == '+' ? ' ' : text[i]));
		}
	}
	return strbuf_take(&out);
}

char *rehearsal_request_value(const struct guest_call *request, const char *key)
{
	size_t size = strlen(key);
	for (const char *pair = request->body; pair != NULL && *pair != '\0';) {
		size_t length = strcspn(pair, "&");
		if (length > size && strncmp(pair, key, size) == 0 && pair[size] == '=')
			return decode(pair + size + 1, length - size - 1);
		pair += length + (pair[length] == '&');
	}
	return NULL;
}
