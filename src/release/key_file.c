/* SPDX-License-Identifier: Apache-2.0 */
#include "release/key_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"

static bool refuse_mode(const char *path, mode_t mode, enum key_file_kind kind, struct error *err)
{
	bool is_secret = kind == KEY_FILE_SECRET;
	(void)error_set(err, ERROR_DENIED, "%s: others may %s it (mode %04o)", path,
			is_secret ? "read or write" : "write", (unsigned)(mode & 07777));
	return error_hint(err, "chmod %s %s, if nobody did", is_secret ? "600" : "o-w", path);
}

static bool check_file(const char *path, const struct stat *status, enum key_file_kind kind,
		       size_t max, struct error *err)
{
	mode_t loose = kind == KEY_FILE_SECRET ? 077 : 02;
	if (!S_ISREG(status->st_mode))
		return error_set(err, ERROR_DENIED, "%s: it is not a file", path);
	if (kind == KEY_FILE_SECRET && status->st_uid != geteuid())
		return error_set(err, ERROR_DENIED, "%s: it is another user's", path);
	if ((status->st_mode & loose) != 0)
		return refuse_mode(path, status->st_mode, kind, err);
	if (status->st_size > (off_t)max)
		return error_set(err, ERROR_INVALID, "%s: larger than %zu bytes", path, max);
	return true;
}

bool key_file_read(const char *path, enum key_file_kind kind, size_t max, char **ret,
		   size_t *ret_size, struct error *err)
{
	struct stat status;
	size_t size = 0;
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 && errno == ELOOP)
		return error_set(err, ERROR_DENIED, "%s: it is a link", path);
	if (fd < 0 || fstat(fd, &status) < 0)
		return error_set_errno(err, errno, "%s", path);
	if (!check_file(path, &status, kind, max, err))
		return false;
	/* One byte more shows that it grew meanwhile. */
	AUTO_FREE char *text = xcalloc(max + 2, 1);
	for (ssize_t got = 1; got > 0 && size <= max;) {
		got = read(fd, text + size, max + 1 - size);
		if (got < 0 && errno != EINTR)
			return error_set_errno(err, errno, "%s", path);
		size += got > 0 ? (size_t)got : 0;
		got = got < 0 ? 1 : got;
	}
	if (size > max)
		return error_set(err, ERROR_INVALID, "%s: larger than %zu bytes", path, max);
	text[size] = '\0';
	*ret = TAKE_PTR(text);
	*ret_size = size;
	return true;
}

bool key_file_check_folder(const char *path, struct error *err)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_NOFOLLOW | O_DIRECTORY | O_CLOEXEC);
	struct stat status;
	if (fd >= 0 || errno == ENOENT)
		return true;
	int failure = errno;
	/* With O_DIRECTORY a link is "not a directory". */
	if (lstat(path, &status) == 0 && S_ISLNK(status.st_mode)) {
		(void)error_set(err, ERROR_DENIED, "%s: it is a link", path);
		return error_hint(err, "a folder in its place, if you know whose it is");
	}
	return error_set_errno(err, failure, "%s", path);
}
