/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/machine/devices.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/folder_list.h"
#include "base/path.h"

#define MAX_DEPTH 3

/* Made by the runtime, the container's own, or mounts. */
static const char *const left_out[] = {"null", "zero", "full", "random", "urandom", "tty",
				       "ptmx", "pts",  "shm",  "mqueue", "console", "fd"};

static struct oci_device *find(const struct oci_device_list *list, const char *path)
{
	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(list->items[i].path, path) == 0)
			return &list->items[i];
	}
	return NULL;
}

static void add(struct oci_device_list *list, const char *path, bool is_block, unsigned major,
		unsigned minor, unsigned mode)
{
	if (find(list, path) != NULL)
		return;
	*ARRAY_APPEND(list->items, list->count) = (struct oci_device){.path = xstrdup(path),
								      .is_block = is_block,
								      .major = major,
								      .minor = minor,
								      .mode = mode & 0777U};
}

static bool is_left_out(const char *name, int depth)
{
	for (size_t i = 0; depth == 0 && i < ARRAY_SIZE(left_out); i++) {
		if (strcmp(name, left_out[i]) == 0)
			return true;
	}
	return false;
}

static void walk(const char *folder, int depth, struct oci_device_list *list)
{
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;
	if (depth >= MAX_DEPTH || !folder_list(folder, &names, NULL))
		return;
	string_list_sort(&names);
	for (size_t i = 0; i < names.count; i++) {
		struct stat status;
		AUTO_FREE char *path = path_join(folder, names.items[i]);
		if (is_left_out(names.items[i], depth) || lstat(path, &status) < 0)
			continue;
		if (S_ISDIR(status.st_mode))
			walk(path, depth + 1, list);
		else if (S_ISCHR(status.st_mode) || S_ISBLK(status.st_mode))
			add(list, path, S_ISBLK(status.st_mode), major(status.st_rdev),
			    minor(status.st_rdev), status.st_mode);
	}
}

void devices_list(struct oci_device_list *ret)
{
	/* Numbers of Documentation/admin-guide/devices.txt. */
	add(ret, "/dev/net/tun", false, 10, 200, 0666);
	add(ret, "/dev/fuse", false, 10, 229, 0666);
	add(ret, "/dev/loop-control", false, 10, 237, 0660);
	walk("/dev", 0, ret);
}
