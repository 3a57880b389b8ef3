/* SPDX-License-Identifier: Apache-2.0 */
#include "base/path.h"

#include <dirent.h>
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

/*
 * Sockets and locks lie there: in /tmp whoever makes the folder first would have what runs through
 * them, Secrets too. One of ours that others may only read is closed to them; they cannot have put
 * anything there.
 */
static bool check_runtime_folder(const char *folder, struct error *err)
{
	struct stat st;
	if (lstat(folder, &st) < 0)
		return error_set_errno(err, errno, "folder %s", folder);
	if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 022) != 0) {
		error_set(err, ERROR_DENIED, "%s is not a folder of yours alone: user %u has it",
			  folder, (unsigned)st.st_uid);
		return error_hint(err, "remove it, or set XDG_RUNTIME_DIR to a folder of yours");
	}
	/* Search alone for a group is the mask of an ACL: QEMU's user on the way to its socket. */
	if ((st.st_mode & 067) != 0 && chmod(folder, 0700) < 0)
		return error_set_errno(err, errno, "folder %s", folder);
	return true;
}

static bool make_one(const char *folder, const char *runtime, mode_t mode, struct error *err)
{
	if (mkdir(folder, mode) < 0 && errno != EEXIST)
		return error_set_errno(err, errno, "create folder %s", folder);
	return strcmp(folder, runtime) != 0 || check_runtime_folder(folder, err);
}

bool path_make_folders(const char *path, mode_t mode, struct error *err)
{
	AUTO_FREE char *runtime = runtime_folder();
	AUTO_FREE char *copy = xstrdup(path);
	for (char *p = copy + 1;; p++) {
		if (*p != '/' && *p != '\0')
			continue;
		char saved = *p;
		*p = '\0';
		if (!make_one(copy, runtime, mode, err))
			return false;
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

/*
 * Opened without waiting: a pipe in the file system that nobody writes to would hold us for ever.
 * Those of a shell, <(…), come by their descriptor and have a writer.
 */
static int open_readable(const char *path, struct error *err)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) < 0) {
		(void)error_set_errno(err, errno, "%s", path);
		return -1;
	}
	if (S_ISFIFO(st.st_mode) && strncmp(path, "/dev/", strlen("/dev/")) != 0) {
		(void)error_set(err, ERROR_INVALID, "%s: a pipe, not a file", path);
		return -1;
	}
	int flags = fcntl(fd, F_GETFL);
	if (flags >= 0)
		(void)fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
	return take_fd(&fd);
}

bool file_read(const char *path, size_t max_bytes, char **ret, size_t *ret_size, struct error *err)
{
	enum { CHUNK_SIZE = 65536 };
	AUTO_CLOSE int fd = open_readable(path, err);
	if (fd < 0)
		return false;

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

static char *parent_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	if (slash == NULL)
		return xstrdup(".");
	return xstrndup(path, slash == path ? 1 : (size_t)(slash - path));
}

static bool sync_parent(const char *path, struct error *err)
{
	AUTO_FREE char *folder = parent_of(path);
	AUTO_CLOSE int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) < 0)
		return error_set_errno(err, errno, "sync folder of %s", path);
	return true;
}

/*
 * A file without a name is gone with us, whenever that is; *ret_name is NULL then. Where the file
 * system has none of those, one with a name of its own.
 */
static int open_draft(const char *path, char **ret_name, struct error *err)
{
	AUTO_FREE char *folder = parent_of(path);
	AUTO_FREE char *name = NULL;
	AUTO_CLOSE int fd = open(folder, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
	if (fd >= 0)
		return take_fd(&fd);
	name = xasprintf("%s.XXXXXX", path);
	fd = mkostemp(name, O_CLOEXEC);
	if (fd < 0) {
		(void)error_set_errno(err, errno, "create %s", name);
		return -1;
	}
	*ret_name = TAKE_PTR(name);
	return take_fd(&fd);
}

/* Gives the draft a name beside path, as link() replaces nothing and rename() wants one. */
static bool name_draft(int fd, const char *path, char **ret_name, struct error *err)
{
	AUTO_FREE char *self = xasprintf("/proc/self/fd/%d", fd);
	for (unsigned i = 0; i < 100; i++) {
		AUTO_FREE char *name =
			xasprintf("%s.%02u%04x", path, i, (unsigned)getpid() & 0xffff);
		if (linkat(AT_FDCWD, self, AT_FDCWD, name, AT_SYMLINK_FOLLOW) == 0) {
			*ret_name = TAKE_PTR(name);
			return true;
		}
		if (errno != EEXIST)
			break;
	}
	return error_set_errno(err, errno, "create");
}

static bool place_draft(int fd, const char *path, mode_t mode, char **name, struct error *err)
{
	if (fchmod(fd, mode) < 0 || fsync(fd) < 0)
		return error_set_errno(err, errno, "write");
	if (*name == NULL && !name_draft(fd, path, name, err))
		return false;
	return rename(*name, path) == 0 || error_set_errno(err, errno, "write");
}

bool file_write_atomic(const char *path, const void *bytes, size_t size, mode_t mode,
		       struct error *err)
{
	AUTO_FREE char *name = NULL;
	AUTO_CLOSE int fd = open_draft(path, &name, err);
	if (fd < 0)
		return false;
	if (!fd_write_all(fd, bytes, size, err) || !place_draft(fd, path, mode, &name, err)) {
		if (name != NULL)
			(void)unlink(name);
		return error_prefix(err, "%s", path);
	}
	return sync_parent(path, err);
}

static bool is_draft_of(const char *name, const char *file)
{
	size_t length = strlen(file);
	return strncmp(name, file, length) == 0 && name[length] == '.' &&
	       strspn(name + length + 1,
		      "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") == 6 &&
	       name[length + 7] == '\0';
}

void file_remove_drafts(const char *path)
{
	AUTO_FREE char *folder = parent_of(path);
	const char *slash = strrchr(path, '/');
	DIR *dir = opendir(folder);
	if (dir == NULL)
		return;
	for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
		if (is_draft_of(entry->d_name, slash != NULL ? slash + 1 : path))
			(void)unlinkat(dirfd(dir), entry->d_name, 0);
	}
	(void)closedir(dir);
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
