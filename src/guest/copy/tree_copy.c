/* SPDX-License-Identifier: Apache-2.0 */

/*
 * usage: i2kit-copy PID get PATH            writes a tar of it to standard output
 *        i2kit-copy PID put PATH NAME       reads one, whose one tree becomes PATH, or PATH/NAME
 *                                           where PATH is a folder
 *        i2kit-copy PID unpack PATH         reads one, whose content goes into the folder PATH
 *        i2kit-copy PID|ROOT sync UID:GID   reads one of changed files (tree_sync.h), for that user
 *
 * The guest's end of `i2kit cp`: no shell, cat or tar in the image is needed. It enters the
 * container's mounts before it looks at any path, so whatever links are there lead nowhere else.
 * What comes in is unpacked beside its place and moved when it is whole.
 */

#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/parse.h"
#include "base/path.h"
#include "guest/copy/tree_receive.h"
#include "guest/copy/tree_sync.h"
#include "guest/machine/inside.h"

#define BUFFER_BYTES ((size_t)64 << 10)
#define MAX_TRIES    100

static bool enter_mounts(const char *pid, struct error *err)
{
	AUTO_FREE char *path = xasprintf("/proc/%s/ns/mnt", pid);
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNS) < 0 || chdir("/") < 0)
		return error_set_errno(err, errno, "the container is not running");
	return true;
}

static bool archive_failed(struct archive *archive, struct error *err)
{
	const char *text = archive_error_string(archive);
	return error_set(err, ERROR_SYSTEM, "%s", text != NULL ? text : "the copy failed");
}

/* The last part of a path without slashes at its end; owned. */
static char *last_part(const char *path)
{
	size_t end = strlen(path);
	while (end > 1 && path[end - 1] == '/')
		end--;
	size_t start = end;
	while (start > 0 && path[start - 1] != '/')
		start--;
	return xstrndup(path + start, end - start);
}

/* --- get ------------------------------------------------------------------------------------ */

/* Holes are part of what an archive is written, as zeros that its own map leaves out again. */
static bool write_zeros(struct archive *out, int64_t count, struct error *err)
{
	static const char zeros[BUFFER_BYTES];
	while (count > 0) {
		size_t size = count < (int64_t)sizeof(zeros) ? (size_t)count : sizeof(zeros);
		if (archive_write_data(out, zeros, size) < 0)
			return archive_failed(out, err);
		count -= (int64_t)size;
	}
	return true;
}

static bool send_content(struct archive *disk, struct archive *out, int64_t size, struct error *err)
{
	const void *bytes;
	size_t count;
	int64_t offset;
	int64_t at = 0;
	int result;
	while ((result = archive_read_data_block(disk, &bytes, &count, &offset)) == ARCHIVE_OK) {
		if (!write_zeros(out, offset - at, err))
			return false;
		if (archive_write_data(out, bytes, count) < 0)
			return archive_failed(out, err);
		at = offset + (int64_t)count;
	}
	if (result != ARCHIVE_EOF)
		return archive_failed(disk, err);
	return write_zeros(out, size - at, err);
}

static bool send_entry(struct archive *disk, struct archive *out, struct archive_entry *entry,
		       struct error *err)
{
	if (archive_write_header(out, entry) < ARCHIVE_WARN)
		return archive_failed(out, err);
	return archive_entry_size(entry) <= 0 ||
	       send_content(disk, out, archive_entry_size(entry), err);
}

/* The kernel's own trees are nobody's files. */
static bool is_kernels(const char *path)
{
	return strcmp(path, "/proc") == 0 || strcmp(path, "/sys") == 0 || strcmp(path, "/dev") == 0;
}

/* As it is called in the archive: NAME, NAME/inner. */
static void rename_entry(struct archive_entry *entry, size_t root_size, const char *name)
{
	AUTO_FREE char *inner = xstrdup(archive_entry_pathname(entry) + root_size);
	const char *rest = inner + strspn(inner, "/");
	AUTO_FREE char *path = rest[0] != '\0' ? xasprintf("%s/%s", name, rest) : xstrdup(name);
	archive_entry_copy_pathname(entry, path);
}

static bool send_tree(struct archive *disk, struct archive *out, const char *root, const char *name,
		      struct error *err)
{
	struct archive_entry_linkresolver *links = archive_entry_linkresolver_new();
	struct archive_entry *entry = archive_entry_new();
	struct archive_entry *spare = NULL;
	bool is_ok = true;
	int result;
	archive_entry_linkresolver_set_strategy(links, ARCHIVE_FORMAT_TAR);
	while (is_ok && (result = archive_read_next_header2(disk, entry)) != ARCHIVE_EOF) {
		if (result < ARCHIVE_WARN) {
			is_ok = archive_failed(disk, err);
			break;
		}
		if (!is_kernels(archive_entry_pathname(entry)))
			(void)archive_read_disk_descend(disk);
		rename_entry(entry, strcmp(root, "/") == 0 ? 0 : strlen(root), name);
		archive_entry_linkify(links, &entry, &spare);
		is_ok = archive_entry_filetype(entry) == AE_IFSOCK ||
			send_entry(disk, out, entry, err);
	}
	archive_entry_linkresolver_free(links);
	archive_entry_free(entry);
	return is_ok;
}

static bool get(const char *path, struct error *err)
{
	AUTO_FREE char *root = realpath(path, NULL);
	AUTO_FREE char *name = last_part(path);
	if (root == NULL)
		return error_set_errno(err, errno, "%s", path);
	const char *called = name[0] == '\0' || name[0] == '/' || name[0] == '.' ? "root" : name;
	struct archive *disk = archive_read_disk_new();
	struct archive *out = archive_write_new();
	(void)archive_read_disk_set_symlink_physical(disk);
	(void)archive_read_disk_set_behavior(disk, ARCHIVE_READDISK_NO_FFLAGS);
	(void)archive_write_set_format_pax(out);
	bool is_ok =
		archive_write_open_fd(out, STDOUT_FILENO) == ARCHIVE_OK || archive_failed(out, err);
	is_ok = is_ok &&
		(archive_read_disk_open(disk, root) == ARCHIVE_OK || archive_failed(disk, err)) &&
		send_tree(disk, out, root, called, err);
	/*
	 * After a failure no end of archive is written: the reader must see that it is not whole.
	 */
	if (!is_ok)
		(void)archive_write_fail(out);
	else if (archive_write_close(out) != ARCHIVE_OK)
		is_ok = archive_failed(out, err);
	(void)archive_write_free(out);
	(void)archive_read_free(disk);
	return is_ok;
}

/* --- put ------------------------------------------------------------------------------------ */

static bool is_folder_at(int folder, const char *name)
{
	struct stat status;
	return fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode);
}

static bool merge(int from, int to, struct error *err);

/* A folder onto a folder is merged; a file takes the place of a file; anything else is refused. */
static bool move_one(int from, const char *name, int to, const char *new_name, struct error *err)
{
	if (is_folder_at(from, name) && is_folder_at(to, new_name)) {
		AUTO_CLOSE int source = openat(from, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		AUTO_CLOSE int target =
			openat(to, new_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (source < 0 || target < 0)
			return error_set_errno(err, errno, "%s", new_name);
		return merge(source, target, err);
	}
	if (renameat(from, name, to, new_name) == 0)
		return true;
	if (errno == EXDEV)
		return error_set(err, ERROR_UNSUPPORTED,
				 "%s is a mount of its own: copy into it by itself", new_name);
	return error_set_errno(err, errno, "%s", new_name);
}

static bool merge(int from, int to, struct error *err)
{
	DIR *listing = fdopendir(openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	bool is_ok = listing != NULL || error_set_errno(err, errno, "reading what came");
	for (const struct dirent *entry = is_ok ? readdir(listing) : NULL; is_ok && entry != NULL;
	     entry = readdir(listing)) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			is_ok = move_one(from, entry->d_name, to, entry->d_name, err);
	}
	if (listing != NULL)
		(void)closedir(listing);
	return is_ok;
}

/* A new folder in `place`, entered; owned path, or NULL. */
static char *make_scratch(const char *place, struct error *err)
{
	AUTO_FREE char *real = realpath(place, NULL);
	for (int i = 0; i < MAX_TRIES; i++) {
		AUTO_FREE char *path =
			xasprintf("%s/..i2kit-copy-%d-%d",
				  real != NULL && real[1] != '\0' ? real : "", (int)getpid(), i);
		if (mkdir(path, 0700) == 0 && chdir(path) == 0)
			return TAKE_PTR(path);
		if (errno != EEXIST)
			break;
	}
	(void)error_set_errno(err, errno, "%s", place);
	return NULL;
}

static bool is_folder(const char *path)
{
	struct stat status;
	return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* The one tree that came becomes `name` in the folder. */
static bool settle_tree(int scratch, int folder, const char *name, struct error *err)
{
	DIR *listing = fdopendir(openat(scratch, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	const struct dirent *entry = listing != NULL ? readdir(listing) : NULL;
	while (entry != NULL &&
	       (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0))
		entry = readdir(listing);
	bool is_ok = entry != NULL ? move_one(scratch, entry->d_name, folder, name, err)
				   : error_set(err, ERROR_INVALID, "nothing came");
	if (listing != NULL)
		(void)closedir(listing);
	return is_ok;
}

/* place: the folder; name: what the tree is called there, or NULL: its content goes there. */
static bool put_into(const char *place, const char *name, struct error *err)
{
	AUTO_CLOSE int folder = open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		return error_set_errno(err, errno, "%s", place);
	/* On the file system that it will be on: into a folder that is there, or beside. */
	AUTO_FREE char *target = name != NULL ? path_join(place, name) : xstrdup(place);
	AUTO_FREE char *scratch = make_scratch(is_folder(target) ? target : place, err);
	if (scratch == NULL)
		return false;
	AUTO_CLOSE int inside = open(scratch, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	(void)umask(0);
	bool is_ok = tree_receive(STDIN_FILENO, err) &&
		     (name != NULL ? settle_tree(inside, folder, name, err)
				   : merge(inside, folder, err));
	(void)!chdir("/");
	/* Not nftw(): on OverlayFS files and folders seem to be on different file systems. */
	AUTO_CLOSE int root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return inside_remove(root, scratch + 1, is_ok ? err : NULL) && is_ok;
}

static bool put(const char *path, const char *name, struct error *err)
{
	if (is_folder(path))
		return put_into(path, name, err);
	AUTO_FREE char *last = last_part(path);
	AUTO_FREE char *parent = xstrndup(path, strlen(path));
	size_t size = strlen(parent);
	while (size > 1 && parent[size - 1] == '/')
		parent[--size] = '\0';
	char *slash = strrchr(parent, '/');
	if (slash == NULL || last[0] == '\0')
		return put_into(".", last, err);
	slash[slash == parent ? 1 : 0] = '\0';
	return put_into(parent, last, err);
}

/* --- sync ----------------------------------------------------------------------------------- */

/* A container that does not run now has its files where they were mounted for it. */
static bool enter_root(const char *path, struct error *err)
{
	return (chroot(path) == 0 && chdir("/") == 0) || error_set_errno(err, errno, "%s", path);
}

static bool sync_files(const char *owner, struct error *err)
{
	const char *colon = strchr(owner, ':');
	AUTO_FREE char *user = xstrndup(owner, strcspn(owner, ":"));
	AUTO_CLOSE int root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	uint64_t uid = 0;
	uint64_t gid = 0;
	if (colon == NULL || !parse_u64(user, 0, UINT32_MAX, &uid) ||
	    !parse_u64(colon + 1, 0, UINT32_MAX, &gid))
		return error_set(err, ERROR_USAGE, "UID:GID is wanted");
	(void)umask(0);
	return root >= 0 && tree_sync(STDIN_FILENO, root, (uid_t)uid, (gid_t)gid, err);
}

static bool run(int argc, char *argv[], struct error *err)
{
	if (!(argv[1][0] == '/' ? enter_root(argv[1], err) : enter_mounts(argv[1], err)))
		return false;
	if (argc == 4 && strcmp(argv[2], "sync") == 0)
		return sync_files(argv[3], err);
	if (argc == 4 && strcmp(argv[2], "get") == 0)
		return get(argv[3], err);
	if (argc == 4 && strcmp(argv[2], "unpack") == 0)
		return put_into(argv[3], NULL, err);
	if (argc == 5 && strcmp(argv[2], "put") == 0)
		return put(argv[3], argv[4], err);
	return error_set(err, ERROR_USAGE, "i2kit-copy PID get|put|unpack|sync PATH [NAME]");
}

int main(int argc, char *argv[])
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	if (argc < 4) {
		(void)fprintf(stderr, "usage: i2kit-copy PID get|put|unpack|sync PATH [NAME]\n");
		return 2;
	}
	if (run(argc, argv, &err))
		return 0;
	(void)fprintf(stderr, "%s\n", err.message);
	return 1;
}
