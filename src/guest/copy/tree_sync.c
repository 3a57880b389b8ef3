/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/copy/tree_sync.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "guest/machine/inside.h"

#define BUFFER_BYTES	 ((size_t)64 << 10)
#define MAX_DELETE_BYTES ((size_t)64 << 20)
#define PARENT_MODE	 0755
#define TEMPORARY	 ".i2kit-sync"

struct sync {
	int root;
	uid_t user;
	gid_t group;
	struct archive *in;
	char *buffer; /* BUFFER_BYTES */
};

/* Where something goes: its folder, opened, and its name there. */
struct place {
	int folder;
	const char *name; /* into the path */
};

static bool archive_failed(struct archive *archive, struct error *err)
{
	const char *text = archive_error_string(archive);
	return error_set(err, ERROR_SYSTEM, "%s", text != NULL ? text : "the copy failed");
}

static bool fail(const char *path, struct error *err)
{
	return error_set_errno(err, errno, "/%s", path);
}

/* "", and parts that are "." or "..", lead nowhere that anybody meant. */
static bool is_plain(const char *path)
{
	const char *part = path;
	for (;;) {
		size_t size = strcspn(part, "/");
		if (size == 0 || (size == 1 && part[0] == '.') ||
		    (size == 2 && part[0] == '.' && part[1] == '.'))
			return false;
		if (part[size] == '\0')
			return true;
		part += size + 1;
	}
}

/* A link in the container leads where it does for its programs, and never out of it. */
static int open_inside(const struct sync *sync, const char *path, int flags)
{
	struct open_how how = {.flags = (uint64_t)(unsigned)flags | O_CLOEXEC,
			       .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
	return (int)syscall(SYS_openat2, sync->root, path, &how, sizeof(how));
}

/* A folder that is missing becomes the user's. A file in its way goes. */
static bool make_folder(const struct sync *sync, const char *path, mode_t mode, struct error *err)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash != NULL ? slash + 1 : path;
	AUTO_FREE char *above =
		slash != NULL ? xstrndup(path, (size_t)(slash - path)) : xstrdup(".");
	AUTO_CLOSE int there = open_inside(sync, path, O_PATH | O_DIRECTORY);
	if (there >= 0)
		return true;
	AUTO_CLOSE int folder = open_inside(sync, above, O_RDONLY | O_DIRECTORY);
	if (folder < 0 || (unlinkat(folder, name, 0) < 0 && errno != ENOENT) ||
	    mkdirat(folder, name, 0700) < 0)
		return fail(path, err);
	AUTO_CLOSE int made = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return (made >= 0 && fchown(made, sync->user, sync->group) == 0 &&
		fchmod(made, mode & 0777) == 0) ||
	       fail(path, err);
}

/* Those above the last part. */
static bool make_folders(const struct sync *sync, const char *path, struct error *err)
{
	for (const char *slash = strchr(path, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		AUTO_FREE char *above = xstrndup(path, (size_t)(slash - path));
		if (!make_folder(sync, above, PARENT_MODE, err))
			return false;
	}
	return true;
}

static int open_above(const struct sync *sync, const char *path, const char **ret_name)
{
	const char *slash = strrchr(path, '/');
	*ret_name = slash != NULL ? slash + 1 : path;
	AUTO_FREE char *above =
		slash != NULL ? xstrndup(path, (size_t)(slash - path)) : xstrdup(".");
	return open_inside(sync, above, O_RDONLY | O_DIRECTORY);
}

static bool write_content(const struct sync *sync, int fd, const char *path, struct error *err)
{
	la_ssize_t size;
	while ((size = archive_read_data(sync->in, sync->buffer, BUFFER_BYTES)) > 0) {
		if (!fd_write_all(fd, sync->buffer, (size_t)size, err))
			return error_prefix(err, "/%s", path);
	}
	return size == 0 || archive_failed(sync->in, err);
}

/* A file that is a mount of its own cannot be replaced: it is written in place. */
static bool overwrite(int folder, const char *name, const char *path, struct error *err)
{
	char buffer[BUFFER_BYTES];
	ssize_t size = 0;
	AUTO_CLOSE int from = openat(folder, TEMPORARY, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	AUTO_CLOSE int to =
		openat(folder, name, O_WRONLY | O_TRUNC | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (from < 0 || to < 0)
		return fail(path, err);
	while ((size = read(from, buffer, sizeof(buffer))) > 0) {
		if (!fd_write_all(to, buffer, (size_t)size, err))
			return false;
	}
	(void)unlinkat(folder, TEMPORARY, 0);
	return size == 0 || fail(path, err);
}

/* What was made beside it takes its place. */
static bool settle(const struct place *place, const char *path, struct error *err)
{
	if (renameat(place->folder, TEMPORARY, place->folder, place->name) == 0)
		return true;
	if (errno == EBUSY)
		return overwrite(place->folder, place->name, path, err);
	if (errno != EISDIR && errno != ENOTEMPTY && errno != EEXIST)
		return fail(path, err);
	if (!inside_remove(place->folder, place->name, err))
		return error_prefix(err, "/%s", path);
	return renameat(place->folder, TEMPORARY, place->folder, place->name) == 0 ||
	       fail(path, err);
}

static bool put_file(const struct sync *sync, const struct place *place,
		     struct archive_entry *entry, const char *path, struct error *err)
{
	const struct timespec times[2] = {
		{.tv_nsec = UTIME_OMIT},
		{.tv_sec = archive_entry_mtime(entry), .tv_nsec = archive_entry_mtime_nsec(entry)}};
	AUTO_CLOSE int fd = openat(place->folder, TEMPORARY,
				   O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return fail(path, err);
	if (!write_content(sync, fd, path, err))
		return false;
	if (fchown(fd, sync->user, sync->group) < 0 ||
	    fchmod(fd, archive_entry_perm(entry) & 0777) < 0 || futimens(fd, times) < 0)
		return fail(path, err);
	return settle(place, path, err);
}

static bool put_link(const struct sync *sync, const struct place *place,
		     struct archive_entry *entry, const char *path, struct error *err)
{
	const char *target = archive_entry_symlink(entry);
	if (symlinkat(target != NULL ? target : "", place->folder, TEMPORARY) < 0 ||
	    fchownat(place->folder, TEMPORARY, sync->user, sync->group, AT_SYMLINK_NOFOLLOW) < 0)
		return fail(path, err);
	return settle(place, path, err);
}

/* One that is there keeps its owner. */
static bool put_folder(const struct sync *sync, const char *path, mode_t mode, struct error *err)
{
	if (!make_folder(sync, path, mode, err))
		return false;
	AUTO_CLOSE int folder = open_inside(sync, path, O_RDONLY | O_DIRECTORY);
	return (folder >= 0 && fchmod(folder, mode & 0777) == 0) || fail(path, err);
}

static bool put(const struct sync *sync, struct archive_entry *entry, const char *path,
		struct error *err)
{
	struct place place = {-1, NULL};
	mode_t kind = archive_entry_filetype(entry);
	if (!make_folders(sync, path, err))
		return false;
	if (kind == AE_IFDIR)
		return put_folder(sync, path, archive_entry_perm(entry), err);
	AUTO_CLOSE int folder = open_above(sync, path, &place.name);
	if (folder < 0)
		return fail(path, err);
	place.folder = folder;
	/* Of one that was cut off. */
	(void)unlinkat(folder, TEMPORARY, 0);
	bool is_put = kind == AE_IFLNK ? put_link(sync, &place, entry, path, err)
				       : put_file(sync, &place, entry, path, err);
	if (!is_put)
		(void)unlinkat(folder, TEMPORARY, 0);
	return is_put;
}

static bool delete_one(const struct sync *sync, const char *path, struct error *err)
{
	const char *name = NULL;
	if (!is_plain(path))
		return error_set(err, ERROR_INVALID, "what came names no file");
	AUTO_CLOSE int folder = open_above(sync, path, &name);
	if (folder < 0) /* without its folder it is not there */
		return errno == ENOENT || errno == ENOTDIR || fail(path, err);
	return inside_remove(folder, name, err) || error_prefix(err, "/%s", path);
}

static bool delete_all(const struct sync *sync, struct error *err)
{
	AUTO(strbuf_clear) struct strbuf list = STRBUF_MAX(MAX_DELETE_BYTES);
	la_ssize_t size;
	while ((size = archive_read_data(sync->in, sync->buffer, BUFFER_BYTES)) > 0)
		strbuf_append_bytes(&list, sync->buffer, (size_t)size);
	if (size < 0)
		return archive_failed(sync->in, err);
	if (list.is_cut || (list.size > 0 && list.data[list.size - 1] != '\0'))
		return error_set(err, ERROR_INVALID, "what came is not whole");
	for (size_t at = 0; at < list.size; at += strlen(list.data + at) + 1) {
		if (!delete_one(sync, list.data + at, err))
			return false;
	}
	return true;
}

static bool take_entry(const struct sync *sync, struct archive_entry *entry, struct error *err)
{
	static const char files[] = SYNC_FILES "/";
	const char *name = archive_entry_pathname(entry);
	if (name != NULL && strcmp(name, SYNC_DELETE) == 0)
		return delete_all(sync, err);
	if (name == NULL || strncmp(name, files, strlen(files)) != 0)
		return error_set(err, ERROR_INVALID, "what came makes no sense");
	AUTO_FREE char *path = xstrdup(name + strlen(files));
	size_t size = strlen(path);
	if (size > 0 && path[size - 1] == '/')
		path[size - 1] = '\0';
	mode_t kind = archive_entry_filetype(entry);
	if (!is_plain(path) || archive_entry_hardlink(entry) != NULL ||
	    (kind != AE_IFREG && kind != AE_IFDIR && kind != AE_IFLNK))
		return error_set(err, ERROR_INVALID, "what came names no file");
	return put(sync, entry, path, err);
}

bool tree_sync(int fd, int root, uid_t user, gid_t group, struct error *err)
{
	AUTO_FREE char *buffer = xcalloc(1, BUFFER_BYTES);
	struct sync sync = {root, user, group, archive_read_new(), buffer};
	struct archive_entry *entry;
	int result = ARCHIVE_EOF;
	(void)archive_read_support_format_tar(sync.in);
	(void)archive_read_support_format_empty(sync.in);
	bool is_ok = archive_read_open_fd(sync.in, fd, BUFFER_BYTES) == ARCHIVE_OK ||
		     archive_failed(sync.in, err);
	while (is_ok && (result = archive_read_next_header(sync.in, &entry)) >= ARCHIVE_WARN &&
	       result != ARCHIVE_EOF)
		is_ok = take_entry(&sync, entry, err);
	if (is_ok && result != ARCHIVE_EOF)
		is_ok = archive_failed(sync.in, err);
	(void)archive_read_free(sync.in);
	return is_ok;
}
