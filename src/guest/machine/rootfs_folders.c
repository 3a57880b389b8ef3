/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/machine/rootfs_folders.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "wire/layer_mark.h"

void rootfs_implied_read(const char *layer, struct string_list *ret)
{
	AUTO_FREE char *bytes = NULL;
	for (unsigned i = 0;; i++) {
		AUTO_FREE char *name = xasprintf("%s%u", LAYER_IMPLIED_XATTR, i);
		ssize_t size = lgetxattr(layer, name, NULL, 0); /* nearly always there is none */
		if (size <= 0 || size > (ssize_t)LAYER_IMPLIED_XATTR_BYTES)
			return;
		if (bytes == NULL)
			bytes = xcalloc(1, LAYER_IMPLIED_XATTR_BYTES + 1);
		size = lgetxattr(layer, name, bytes, LAYER_IMPLIED_XATTR_BYTES);
		for (ssize_t at = 0; at < size; at += (ssize_t)strlen(bytes + at) + 1)
			string_list_add(ret, bytes + at);
	}
}

/* Without a step over any link, which would lead out of the layer. -1 and errno. */
static int open_plain(const char *top, const char *path)
{
	AUTO_CLOSE int folder = open(top, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct open_how how = {.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
			       .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS};
	return folder < 0 ? -1 : (int)syscall(SYS_openat2, folder, path, &how, sizeof(how));
}

enum found { FOUND_NOTHING, FOUND_FOLDER, FOUND_END };

/* Whether a folder of the layer hides what those below have in it. */
static bool is_opaque(const char *layer, const char *path)
{
	char value = '\0';
	AUTO_FREE char *place = xasprintf("%s/%s", layer, path);
	return lgetxattr(place, "trusted.overlay.opaque", &value, 1) == 1 && value == 'y';
}

/* END: no layer below this one has the path for the container any more. */
static enum found look_at(const char *layer, const char *path, struct stat *ret)
{
	AUTO_CLOSE int fd = open_plain(layer, path);
	if (fd >= 0)
		return fstat(fd, ret) == 0 && S_ISDIR(ret->st_mode) ? FOUND_FOLDER : FOUND_END;
	if (errno != ENOENT)
		return FOUND_END; /* a file or a link on the way */
	for (const char *slash = strchr(path, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		AUTO_FREE char *parent = xstrndup(path, (size_t)(slash - path));
		AUTO_CLOSE int above = open_plain(layer, parent);
		if (above < 0)
			break;
		if (is_opaque(layer, parent))
			return FOUND_END;
	}
	return FOUND_NOTHING;
}

/* Whether the layers below `top` say what the folder is like. */
static bool find_below(const struct layer_stack *stack, const struct string_list *implied,
		       size_t top, const char *path, struct stat *ret)
{
	for (size_t i = top; i-- > 0;) {
		AUTO_FREE char *layer = xasprintf("%s/%zu", stack->folder, stack->layers[i]);
		enum found found = look_at(layer, path, ret);
		if (found == FOUND_END)
			return false;
		if (found == FOUND_FOLDER && !string_list_has(&implied[i], path))
			return true;
		if (is_opaque(layer, path))
			return false;
	}
	return false;
}

static bool is_hidden(const struct layer_stack *stack, size_t top, const char *path)
{
	struct stat unused;
	for (size_t i = top + 1; i < stack->count; i++) {
		AUTO_FREE char *layer = xasprintf("%s/%zu", stack->folder, stack->layers[i]);
		if (look_at(layer, path, &unused) != FOUND_NOTHING)
			return true;
	}
	return false;
}

static bool restore(const char *root, const char *path, const struct stat *wanted,
		    struct error *err)
{
	AUTO_CLOSE int fd = open_plain(root, path);
	struct stat status;
	if (fd < 0 || fstat(fd, &status) < 0)
		return error_set_errno(err, errno, "folder /%s", path);
	AUTO_FREE char *place = xasprintf("/proc/self/fd/%d", fd);
	if ((status.st_uid != wanted->st_uid || status.st_gid != wanted->st_gid) &&
	    chown(place, wanted->st_uid, wanted->st_gid) < 0)
		return error_set_errno(err, errno, "owner of /%s", path);
	if (status.st_mode != wanted->st_mode && chmod(place, wanted->st_mode & 07777) < 0)
		return error_set_errno(err, errno, "mode of /%s", path);
	return true;
}

bool rootfs_folders_restore(const struct layer_stack *stack, const struct string_list *implied,
			    const char *root, struct error *err)
{
	for (size_t i = stack->count; i-- > 1;) {
		for (size_t k = 0; k < implied[i].count; k++) {
			const char *path = implied[i].items[k];
			struct stat wanted;
			if (!is_hidden(stack, i, path) &&
			    find_below(stack, implied, i, path, &wanted) &&
			    !restore(root, path, &wanted, err))
				return false;
		}
	}
	return true;
}
