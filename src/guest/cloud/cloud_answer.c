/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/cloud/cloud_answer.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/parse.h"
#include "base/strbuf.h"
#include "guest/pod/check_http.h"

void cloud_url_clear(struct cloud_url *url)
{
	free(url->host);
	free(url->path);
	*url = (struct cloud_url){0};
}

void cloud_answer_clear(struct cloud_answer *answer)
{
	free(answer->body);
	*answer = (struct cloud_answer){0};
}

bool cloud_url_parse(const char *text, struct cloud_url *ret, struct error *err)
{
	bool is_tls = strncmp(text, "https://", 8) == 0;
	if (!is_tls && strncmp(text, "http://", 7) != 0)
		return error_set(err, ERROR_INVALID, "'%s' is no http or https URL", text);
	const char *start = text + (is_tls ? 8 : 7);
	size_t authority = strcspn(start, "/?#");
	size_t host = 0;
	while (host < authority && start[host] != ':')
		host++;
	uint16_t port = is_tls ? 443 : 80;
	if (host < authority) {
		AUTO_FREE char *digits = xstrndup(start + host + 1, authority - host - 1);
		if (!parse_port(digits, &port))
			return error_set(err, ERROR_INVALID, "'%s' has no usable port", text);
	}
	/* What stands before an @ would look like the host. */
	if (host == 0 || strpbrk(text, " \r\n") != NULL || memchr(start, '@', authority) != NULL)
		return error_set(err, ERROR_INVALID, "'%s' is no URL", text);
	const char *path = start + authority;
	*ret = (struct cloud_url){.is_tls = is_tls,
				  .host = xstrndup(start, host),
				  .port = port,
				  .path = xasprintf("%s%s", path[0] == '/' ? "" : "/", path)};
	return true;
}

/* The value of a header in the head's text, owned; NULL: not there. */
static char *find_header(const char *head, size_t size, const char *name)
{
	size_t name_size = strlen(name);
	const char *end = head + size;
	for (const char *line = memchr(head, '\n', size); line != NULL && line + 1 < end;
	     line = memchr(line, '\n', (size_t)(end - line))) {
		line++;
		if ((size_t)(end - line) <= name_size || strncasecmp(line, name, name_size) != 0 ||
		    line[name_size] != ':')
			continue;
		const char *value = line + name_size + 1;
		while (value < end && *value == ' ')
			value++;
		size_t value_size = 0;
		while (value + value_size < end && value[value_size] != '\r' &&
		       value[value_size] != '\n')
			value_size++;
		return xstrndup(value, value_size);
	}
	return NULL;
}

static bool cut_off(struct error *err)
{
	return error_set(err, ERROR_NETWORK, "the answer is cut off");
}

static bool take_chunks(const char *at, size_t size, struct strbuf *ret, struct error *err)
{
	for (;;) {
		const char *line = memchr(at, '\n', size);
		uint64_t chunk = 0;
		size_t digits = 0;
		if (line == NULL)
			return cut_off(err);
		while (at + digits < line && strchr("0123456789abcdefABCDEF", at[digits]) != NULL)
			digits++;
		AUTO_FREE char *hex = xstrndup(at, digits);
		if (!parse_hex_u64(hex, UINT32_MAX, &chunk))
			return error_set(err, ERROR_INVALID, "the answer's chunks are malformed");
		size -= (size_t)(line + 1 - at);
		at = line + 1;
		if (chunk == 0)
			return true;
		if (size < chunk + 2)
			return cut_off(err);
		strbuf_append_bytes(ret, at, chunk);
		at += chunk + 2;
		size -= chunk + 2;
	}
}

static bool take_body(const char *head, size_t head_size, const char *body, size_t size,
		      struct strbuf *ret, struct error *err)
{
	AUTO_FREE char *coding = find_header(head, head_size, "Transfer-Encoding");
	AUTO_FREE char *length = find_header(head, head_size, "Content-Length");
	uint64_t count = size;
	if (coding != NULL && strcasecmp(coding, "chunked") == 0)
		return take_chunks(body, size, ret, err);
	if (length != NULL && !parse_u64(length, 0, UINT32_MAX, &count))
		return error_set(err, ERROR_INVALID, "the answer's length is no number");
	if (count > size)
		return cut_off(err);
	strbuf_append_bytes(ret, body, count);
	return true;
}

bool cloud_answer_is_whole(const char *bytes, size_t size)
{
	const char *end = memmem(bytes, size, "\r\n\r\n", 4);
	if (end == NULL)
		return false;
	size_t head = (size_t)(end - bytes) + 2;
	size_t rest = size - head - 2;
	AUTO_FREE char *coding = find_header(bytes, head, "Transfer-Encoding");
	AUTO_FREE char *length = find_header(bytes, head, "Content-Length");
	uint64_t count = 0;
	if (coding != NULL)
		return rest >= 5 && memcmp(bytes + size - 5, "0\r\n\r\n", 5) == 0;
	return length != NULL && parse_u64(length, 0, UINT32_MAX, &count) && rest >= count;
}

bool cloud_answer_parse(const char *bytes, size_t size, struct cloud_answer *ret, struct error *err)
{
	int status = http_status_parse(bytes, size);
	const char *end = memmem(bytes, size, "\r\n\r\n", 4);
	if (status <= 0 || end == NULL)
		return error_set(err, ERROR_NETWORK, "the answer is not HTTP");
	size_t head = (size_t)(end - bytes) + 2;
	AUTO(strbuf_clear) struct strbuf body = STRBUF_INIT;
	if (!take_body(bytes, head, end + 4, size - head - 2, &body, err))
		return false;
	ret->status = status;
	ret->body_size = body.size;
	ret->body = strbuf_take(&body);
	return true;
}
