/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/aws/client/credentials_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/parse.h"
#include "base/path.h"
#include "cloud/aws/client/client.h"
#include "cloud/aws/client/settings.h"
#include "cloud/patience.h"

#define MAX_CACHE_BYTES	 ((size_t)256 * 1024)
#define MAX_SECRET_BYTES ((size_t)64 * 1024)
#define LOCK_WAIT_MS	 10000
#define LOCK_PAUSE_MS	 50

char *aws_cache_path(const char *folder, const char *name)
{
	const char *home = aws_env("HOME");
	return xasprintf("%s/.aws/%s/%s.json", home != NULL ? home : "/nonexistent", folder, name);
}

static char *folder_of(const char *path)
{
	return xstrndup(path, (size_t)(strrchr(path, '/') - path));
}

int aws_cache_lock(const char *path)
{
	AUTO_FREE char *folder = folder_of(path);
	AUTO_CLOSE int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	uint64_t end = clock_monotonic_ms() + LOCK_WAIT_MS;
	while (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0)
		if (errno != EWOULDBLOCK || clock_monotonic_ms() >= end ||
		    !patience_wait_ms(LOCK_PAUSE_MS, NULL, NULL))
			return -1;
	return take_fd(&fd);
}

struct json_document *aws_cache_read(const char *path)
{
	AUTO_FREE char *text = NULL;
	size_t size = 0;
	AUTO(error_clear) struct error ignored = ERROR_INIT;
	if (!path_exists(path) || !file_read(path, MAX_CACHE_BYTES, &text, &size, &ignored))
		return NULL;
	struct json_document *document =
		json_document_parse(text, size, path, JSON_LAST_KEY_WINS, &ignored);
	explicit_bzero(text, size);
	return document;
}

bool aws_cache_write(const char *path, const struct strbuf *text, struct error *err)
{
	AUTO_FREE char *folder = folder_of(path);
	return path_make_folders(folder, 0700, err) &&
	       file_write_atomic(path, strbuf_text(text), text->size, 0600, err);
}

int64_t aws_cache_time(struct json_view view)
{
	const char *text = json_view_is_text(view) ? json_view_peek(view) : NULL;
	int64_t ns = 0;
	if (text == NULL)
		return 0;
	size_t size = strlen(text);
	bool is_named = size > 3 && strcmp(text + size - 3, "UTC") == 0;
	AUTO_FREE char *zulu = is_named ? xasprintf("%.*sZ", (int)(size - 3), text) : xstrdup(text);
	return parse_rfc3339_ns(zulu, &ns) ? ns : 0;
}

const char *aws_cache_secret(struct json_view view)
{
	const char *text = json_view_is_text(view) ? json_view_peek(view) : NULL;
	bool is_good = text != NULL && text[0] != '\0' && strlen(text) <= MAX_SECRET_BYTES &&
		       strpbrk(text, "\r\n") == NULL;
	return is_good ? text : NULL;
}
