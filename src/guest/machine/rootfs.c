/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/machine/rootfs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "guest/machine/inside.h"
#include "guest/machine/rootfs_folders.h"

#define MAX_TEXT  ((size_t)1 << 20)
#define MAX_LINKS 40 /* the kernel's own limit */

/* The layers' folders seen from ROOTFS_LAYERS, top first; short, since a mount's options are. */
static void lower_option(const size_t *layers, size_t count, struct strbuf *ret)
{
	strbuf_append(ret, "lowerdir=");
	for (size_t i = count; i-- > 0;)
		strbuf_appendf(ret, "%zu%s", layers[i], i > 0 ? ":" : "");
	/* An overlay needs two lower layers or an upper one; there is always the upper one. */
}

/* The layers' mode and owner of folders that the ones above have no entry for. */
static bool restore_folders(const size_t *layers, size_t count, const char *root, struct error *err)
{
	struct layer_stack stack = {.folder = ROOTFS_LAYERS, .layers = layers, .count = count};
	AUTO_FREE struct string_list *implied = xcalloc(stack.count, sizeof(*implied));
	for (size_t i = 1; i < stack.count; i++) {
		AUTO_FREE char *layer = xasprintf(ROOTFS_LAYERS "/%zu", stack.layers[i]);
		rootfs_implied_read(layer, &implied[i]);
	}
	bool is_ok = rootfs_folders_restore(&stack, implied, root, err);
	for (size_t i = 0; i < stack.count; i++)
		string_list_clear(&implied[i]);
	return is_ok;
}

bool rootfs_mount_layers(const size_t *layers, size_t count, const char *top, const char *root,
			 struct error *err)
{
	AUTO_FREE char *upper = path_join(top, "u");
	AUTO_FREE char *work = path_join(top, "w");
	if (!path_make_folders(upper, 0755, err) || !path_make_folders(work, 0755, err) ||
	    !path_make_folders(root, 0755, err))
		return false;
	if (count == 0) {
		if (mount(upper, root, NULL, MS_BIND, NULL) < 0)
			return error_set_errno(err, errno, "mounting an empty root");
		return true;
	}
	AUTO(strbuf_clear) struct strbuf options = STRBUF_INIT;
	lower_option(layers, count, &options);
	strbuf_appendf(&options, ",upperdir=%s,workdir=%s", upper, work);
	if (options.size >= 4096)
		return error_set(err, ERROR_UNSUPPORTED, "%zu layers are too many to stack", count);
	bool is_mounted = chdir(ROOTFS_LAYERS) == 0 &&
			  mount("overlay", root, "overlay", 0, options.data) == 0;
	int failed = errno;
	(void)!chdir("/");
	if (!is_mounted)
		return error_set_errno(err, failed, "stacking %zu layers", count);
	return restore_folders(layers, count, root, err);
}

bool rootfs_mount(const struct container_image *container, const char *folder, struct error *err)
{
	AUTO_FREE char *top = xasprintf("%s/%s", ROOTFS_TOPS, container->name);
	AUTO_FREE char *root = path_join(folder, "root");
	rootfs_unmount(container, folder);
	return rootfs_mount_layers(container->layers, container->layer_count, top, root, err);
}

void rootfs_unmount(const struct container_image *container, const char *folder)
{
	AUTO_FREE char *root = path_join(folder, "root");
	AUTO_CLOSE int tops = open(ROOTFS_TOPS, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	(void)umount2(root, MNT_DETACH);
	(void)!inside_remove(tops, container->name, NULL);
}

int rootfs_open(const char *root, const char *path, int flags)
{
	AUTO_CLOSE int root_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root_fd < 0)
		return -1;
	struct open_how how = {.flags = (uint64_t)(unsigned)flags | O_CLOEXEC,
			       .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
	return (int)syscall(SYS_openat2, root_fd, path, &how, sizeof(how));
}

char *rootfs_read(const char *root, const char *path)
{
	AUTO_CLOSE int fd = rootfs_open(root, path, O_RDONLY | O_NONBLOCK);
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
	AUTO_CLOSE int fd = rootfs_open(root, path, O_RDONLY | O_DIRECTORY);
	return fd >= 0;
}

/* Text of a link at a place whose folders are no links; owned, or NULL: no link is there. */
static char *read_link(int root, const char *place)
{
	char target[4096];
	ssize_t size = readlinkat(root, place + 1, target, sizeof(target) - 1);
	return size > 0 ? xstrndup(target, (size_t)size) : NULL;
}

/* Takes the first part off *rest; owned, or NULL at the end. */
static char *next_part(char **rest)
{
	char *start = *rest + strspn(*rest, "/");
	size_t size = strcspn(start, "/");
	*rest = start + size;
	return size > 0 ? xstrndup(start, size) : NULL;
}

static void cut(struct strbuf *place, size_t size)
{
	place->size = size;
	if (place->data != NULL)
		place->data[size] = '\0';
}

static void append_part(struct strbuf *place, const char *part)
{
	if (strcmp(part, "..") == 0) {
		const char *slash = strrchr(strbuf_text(place), '/');
		cut(place, slash != NULL ? (size_t)(slash - place->data) : 0);
	} else if (strcmp(part, ".") != 0) {
		strbuf_appendf(place, "/%s", part);
	}
}

char *rootfs_resolve(const char *root, const char *path)
{
	AUTO_CLOSE int folder = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	AUTO(strbuf_clear) struct strbuf place = STRBUF_INIT;
	AUTO_FREE char *owner = xstrdup(path);
	char *rest = owner;
	unsigned links = 0;
	for (char *part = next_part(&rest); part != NULL; part = next_part(&rest)) {
		size_t before = place.size;
		append_part(&place, part);
		free(part);
		AUTO_FREE char *target = place.size > before && folder >= 0 && links < MAX_LINKS
						 ? read_link(folder, strbuf_text(&place))
						 : NULL;
		if (target == NULL)
			continue;
		links++;
		cut(&place, target[0] == '/' ? 0 : before);
		char *longer = xasprintf("%s/%s", target, rest);
		free(owner);
		owner = longer;
		rest = longer;
	}
	return place.size > 0 ? strbuf_take(&place) : xstrdup("/");
}
