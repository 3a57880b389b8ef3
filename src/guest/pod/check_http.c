/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/pod/check_http.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/parse.h"

void http_target_clear(struct http_target *target)
{
	free(target->host);
	free(target->path);
	*target = (struct http_target){0};
}

static bool has_header(const struct check *check, const char *name)
{
	for (size_t i = 0; i < check->headers.count; i++) {
		if (strncasecmp(check->headers.items[i], name, strlen(name)) == 0)
			return true;
	}
	return false;
}

void http_request_make(const struct check *check, const struct http_target *target,
		       struct strbuf *ret)
{
	bool is_ipv6 = strchr(target->host, ':') != NULL;
	strbuf_appendf(ret, "GET %s HTTP/1.1\r\n", target->path);
	for (size_t i = 0; i < check->headers.count; i++)
		strbuf_appendf(ret, "%s\r\n", check->headers.items[i]);
	if (!has_header(check, "Host:"))
		strbuf_appendf(ret, "Host: %s%s%s:%u\r\n", is_ipv6 ? "[" : "", target->host,
			       is_ipv6 ? "]" : "", target->port);
	if (!has_header(check, "User-Agent:"))
		strbuf_append(ret, "User-Agent: i2kit-probe/" I2KIT_VERSION "\r\n");
	if (!has_header(check, "Accept:"))
		strbuf_append(ret, "Accept: */*\r\n");
	strbuf_append(ret, "Connection: close\r\n\r\n");
}

int http_status_parse(const char *bytes, size_t size)
{
	static const char start[] = "HTTP/1.";
	size_t compared = size < sizeof(start) - 1 ? size : sizeof(start) - 1;
	if (memcmp(bytes, start, compared) != 0)
		return -1;
	if (size < 12)
		return 0;
	int status = 0;
	for (size_t i = 9; i < 12; i++) {
		if (bytes[i] < '0' || bytes[i] > '9')
			return -1;
		status = status * 10 + (bytes[i] - '0');
	}
	return bytes[8] == ' ' && status >= 100 ? status : -1;
}

/* Bytes up to and with the empty line; 0: it has not come. */
static size_t head_size(const char *bytes, size_t size)
{
	for (const char *at = memchr(bytes, '\n', size); at != NULL;
	     at = memchr(at + 1, '\n', size - (size_t)(at + 1 - bytes))) {
		size_t left = size - (size_t)(at + 1 - bytes);
		if (left >= 1 && at[1] == '\n')
			return (size_t)(at + 2 - bytes);
		if (left >= 2 && at[1] == '\r' && at[2] == '\n')
			return (size_t)(at + 3 - bytes);
	}
	return 0;
}

static char *find_location(const char *head, size_t size)
{
	static const char name[] = "\nLocation:";
	for (size_t i = 0; i + sizeof(name) - 1 <= size; i++) {
		if (strncasecmp(head + i, name, sizeof(name) - 1) != 0)
			continue;
		const char *value = head + i + sizeof(name) - 1;
		const char *end = memchr(value, '\n', size - (size_t)(value - head));
		while (value < end && (*value == ' ' || *value == '\t'))
			value++;
		while (end > value && (end[-1] == '\r' || end[-1] == ' ' || end[-1] == '\t'))
			end--;
		return xstrndup(value, (size_t)(end - value));
	}
	return NULL;
}

static bool is_redirect(int status)
{
	return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

int http_answer_parse(const char *bytes, size_t size, char **ret_location)
{
	int status = http_status_parse(bytes, size);
	size_t head = 0;
	*ret_location = NULL;
	while (status >= 100 && status < 200 && status != 101) {
		head = head_size(bytes, size);
		if (head == 0)
			return 0;
		bytes += head;
		size -= head;
		status = http_status_parse(bytes, size);
	}
	if (!is_redirect(status))
		return status;
	head = head_size(bytes, size);
	if (head == 0)
		return 0;
	*ret_location = find_location(bytes, head);
	return status;
}

/* "/a/./b/../c" → "/a/c"; owned. */
static char *remove_dots(const char *path)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	size_t end = strcspn(path, "?");
	for (size_t at = 0; at < end;) {
		size_t size = 1 + strcspn(path + at + 1, "/?");
		bool is_last = at + size >= end;
		if (size == 3 && strncmp(path + at, "/..", 3) == 0) {
			const char *slash = strrchr(strbuf_text(&out), '/');
			size_t kept = slash != NULL ? (size_t)(slash - out.data) : 0;
			AUTO_FREE char *shorter = xstrndup(strbuf_text(&out), kept);
			strbuf_reset(&out);
			strbuf_appendf(&out, "%s%s", shorter, is_last ? "/" : "");
		} else if (size == 2 && path[at + 1] == '.') {
			strbuf_append(&out, is_last ? "/" : "");
		} else {
			strbuf_append_bytes(&out, path + at, size);
		}
		at += size;
	}
	if (out.size == 0)
		strbuf_append(&out, "/");
	strbuf_append(&out, path + end);
	return strbuf_take(&out);
}

/* A reference without host, seen from the target's path; owned. */
static char *join_path(const char *base, const char *reference)
{
	size_t path_size = strcspn(base, "?");
	AUTO_FREE char *joined = NULL;
	if (reference[0] == '/')
		joined = xstrdup(reference);
	else if (reference[0] == '?' || reference[0] == '\0')
		joined = xasprintf("%.*s%s", (int)path_size, base, reference);
	else {
		while (path_size > 0 && base[path_size - 1] != '/')
			path_size--;
		joined = xasprintf("%.*s%s", (int)path_size, base, reference);
	}
	return remove_dots(joined);
}

/* "user@[::1]:8080" → host and port; false: nonsense. */
static bool split_authority(const char *text, size_t size, struct http_target *ret)
{
	AUTO_FREE char *copy = xstrndup(text, size);
	char *at = strrchr(copy, '@');
	char *host = at != NULL ? at + 1 : copy;
	char *end = host[0] == '[' ? strchr(host, ']') : host + strcspn(host, ":");
	uint64_t port = ret->is_https ? 443 : 80;
	if (end == NULL || end == host)
		return false;
	const char *rest = host[0] == '[' ? end + 1 : end;
	if (rest[0] != '\0' &&
	    (rest[0] != ':' || (rest[1] != '\0' && !parse_u64(rest + 1, 1, UINT16_MAX, &port))))
		return false;
	host += host[0] == '[';
	ret->host = xstrndup(host, (size_t)(end - host));
	ret->port = (uint16_t)port;
	return true;
}

static bool is_clean(const char *text)
{
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text <= ' ' || *text == 0x7f)
			return false;
	}
	return true;
}

enum http_redirect http_target_follow(struct http_target *target, const char *location)
{
	static const char *const schemes[] = {"http:", "https:"};
	AUTO(http_target_clear) struct http_target next = {.is_https = target->is_https};
	AUTO_FREE char *text = xstrndup(location, strcspn(location, "#"));
	const char *rest = text;
	if (!is_clean(text))
		return REDIRECT_NONSENSE;
	for (int i = 0; i < 2; i++) {
		size_t size = strlen(schemes[i]);
		if (strncasecmp(text, schemes[i], size) == 0) {
			next.is_https = i == 1;
			rest = text + size;
		}
	}
	if (rest == text && strcspn(text, ":") < strcspn(text, "/?"))
		return REDIRECT_ELSEWHERE; /* another scheme */
	if (strncmp(rest, "//", 2) != 0) {
		if (rest != text)
			return REDIRECT_NONSENSE;
		char *path = join_path(target->path, rest);
		free(target->path);
		target->path = path;
		return REDIRECT_SAME_HOST;
	}
	size_t size = strcspn(rest + 2, "/?");
	if (!split_authority(rest + 2, size, &next))
		return REDIRECT_NONSENSE;
	if (strcasecmp(next.host, target->host) != 0)
		return REDIRECT_ELSEWHERE;
	AUTO_FREE char *path = rest[2 + size] == '/' ? xstrdup(rest + 2 + size)
						     : xasprintf("/%s", rest + 2 + size);
	next.path = remove_dots(path);
	http_target_clear(target);
	*target = next;
	next = (struct http_target){0};
	return REDIRECT_SAME_HOST;
}
