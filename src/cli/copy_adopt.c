/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/copy_adopt.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "base/string_list.h"

#define MAX_DEPTH   128
#define FOLDER_OPEN (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

struct adoption {
	const char *to; /* for messages */
	size_t left_out;
	struct error *err;
};

/* Names first: entries move away while the folder is read. */
static bool list_names(int folder, struct string_list *ret, struct error *err)
{
	int copy = openat(folder, ".", FOLDER_OPEN);
	DIR *dir = copy >= 0 ? fdopendir(copy) : NULL;
	const struct dirent *entry;

	if (dir == NULL) {
		if (copy >= 0)
			(void)close(copy);
		return error_set_errno(err, errno, "the copy");
	}
	while ((entry = readdir(dir)) != NULL) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			string_list_add(ret, entry->d_name);
	}
	(void)closedir(dir);
	return true;
}

static bool fail(const struct adoption *adoption, const char *name)
{
	return error_set_errno(adoption->err, errno, "%s: %s", adoption->to, name);
}

static bool adopt_folder(struct adoption *adoption, int from, int to, int depth);

static bool adopt_sub(struct adoption *adoption, int from, int to, const char *name, mode_t mode,
		      int depth)
{
	AUTO_CLOSE int source = openat(from, name, FOLDER_OPEN);
	AUTO_CLOSE int target = -1;
	bool is_new = mkdirat(to, name, 0700) == 0;

	if (!is_new && errno != EEXIST)
		return fail(adoption, name);
	target = openat(to, name, FOLDER_OPEN);
	if (target < 0 && (errno == ELOOP || errno == ENOTDIR)) {
		(void)error_set(adoption->err, ERROR_INVALID,
				"%s: '%s' is a folder in the container, and a link or file here",
				adoption->to, name);
		return error_hint(adoption->err, "remove it, or copy to another place");
	}
	if (source < 0 || target < 0 || fchmod(source, 0700) < 0)
		return fail(adoption, name);
	if (!adopt_folder(adoption, source, target, depth + 1))
		return false;
	if (is_new && fchmod(target, mode & 0777) < 0)
		return fail(adoption, name);
	(void)unlinkat(from, name, AT_REMOVEDIR);
	return true;
}

static bool adopt_entry(struct adoption *adoption, int from, int to, const char *name, int depth)
{
	struct stat status;

	if (fstatat(from, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return fail(adoption, name);
	if (S_ISDIR(status.st_mode))
		return adopt_sub(adoption, from, to, name, status.st_mode, depth);
	if (!S_ISREG(status.st_mode) && !S_ISLNK(status.st_mode)) {
		adoption->left_out++;
		return true;
	}
	if (S_ISREG(status.st_mode) && (status.st_mode & 07000) != 0 &&
	    fchmodat(from, name, status.st_mode & 0777, 0) < 0)
		return fail(adoption, name);
	return renameat(from, name, to, name) == 0 || fail(adoption, name);
}

static bool adopt_folder(struct adoption *adoption, int from, int to, int depth)
{
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;

	if (depth > MAX_DEPTH)
		return error_set(adoption->err, ERROR_INVALID, "%s: over %d folders deep",
				 adoption->to, MAX_DEPTH);
	if (!list_names(from, &names, adoption->err))
		return false;
	for (size_t i = 0; i < names.count; i++) {
		if (!adopt_entry(adoption, from, to, names.items[i], depth))
			return false;
	}
	return true;
}

bool copy_adopt(const char *from, const char *to, size_t *ret_left_out, struct error *err)
{
	struct adoption adoption = {.to = to, .err = err};
	AUTO_CLOSE int source = open(from, FOLDER_OPEN);
	AUTO_CLOSE int target = -1;

	if (source < 0)
		return error_set_errno(err, errno, "%s", from);
	if (!path_make_folders(to, 0755, err))
		return false;
	/* The destination itself is the user's own word: a link there is meant. */
	target = open(to, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (target < 0)
		return error_set_errno(err, errno, "%s", to);
	if (!adopt_folder(&adoption, source, target, 0))
		return false;
	*ret_left_out = adoption.left_out;
	return true;
}
