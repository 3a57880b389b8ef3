/* SPDX-License-Identifier: Apache-2.0 */
#include "image/build/build_context.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/folder_list.h"
#include "base/path.h"

#define MAX_IGNORE_FILE ((size_t)1 << 20)
#define MAX_FILES	1000000
#define MAX_DEPTH	200
#define PIECE_BYTES	((size_t)256 << 10)

struct hashing {
	const struct ignore_patterns *ignore;
	struct sha256 *hash;
	char *bytes; /* PIECE_BYTES */
	size_t count;
};

static bool read_ignore(const char *path, struct ignore_patterns **ret, bool *ret_is_there,
			struct error *err)
{
	AUTO_FREE char *text = NULL;
	AUTO(error_clear) struct error problem = ERROR_INIT;
	size_t size = 0;

	*ret_is_there = file_read(path, MAX_IGNORE_FILE, &text, &size, &problem);
	if (!*ret_is_there)
		return problem.kind == ERROR_NOT_FOUND || error_move(err, &problem);
	*ret = ignore_patterns_read(path, text, size, err);
	return *ret != NULL;
}

bool build_context_ignore(const char *context, const char *dockerfile, struct ignore_patterns **ret,
			  char **ret_path, struct error *err)
{
	AUTO_FREE char *usual = path_join(context, "Dockerfile");
	AUTO_FREE char *own = xasprintf("%s.dockerignore", dockerfile != NULL ? dockerfile : usual);
	AUTO_FREE char *shared = path_join(context, ".dockerignore");
	bool is_there = false;

	*ret = NULL;
	*ret_path = NULL;
	if (!read_ignore(own, ret, &is_there, err))
		return false;
	if (is_there)
		*ret_path = TAKE_PTR(own);
	if (!is_there && !read_ignore(shared, ret, &is_there, err))
		return false;
	if (is_there && *ret_path == NULL)
		*ret_path = TAKE_PTR(shared);
	return true;
}

/* With its length, so that no two lists of words are alike. */
static void add_word(struct hashing *hashing, const char *word)
{
	uint8_t size[8];

	bytes_put_u64(size, strlen(word));
	sha256_update(hashing->hash, size, sizeof(size));
	sha256_update(hashing->hash, word, strlen(word));
}

static void add_number(struct hashing *hashing, uint64_t number)
{
	uint8_t bytes[8];

	bytes_put_u64(bytes, number);
	sha256_update(hashing->hash, bytes, sizeof(bytes));
}

/* What was a file when it was looked at may be a pipe by now: opening must not wait. */
static bool add_content(struct hashing *hashing, int folder, const char *name, const char *path,
			struct error *err)
{
	AUTO_CLOSE int fd =
		openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;
	ssize_t got = 0;

	if (fd < 0 || fstat(fd, &st) < 0)
		return error_set_errno(err, errno, "%s", path);
	if (!S_ISREG(st.st_mode))
		return error_set(err, ERROR_INVALID, "%s changes while it is read", path);
	add_number(hashing, (uint64_t)st.st_size);
	while ((got = read(fd, hashing->bytes, PIECE_BYTES)) > 0)
		sha256_update(hashing->hash, hashing->bytes, (size_t)got);
	return got == 0 || error_set_errno(err, errno, "%s", path);
}

static bool add_link(struct hashing *hashing, int folder, const char *name, const char *path,
		     struct error *err)
{
	ssize_t size = readlinkat(folder, name, hashing->bytes, PIECE_BYTES - 1);

	if (size < 0)
		return error_set_errno(err, errno, "%s", path);
	hashing->bytes[size] = '\0';
	add_word(hashing, hashing->bytes);
	return true;
}

static bool add_folder(struct hashing *hashing, int folder, const char *real, const char *below,
		       unsigned depth, struct error *err);

static bool enter(struct hashing *hashing, int folder, const char *name, const char *real,
		  const char *below, unsigned depth, struct error *err)
{
	AUTO_CLOSE int inner =
		openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	AUTO_FREE char *path = path_join(real, name);

	if (inner < 0)
		return error_set_errno(err, errno, "%s", path);
	return add_folder(hashing, inner, path, below, depth + 1, err);
}

static bool add_entry(struct hashing *hashing, int folder, const char *name, const char *real,
		      const char *above, unsigned depth, struct error *err)
{
	AUTO_FREE char *below = above[0] != '\0' ? path_join(above, name) : xstrdup(name);
	AUTO_FREE char *path = path_join(real, name);
	bool is_left_out = ignore_patterns_match(hashing->ignore, below);
	struct stat st;

	if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return error_set_errno(err, errno, "%s", path);
	/* Something in it may be taken back: then what is in it is asked for, each. */
	if (is_left_out && !(S_ISDIR(st.st_mode) && ignore_patterns_take_back(hashing->ignore)))
		return true;
	if (++hashing->count > MAX_FILES)
		return error_set(err, ERROR_FULL, "%s: more than %d files", real, MAX_FILES);
	if (!is_left_out) {
		add_word(hashing, below);
		add_number(hashing, st.st_mode & (S_IFMT | 07777));
	}
	if (S_ISREG(st.st_mode))
		return add_content(hashing, folder, name, path, err);
	if (S_ISLNK(st.st_mode))
		return add_link(hashing, folder, name, path, err);
	return !S_ISDIR(st.st_mode) || enter(hashing, folder, name, real, below, depth, err);
}

static bool add_folder(struct hashing *hashing, int folder, const char *real, const char *below,
		       unsigned depth, struct error *err)
{
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;
	AUTO_FREE char *same = xasprintf("/proc/self/fd/%d", folder);

	if (depth > MAX_DEPTH)
		return error_set(err, ERROR_INVALID, "%s: folders are nested too deeply", real);
	if (!folder_list(same, &names, err))
		return error_prefix(err, "%s", real);
	for (size_t i = 0; i < names.count; i++) {
		if (!add_entry(hashing, folder, names.items[i], real, below, depth, err))
			return false;
	}
	return true;
}

bool build_context_hash(const char *context, const struct ignore_patterns *ignore,
			struct sha256 *hash, struct error *err)
{
	AUTO_CLOSE int folder = open(context, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO_FREE char *bytes = xcalloc(1, PIECE_BYTES);
	struct hashing hashing = {.ignore = ignore, .hash = hash, .bytes = bytes};

	if (folder < 0) {
		error_set_errno(err, errno, "%s", context);
		return error_hint(err, "the context of a build is a folder");
	}
	return add_folder(&hashing, folder, context, "", 0, err);
}
