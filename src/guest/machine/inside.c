/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/machine/inside.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"

#define TRIES 16 /* the kernel says EAGAIN when somebody renames folders meanwhile */

int inside_open(int folder, const char *path, int flags, mode_t mode)
{
	struct open_how how = {.flags = (uint64_t)(unsigned)flags | O_CLOEXEC,
			       .mode = mode,
			       .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
	int fd = -1;
	for (int i = 0; i < TRIES; i++) {
		fd = (int)syscall(SYS_openat2, folder, path, &how, sizeof(how));
		if (fd >= 0 || errno != EAGAIN)
			break;
	}
	return fd;
}

/* The folder that a path's last part is in; *ret_name is that part, within path. */
static int open_parent(int folder, const char *path, const char **ret_name)
{
	const char *slash = strrchr(path, '/');
	AUTO_FREE char *parent =
		slash != NULL ? xstrndup(path, (size_t)(slash - path)) : xstrdup(".");
	*ret_name = slash != NULL ? slash + 1 : path;
	return inside_open(folder, parent, O_RDONLY | O_DIRECTORY, 0);
}

bool inside_make_folders(int folder, const char *path, mode_t mode, struct error *err)
{
	for (size_t end = strcspn(path, "/");; end += 1 + strcspn(path + end + 1, "/")) {
		AUTO_FREE char *part = xstrndup(path, end);
		const char *name = NULL;
		AUTO_CLOSE int parent = open_parent(folder, part, &name);
		/* Other users of the pod are to write there, whatever the mask says. */
		bool is_new = parent >= 0 && mkdirat(parent, name, mode) == 0;
		if (parent < 0 || (!is_new && errno != EEXIST) ||
		    (is_new && fchmodat(parent, name, mode, 0) < 0))
			return error_set_errno(err, errno, "folder %s", part);
		if (path[end] == '\0')
			return true;
	}
}

/* Writes into the file that is there; false: there is none with content. */
static bool overwrite(int folder, const char *path, const void *bytes, size_t size, mode_t mode,
		      bool *ret_is_done, struct error *err)
{
	/* Not blocking: a program may have put a FIFO there. */
	AUTO_CLOSE int fd = inside_open(folder, path, O_WRONLY | O_NONBLOCK, 0);
	struct stat status;
	*ret_is_done = false;
	if (fd < 0 || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) || status.st_size == 0)
		return true;
	*ret_is_done = true;
	if (ftruncate(fd, 0) < 0 || fchmod(fd, mode) < 0)
		return error_set_errno(err, errno, "%s", path);
	return fd_write_all(fd, bytes, size, err);
}

bool inside_write(int folder, const char *path, const void *bytes, size_t size, mode_t mode,
		  struct error *err)
{
	static const char temporary[] = "..i2kit-new";
	const char *name = NULL;
	bool is_done = false;
	if (!overwrite(folder, path, bytes, size, mode, &is_done, err) || is_done)
		return is_done;
	AUTO_CLOSE int parent = open_parent(folder, path, &name);
	if (parent < 0)
		return error_set_errno(err, errno, "%s", path);
	(void)unlinkat(parent, temporary, 0);
	AUTO_CLOSE int fd = openat(parent, temporary,
				   O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 || fchmod(fd, mode) < 0)
		return error_set_errno(err, errno, "%s", path);
	if (!fd_write_all(fd, bytes, size, err))
		return false;
	return renameat(parent, temporary, parent, name) == 0 ||
	       error_set_errno(err, errno, "%s", path);
}

bool inside_list(int folder, struct string_list *ret)
{
	int copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *listing = copy >= 0 ? fdopendir(copy) : NULL;
	if (listing == NULL)
		return false;
	for (struct dirent *entry = readdir(listing); entry != NULL; entry = readdir(listing)) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			string_list_add(ret, entry->d_name);
	}
	(void)closedir(listing);
	return true;
}

static bool remove_one(int folder, const char *name)
{
	return unlinkat(folder, name, 0) == 0 || errno == ENOENT ||
	       unlinkat(folder, name, AT_REMOVEDIR) == 0;
}

/* Removes what a folder of `top` has; folders in it that are not empty move up into `top`. */
static void flatten(int top, const char *name)
{
	static unsigned number;
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;
	AUTO_CLOSE int folder = openat(top, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (folder < 0 || !inside_list(folder, &names))
		return;
	for (size_t i = 0; i < names.count; i++) {
		char moved[32];
		(void)snprintf(moved, sizeof(moved), "..i2kit-%u", ++number);
		if (!remove_one(folder, names.items[i]))
			(void)renameat(folder, names.items[i], top, moved);
	}
}

/*
 * No recursion and no long paths: a program can nest folders deeper than init's stack and the
 * kernel's PATH_MAX reach.
 */
static void empty_folder(int top)
{
	bool is_progress = true;
	while (is_progress) {
		AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;
		is_progress = false;
		if (!inside_list(top, &names))
			return;
		for (size_t i = 0; i < names.count; i++) {
			bool is_gone = remove_one(top, names.items[i]);
			if (!is_gone) {
				flatten(top, names.items[i]);
				is_gone = remove_one(top, names.items[i]);
			}
			is_progress = is_progress || is_gone;
		}
	}
}

bool inside_remove(int folder, const char *path, struct error *err)
{
	const char *name = NULL;
	AUTO_CLOSE int parent = open_parent(folder, path, &name);
	if (parent < 0)
		return errno == ENOENT || error_set_errno(err, errno, "removing %s", path);
	if (remove_one(parent, name))
		return true;
	AUTO_CLOSE int top = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (top >= 0)
		empty_folder(top);
	return remove_one(parent, name) || error_set_errno(err, errno, "removing %s", path);
}
