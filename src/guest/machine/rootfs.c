/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/machine/rootfs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "guest/machine/inside.h"

#define MAX_TEXT  ((size_t)1 << 20)
#define MAX_DEPTH 64

/* The layers' folders seen from /run/i2kit/l, top first; short, since a mount's options are. */
static void lower_option(const struct container_image *container, struct strbuf *ret)
{
	strbuf_append(ret, "lowerdir=");
	for (size_t i = container->layer_count; i-- > 0;)
		strbuf_appendf(ret, "%zu%s", container->layers[i], i > 0 ? ":" : "");
	/* An overlay needs two lower layers or an upper one; there is always the upper one. */
}

bool rootfs_mount(const struct container_image *container, const char *folder, struct error *err)
{
	AUTO_FREE char *top = xasprintf("%s/%s", ROOTFS_TOPS, container->name);
	AUTO_FREE char *upper = path_join(top, "u");
	AUTO_FREE char *work = path_join(top, "w");
	AUTO_FREE char *root = path_join(folder, "root");
	rootfs_unmount(container, folder);
	if (!path_make_folders(upper, 0755, err) || !path_make_folders(work, 0755, err) ||
	    !path_make_folders(root, 0755, err))
		return false;
	if (container->layer_count == 0) {
		if (mount(upper, root, NULL, MS_BIND, NULL) < 0)
			return error_set_errno(err, errno, "mounting an empty root");
		return true;
	}
	AUTO(strbuf_clear) struct strbuf options = STRBUF_INIT;
	lower_option(container, &options);
	strbuf_appendf(&options, ",upperdir=%s,workdir=%s", upper, work);
	if (options.size >= 4096)
		return error_set(err, ERROR_UNSUPPORTED, "%zu layers are too many to stack",
				 container->layer_count);
	bool is_mounted = chdir("/run/i2kit/l") == 0 &&
			  mount("overlay", root, "overlay", 0, options.data) == 0;
	int failed = errno;
	(void)!chdir("/");
	if (!is_mounted)
		return error_set_errno(err, failed, "stacking %zu layers", container->layer_count);
	return true;
}

void rootfs_unmount(const struct container_image *container, const char *folder)
{
	AUTO_FREE char *root = path_join(folder, "root");
	AUTO_CLOSE int tops = open(ROOTFS_TOPS, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	(void)umount2(root, MNT_DETACH);
	(void)!inside_remove(tops, container->name, NULL);
}

static int open_inside(const char *root, const char *path, uint64_t flags)
{
	AUTO_CLOSE int root_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root_fd < 0)
		return -1;
	struct open_how how = {.flags = flags | O_CLOEXEC,
			       .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
	return (int)syscall(SYS_openat2, root_fd, path, &how, sizeof(how));
}

char *rootfs_read(const char *root, const char *path)
{
	AUTO_CLOSE int fd = open_inside(root, path, O_RDONLY | O_NONBLOCK);
	AUTO(strbuf_clear) struct strbuf text = STRBUF_MAX(MAX_TEXT);
	struct stat status;
	if (fd < 0 || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))
		return xstrdup("");
	char buffer[8192];
	for (ssize_t size = read(fd, buffer, sizeof(buffer)); size > 0;
	     size = read(fd, buffer, sizeof(buffer)))
		strbuf_append_bytes(&text, buffer, (size_t)size);
	return text.is_cut ? xstrdup("") : strbuf_take(&text);
}

bool rootfs_has_folder(const char *root, const char *path)
{
	AUTO_CLOSE int fd = open_inside(root, path, O_RDONLY | O_DIRECTORY);
	return fd >= 0;
}

static bool copy_folder(int from, int to, int depth, struct error *err);

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
	AUTO_CLOSE int from = open_inside(root, path, O_RDONLY | O_DIRECTORY);
	AUTO_CLOSE int target = open(to, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (from < 0 || target < 0)
		return error_set_errno(err, errno, "copying %s", path);
	return copy_folder(from, target, 0, err);
}
