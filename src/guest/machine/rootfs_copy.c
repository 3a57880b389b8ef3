/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/machine/rootfs_copy.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "guest/machine/inside.h"
#include "guest/machine/rootfs.h"

#define MAX_DEPTH 64
#define FILLING	  "..i2kit-fill" /* beside the copy's place until it is whole */

static bool copy_folder(int from, int to, int depth, struct error *err);

/* File capabilities among them; what the target's file system does not take is left out. */
static void copy_attributes(int from, int to)
{
	char names[4096];
	ssize_t size = flistxattr(from, names, sizeof(names));
	for (ssize_t at = 0; at < size; at += (ssize_t)strlen(names + at) + 1) {
		char value[4096];
		ssize_t length = fgetxattr(from, names + at, value, sizeof(value));
		if (length >= 0 && strncmp(names + at, "trusted.", strlen("trusted.")) != 0)
			(void)fsetxattr(to, names + at, value, (size_t)length, 0);
	}
}

static bool copy_file(int from, int to, const char *name, const struct stat *status,
		      struct error *err)
{
	AUTO_CLOSE int in = openat(from, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	AUTO_CLOSE int out = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	ssize_t size = in >= 0 && out >= 0 ? 1 : -1;
	while (size > 0)
		size = sendfile(out, in, NULL, (size_t)16 << 20);
	if (size < 0 || fchown(out, status->st_uid, status->st_gid) < 0 ||
	    fchmod(out, status->st_mode & 07777) < 0)
		return error_set_errno(err, errno, "copying %s", name);
	copy_attributes(in, out); /* the last: a new owner takes capabilities away */
	return true;
}

static bool copy_link(int from, int to, const char *name, const struct stat *status,
		      struct error *err)
{
	char target[4096];
	ssize_t size = readlinkat(from, name, target, sizeof(target) - 1);
	if (size < 0)
		return error_set_errno(err, errno, "copying %s", name);
	target[size] = '\0';
	if (symlinkat(target, to, name) < 0 ||
	    fchownat(to, name, status->st_uid, status->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return error_set_errno(err, errno, "copying %s", name);
	return true;
}

static bool copy_entry(int from, int to, const char *name, int depth, struct error *err)
{
	struct stat status;
	if (fstatat(from, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return error_set_errno(err, errno, "copying %s", name);
	if (S_ISREG(status.st_mode))
		return copy_file(from, to, name, &status, err);
	if (S_ISLNK(status.st_mode))
		return copy_link(from, to, name, &status, err);
	if (!S_ISDIR(status.st_mode))
		return true; /* sockets and devices are made by whoever needs them */
	if (mkdirat(to, name, 0700) < 0)
		return error_set_errno(err, errno, "copying %s", name);
	AUTO_CLOSE int in = openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	AUTO_CLOSE int out = openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return in >= 0 && out >= 0 && copy_folder(in, out, depth + 1, err);
}

/* The content, then owner and mode of the folder itself. */
static bool copy_folder(int from, int to, int depth, struct error *err)
{
	struct stat status;
	if (depth > MAX_DEPTH)
		return error_set(err, ERROR_INVALID, "folders are nested too deep");
	int listing = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = listing >= 0 ? fdopendir(listing) : NULL;
	if (folder == NULL)
		return error_set_errno(err, errno, "reading a folder");
	bool is_ok = true;
	for (struct dirent *entry = readdir(folder); is_ok && entry != NULL;
	     entry = readdir(folder)) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			is_ok = copy_entry(from, to, entry->d_name, depth, err);
	}
	(void)closedir(folder);
	if (is_ok && (fstat(from, &status) < 0 || fchown(to, status.st_uid, status.st_gid) < 0 ||
		      fchmod(to, status.st_mode & 07777) < 0))
		return error_set_errno(err, errno, "copying a folder");
	return is_ok;
}

bool rootfs_copy_tree(const char *root, const char *path, const char *to, struct error *err)
{
	AUTO_CLOSE int from = rootfs_open(root, path, O_RDONLY | O_DIRECTORY);
	AUTO_CLOSE int target = open(to, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (from < 0 || target < 0)
		return error_set_errno(err, errno, "copying %s", path);
	return copy_folder(from, target, 0, err);
}

/* A whole copy to its place, which then has its owner and mode; what is there already stays. */
static bool move_up(int from, int to, struct error *err)
{
	struct stat status;
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;
	if (!inside_list(from, &names) || fstat(from, &status) < 0)
		return error_set_errno(err, errno, "filling a volume");
	for (size_t i = 0; i < names.count; i++) {
		const char *name = names.items[i];
		if (faccessat(to, name, F_OK, AT_SYMLINK_NOFOLLOW) < 0 &&
		    renameat(from, name, to, name) < 0)
			return error_set_errno(err, errno, "filling a volume: %s", name);
	}
	return (fchown(to, status.st_uid, status.st_gid) == 0 &&
		fchmod(to, status.st_mode & 07777) == 0) ||
	       error_set_errno(err, errno, "filling a volume");
}

/* Whether nothing is in it but a copy that did not become whole. */
static bool is_empty(int folder, bool *ret_is_begun)
{
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;
	*ret_is_begun = faccessat(folder, FILLING, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
	if (!inside_list(folder, &names))
		return false;
	return names.count == 0 || (names.count == 1 && strcmp(names.items[0], "lost+found") == 0);
}

/*
 * Copied into a folder beside, then moved entry by entry: after a crash that folder is still there,
 * nothing has run since, and what was moved is whole.
 */
bool rootfs_copy_fill(const char *root, const char *path, const char *to, bool *ret_is_filled,
		      struct error *err)
{
	AUTO_CLOSE int from = rootfs_open(root, path, O_RDONLY | O_DIRECTORY);
	AUTO_CLOSE int folder = open(to, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool is_begun = false;
	bool is_unused = false;
	*ret_is_filled = false;
	if (from < 0 || folder < 0)
		return error_set_errno(err, errno, "filling a volume from %s", path);
	if ((!is_empty(folder, &is_begun) && !is_begun) || is_empty(from, &is_unused))
		return true;
	if (!inside_remove(folder, FILLING, err))
		return false;
	if (mkdirat(folder, FILLING, 0700) < 0)
		return error_set_errno(err, errno, "filling a volume from %s", path);
	AUTO_CLOSE int copy = openat(folder, FILLING, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (copy < 0 || !copy_folder(from, copy, 0, err))
		return error_prefix(err, "filling a volume from %s", path);
	if (syncfs(copy) < 0)
		return error_set_errno(err, errno, "filling a volume from %s", path);
	*ret_is_filled = true;
	return move_up(copy, folder, err) && inside_remove(folder, FILLING, err);
}
