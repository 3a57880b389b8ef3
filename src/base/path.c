/* SPDX-License-Identifier: Apache-2.0 */
#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/strbuf.h"

char *path_join(const char *a, const char *b)
{
	size_t length = strlen(a);
	while (length > 1 && a[length - 1] == '/')
		length--;
	while (*b == '/')
		b++;
	return xasprintf("%.*s%s%s", (int)length, a, length == 1 && a[0] == '/' ? "" : "/", b);
}

static const char *non_empty_env(const char *name)
{
	const char *value = getenv(name);
	return value != NULL && value[0] == '/' ? value : NULL;
}

static char *runtime_folder(void)
{
	const char *set = non_empty_env("XDG_RUNTIME_DIR");
	if (set != NULL)
		return path_join(set, "i2kit");
	if (geteuid() == 0)
		return xstrdup("/run/i2kit");
	const char *tmp = non_empty_env("TMPDIR");
	return xasprintf("%s/i2kit-%u", tmp ? tmp : "/tmp", (unsigned)geteuid());
}

char *path_folder(enum path_folder folder, const char *below_or_null)
{
	static const struct {
		const char *variable;
		const char *below_home;
	} xdg[] = {
		[PATH_DATA] = {"XDG_DATA_HOME", ".local/share"},
		[PATH_STATE] = {"XDG_STATE_HOME", ".local/state"},
		[PATH_CACHE] = {"XDG_CACHE_HOME", ".cache"},
		[PATH_CONFIG] = {"XDG_CONFIG_HOME", ".config"},
	};
	AUTO_FREE char *base = NULL;

	if (folder == PATH_RUNTIME) {
		base = runtime_folder();
	} else {
		const char *set = non_empty_env(xdg[folder].variable);
		const char *home = non_empty_env("HOME");
		if (set != NULL)
			base = path_join(set, "i2kit");
		else
			base = xasprintf("%s/%s/i2kit", home ? home : "/root",
					 xdg[folder].below_home);
	}
	return below_or_null ? path_join(base, below_or_null) : TAKE_PTR(base);
}

bool path_make_folders(const char *path, mode_t mode, struct error *err)
{
	AUTO_FREE char *copy = xstrdup(path);
	for (char *p = copy + 1;; p++) {
		if (*p != '/' && *p != '\0')
			continue;
		char saved = *p;
		*p = '\0';
		if (mkdir(copy, mode) < 0 && errno != EEXIST)
			return error_set_errno(err, errno, "create folder %s", copy);
		if (saved == '\0')
			break;
		*p = saved;
	}
	struct stat st;
	if (stat(path, &st) < 0)
		return error_set_errno(err, errno, "folder %s", path);
	if (!S_ISDIR(st.st_mode))
		return error_set_errno(err, ENOTDIR, "folder %s", path);
	return true;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *walk)
{
	(void)st;
	(void)type;
	(void)walk;
	return remove(path);
}

bool path_remove_tree(const char *path, struct error *err)
{
	enum { OPEN_FOLDERS = 32 };
	if (nftw(path, remove_one, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) != 0 &&
	    errno != ENOENT)
		return error_set_errno(err, errno, "remove %s", path);
	return true;
}

bool path_exists(const char *path)
{
	return faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

bool file_read(const char *path, size_t max_bytes, char **ret, size_t *ret_size, struct error *err)
{
	enum { CHUNK_SIZE = 65536 };
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return error_set_errno(err, errno, "%s", path);

	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	for (;;) {
		char *room = strbuf_reserve(&text, CHUNK_SIZE);
		ssize_t got = read(fd, room, CHUNK_SIZE);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_set_errno(err, errno, "%s", path);
		if (got == 0)
			break;
		text.size += (size_t)got;
		if (text.size > max_bytes)
			return error_set(err, ERROR_INVALID, "%s: larger than %zu bytes", path,
					 max_bytes);
	}
	text.data[text.size] = '\0';
	if (ret_size != NULL)
		*ret_size = text.size;
	*ret = strbuf_take(&text);
	return true;
}

bool fd_write_all(int fd, const void *bytes, size_t size, struct error *err)
{
	const char *p = bytes;
	while (size > 0) {
		ssize_t put = write(fd, p, size);
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return error_set_errno(err, errno, "write");
		p += put;
		size -= (size_t)put;
	}
	return true;
}

static bool sync_parent(const char *path, struct error *err)
{
	AUTO_FREE char *folder = xstrdup(path);
	char *slash = strrchr(folder, '/');
	if (slash != NULL)
		slash[slash == folder ? 1 : 0] = '\0';
	AUTO_CLOSE int fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) < 0)
		return error_set_errno(err, errno, "sync folder of %s", path);
	return true;
}

bool file_write_atomic(const char *path, const void *bytes, size_t size, mode_t mode,
		       struct error *err)
{
	AUTO_FREE char *temporary = xasprintf("%s.XXXXXX", path);
	AUTO_CLOSE int fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0)
		return error_set_errno(err, errno, "create %s", temporary);
	bool is_written = fd_write_all(fd, bytes, size, err);
	if (is_written && (fchmod(fd, mode) < 0 || fsync(fd) < 0 || rename(temporary, path) < 0))
		is_written = error_set_errno(err, errno, "write");
	if (!is_written) {
		(void)unlink(temporary);
		return error_prefix(err, "%s", path);
	}
	return sync_parent(path, err);
}

int file_lock(const char *path, bool wait, struct error *err)
{
	AUTO_CLOSE int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0) {
		error_set_errno(err, errno, "lock %s", path);
		return -1;
	}
	while (flock(fd, LOCK_EX | (wait ? 0 : LOCK_NB)) < 0) {
		if (errno == EINTR)
			continue;
		if (errno == EWOULDBLOCK)
			error_set(err, ERROR_BUSY, "%s is locked by another process", path);
		else
			error_set_errno(err, errno, "lock %s", path);
		return -1;
	}
	return take_fd(&fd);
}

bool path_is_below(const char *path)
{
	if (path[0] == '\0' || path[0] == '/')
		return false;
	while (path != NULL) {
		size_t size = strcspn(path, "/");
		if (size == 2 && path[0] == '.' && path[1] == '.')
			return false;
		path = path[size] == '/' ? path + size + 1 : NULL;
	}
	return true;
}
