/* SPDX-License-Identifier: Apache-2.0 */
#include "local/vm/scratch_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/folder_list.h"
#include "base/log.h"
#include "base/path.h"
#include "base/sparse.h"
#include "local/vm/disk_tool.h"

/* Of what the files in the cache hold: a change of the features is another file. */
#define FORMAT_VERSION 1

static char *folder_of(const char *project)
{
	AUTO_FREE char *below = xasprintf("projects/%s/scratch", project);

	return path_folder(PATH_STATE, below);
}

char *scratch_file_path(const char *project, const char *instance)
{
	AUTO_FREE char *folder = folder_of(project);

	return xasprintf("%s/%s.raw", folder, instance);
}

static bool make_blank(const char *path, uint64_t size_bytes, struct error *err)
{
	AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || ftruncate(fd, (off_t)size_bytes) < 0)
		return error_set_errno(err, errno, "a file of %" PRIu64 " MiB", size_bytes >> 20);
	return true;
}

/* The file in the cache; owned. NULL: it cannot be made. */
static char *provide_model(const struct vm_disk *disk, struct error *err)
{
	AUTO_FREE char *folder = path_folder(PATH_CACHE, "scratch");
	AUTO_FREE char *path = xasprintf("%s/ext4-%d%s-%" PRIu64 ".raw", folder, FORMAT_VERSION,
					 disk->has_quota ? "-quota" : "", disk->size_bytes);
	AUTO_FREE char *draft = xasprintf("%s.%ld.part", path, (long)gettid());

	if (path_exists(path))
		return TAKE_PTR(path);
	if (path_make_folders(folder, 0700, err) && make_blank(draft, disk->size_bytes, err) &&
	    disk_tool_format(draft, disk->has_quota, err) &&
	    (rename(draft, path) == 0 || error_set_errno(err, errno, "%s", path)))
		return TAKE_PTR(path);
	(void)unlink(draft);
	return NULL;
}

static bool copy_model(const char *model, const char *path, struct error *err)
{
	AUTO_CLOSE int from = open(model, O_RDONLY | O_CLOEXEC);
	AUTO_CLOSE int to = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (from < 0 || to < 0)
		return error_set_errno(err, errno, "%s", from < 0 ? model : path);
	return fd_copy_sparse(from, to, err);
}

static bool make(const struct vm_disk *disk, struct error *err)
{
	AUTO(error_clear) struct error problem = ERROR_INIT;
	AUTO_FREE char *model = provide_model(disk, &problem);

	if (model != NULL)
		return copy_model(model, disk->path, err);
	log_verbose("a scratch disk without file system: %s", problem.message);
	return make_blank(disk->path, disk->size_bytes, err);
}

bool scratch_file_provide(const struct vm_disk *disk, struct error *err)
{
	AUTO_FREE char *folder =
		xstrndup(disk->path, (size_t)(strrchr(disk->path, '/') - disk->path));

	if (!path_make_folders(folder, 0700, err))
		return error_prefix(err, "the scratch disk");
	/* Not the file of a VM that still ends: QEMU has it open. */
	(void)unlink(disk->path);
	if (make(disk, err))
		return true;
	(void)unlink(disk->path);
	(void)error_prefix(err, "the scratch disk %s", disk->path);
	return error_hint(err, "resources.limits.ephemeral-storage says its size; 0 does without");
}

void scratch_file_drop(const char *project, const char *instance)
{
	AUTO_FREE char *path = scratch_file_path(project, instance);

	(void)unlink(path);
}

void scratch_file_drop_others(const char *project, const struct string_list *instances)
{
	AUTO_FREE char *folder = folder_of(project);
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;
	AUTO(string_list_clear) struct string_list kept = STRING_LIST_INIT;

	for (size_t i = 0; i < instances->count; i++)
		string_list_addf(&kept, "%s.raw", instances->items[i]);
	(void)folder_list(folder, &names, NULL);
	for (size_t i = 0; i < names.count; i++) {
		AUTO_FREE char *path = path_join(folder, names.items[i]);
		if (!string_list_has(&kept, names.items[i]) && unlink(path) < 0)
			log_verbose("%s: %s", path, strerror(errno));
	}
}
