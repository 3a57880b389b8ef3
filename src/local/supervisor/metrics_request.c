/* SPDX-License-Identifier: Apache-2.0 */
#include "local/supervisor/metrics_request.h"

#include <stdbool.h>
#include <string.h>

static bool begins(const char *bytes, size_t size, const char *word)
{
	return size >= strlen(word) && memcmp(bytes, word, strlen(word)) == 0;
}

/* RFC 9110 §5.6.2: what a method may be made of. */
static bool is_token(const char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		unsigned char c = (unsigned char)bytes[i];
		if (c <= ' ' || c >= 0x7f || strchr("\"(),/:;<=>?@[\\]{}", c) != NULL)
			return false;
	}
	return size > 0;
}

static bool is_target(const char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if ((unsigned char)bytes[i] <= ' ' || (unsigned char)bytes[i] >= 0x7f)
			return false;
	}
	return size > 0;
}

/* "METHOD TARGET HTTP/1.1", without its end of line. */
static enum metrics_answer read_line(const char *line, size_t size)
{
	const char *first = memchr(line, ' ', size);
	if (first == NULL || !is_token(line, (size_t)(first - line)))
		return METRICS_BAD;
	const char *target = first + 1;
	size_t rest = size - (size_t)(target - line);
	const char *second = memchr(target, ' ', rest);
	if (second == NULL || !is_target(target, (size_t)(second - target)))
		return METRICS_BAD;
	const char *version = second + 1;
	size_t version_size = size - (size_t)(version - line);
	size_t path_size = (size_t)(second - target);
	const char *query = memchr(target, '?', path_size);

	if (!begins(version, version_size, "HTTP/"))
		return METRICS_BAD;
	if (version_size != strlen("HTTP/1.1") || !begins(version, version_size, "HTTP/1."))
		return METRICS_VERSION;
	if ((size_t)(first - line) != 3 || memcmp(line, "GET", 3) != 0)
		return METRICS_METHOD;
	if (query != NULL)
		path_size = (size_t)(query - target);
	bool is_metrics = path_size == strlen("/metrics") && begins(target, path_size, "/metrics");
	return is_metrics ? METRICS_OK : METRICS_ABSENT;
}

/* The empty line behind the fields, or NULL. A bare line feed counts as an end (RFC 9112 §2.2). */
static bool is_whole(const char *bytes, size_t size)
{
	size_t line = 0; /* bytes in this line, without a CR */

	for (size_t i = 0; i < size; i++) {
		if (bytes[i] == '\n') {
			if (line == 0)
				return true;
			line = 0;
		} else if (bytes[i] != '\r' || i + 1 >= size || bytes[i + 1] != '\n') {
			line++;
		}
	}
	return false;
}

enum metrics_answer metrics_request_read(const char *bytes, size_t size)
{
	const char *end = memchr(bytes, '\n', size);

	if (end == NULL)
		return size >= METRICS_REQUEST_BYTES ? METRICS_TOO_BIG : METRICS_WAIT;
	size_t line = (size_t)(end - bytes);
	if (line > 0 && bytes[line - 1] == '\r')
		line--;
	enum metrics_answer answer = read_line(bytes, line);
	if (answer == METRICS_BAD || answer == METRICS_VERSION || is_whole(bytes, size))
		return answer;
	return size >= METRICS_REQUEST_BYTES ? METRICS_TOO_BIG : METRICS_WAIT;
}

const char *metrics_status_line(enum metrics_answer answer)
{
	switch (answer) {
	case METRICS_OK:
		return "200 OK";
	case METRICS_ABSENT:
		return "404 Not Found";
	case METRICS_METHOD:
		return "405 Method Not Allowed";
	case METRICS_TOO_BIG:
		return "431 Request Header Fields Too Large";
	case METRICS_VERSION:
		return "505 HTTP Version Not Supported";
	default:
		return "400 Bad Request";
	}
}
