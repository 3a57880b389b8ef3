/* SPDX-License-Identifier: Apache-2.0 */
#include "local/supervisor/last_words.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "base/strbuf.h"

/* A panic is followed by a trace of a few KiB, and nothing more. */
enum { TAIL_BYTES = 64 << 10, MOST_TEXT = 120 };

static char *console_path(const char *project, const char *instance)
{
	AUTO_FREE char *below = xasprintf("projects/%s/console/%s.log", project, instance);

	return path_folder(PATH_STATE, below);
}

uint64_t last_words_size(const char *project, const char *instance)
{
	AUTO_FREE char *path = console_path(project, instance);
	struct stat status;

	return stat(path, &status) == 0 ? (uint64_t)status.st_size : 0;
}

char *last_words_find(const char *text, size_t size)
{
	static const char mark[] = "Kernel panic - not syncing: ";
	AUTO(strbuf_clear) struct strbuf words = STRBUF_INIT;
	const char *at = memmem(text, size, mark, strlen(mark));

	if (at == NULL)
		return NULL;
	at += strlen(mark);
	size -= (size_t)(at - text);
	size_t length = 0;
	while (length < size && length < MOST_TEXT && at[length] != '\n' && at[length] != '\r')
		length++;
	strbuf_append(&words, "the guest's kernel panicked: ");
	strbuf_append_printable(&words, at, length);
	return strbuf_take(&words);
}

char *last_words_read(const char *project, const char *instance, uint64_t since)
{
	AUTO_FREE char *path = console_path(project, instance);
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat status;
	AUTO_FREE char *text = NULL;

	if (fd < 0 || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) ||
	    (uint64_t)status.st_size <= since)
		return NULL;
	if ((uint64_t)status.st_size - since > TAIL_BYTES)
		since = (uint64_t)status.st_size - TAIL_BYTES;
	text = xcalloc(1, TAIL_BYTES);
	ssize_t got = pread(fd, text, TAIL_BYTES, (off_t)since);
	return got > 0 ? last_words_find(text, (size_t)got) : NULL;
}
