/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/volumes.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "guest/disks.h"
#include "guest/machine.h"
#include "guest/reaper.h"
#include "guest/say.h"
#include "guest/volume_files.h"

#define FOLDER	     "/run/i2kit/volumes"
#define DISK_WAIT_MS 60000U

static char *folder_of(const char *volume)
{
	return xasprintf("%s/%s", FOLDER, volume);
}

static bool set_owner(const struct pod_image *pod, const char *folder, struct error *err)
{
	if (pod->fs_group < 0)
		return true;
	/* Set-gid, so that what is made inside belongs to the group too. */
	if (chown(folder, (uid_t)-1, (gid_t)pod->fs_group) < 0 || chmod(folder, 02775) < 0)
		return error_set_errno(err, errno, "fsGroup on %s", folder);
	return true;
}

static bool prepare_empty(const struct volume_plan *plan, const struct volume_rule *volume,
			  const char *folder, struct error *err)
{
	if (volume->is_memory || volume->size_limit_bytes > 0) {
		AUTO_FREE char *options =
			volume->size_limit_bytes > 0
				? xasprintf("mode=0777,size=%llu",
					    (unsigned long long)volume->size_limit_bytes)
				: xstrdup("mode=0777");
		if (mount("tmpfs", folder, "tmpfs", MS_NOSUID | MS_NODEV, options) < 0)
			return error_set_errno(err, errno, "tmpfs");
	}
	if (chmod(folder, 0777) < 0)
		return error_set_errno(err, errno, "%s", folder);
	return set_owner(plan->pod, folder, err);
}

/* Runs mkfs.ext4 and waits: there is nothing else to do before the pod has its disk. */
static bool make_file_system(const char *device, struct error *err)
{
	static const int fds[3] = {-1, -1, -1};
	const char *const argv[] = {"/usr/sbin/mkfs.ext4",	    "-q",   "-F", "-E",
				    "lazy_itable_init=1,nodiscard", device, NULL};
	pid_t pid = spawn(argv, NULL, fds, err);
	int status = 0;
	if (pid < 0)
		return false;
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return error_set_errno(err, errno, "mkfs.ext4");
	}
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return error_set(err, ERROR_SYSTEM, "mkfs.ext4 %s failed", device);
	return true;
}

static bool mount_disk(const char *serial, unsigned long flags, const char *folder,
		       struct error *err)
{
	bool is_blank = false;
	AUTO_FREE char *device = disks_find_serial(serial, DISK_WAIT_MS, err);
	if (device == NULL || !disks_is_blank(device, &is_blank, err))
		return false;
	if (is_blank && !make_file_system(device, err))
		return false;
	if (mount(device, folder, "ext4", flags, NULL) < 0)
		return error_set_errno(err, errno, "mounting the disk with serial '%s'", serial);
	return true;
}

bool volumes_mount_scratch(const char *serial, const char *folder, struct error *err)
{
	return mount_disk(serial, MS_NODEV, folder, err);
}

static bool prepare_disk(const struct volume_plan *plan, const struct volume_delivery *delivery,
			 bool is_read_only, const char *folder, struct error *err)
{
	unsigned long flags = MS_NODEV | MS_NOSUID | (is_read_only ? MS_RDONLY : 0);
	if (!mount_disk(delivery->serial, flags, folder, err))
		return false;
	/* Programs such as postgres refuse a data folder that is not empty. */
	AUTO_FREE char *lost = path_join(folder, "lost+found");
	(void)rmdir(lost);
	return is_read_only || set_owner(plan->pod, folder, err);
}

static bool prepare_share(const struct volume_delivery *delivery, const char *folder,
			  struct error *err)
{
	machine_load_by_name("", "virtiofs");
	if (mount(delivery->tag, folder, "virtiofs", MS_NODEV | MS_NOSUID, NULL) < 0)
		return error_set_errno(err, errno, "mounting the share '%s'", delivery->tag);
	return true;
}

static bool prepare_delivered(const struct volume_plan *plan, const struct volume_rule *volume,
			      const char *folder, struct error *err)
{
	const struct volume_delivery *delivery = release_delivery(plan->release, volume->name);
	if (delivery == NULL)
		return error_set(err, ERROR_INVALID, "the release does not say how it arrives");
	if (delivery->how == DELIVERY_DISK)
		return prepare_disk(plan, delivery, volume->is_read_only, folder, err);
	if (delivery->how == DELIVERY_VIRTIOFS)
		return prepare_share(delivery, folder, err);
	return true; /* pushed: files come over the channel */
}

static bool is_written(const struct volume_rule *volume)
{
	return volume->kind == VOLUME_CONFIG_MAP || volume->kind == VOLUME_SECRET ||
	       volume->kind == VOLUME_DOWNWARD || volume->kind == VOLUME_PROJECTED;
}

static bool prepare(const struct volume_plan *plan, const struct volume_rule *volume,
		    struct error *err)
{
	AUTO_FREE char *folder = folder_of(volume->name);
	if (!path_make_folders(folder, 0755, err))
		return false;
	if (is_written(volume))
		return volume_files_write(plan, volume, folder, err);
	if (volume->kind == VOLUME_EMPTY)
		return prepare_empty(plan, volume, folder, err);
	return prepare_delivered(plan, volume, folder, err);
}

bool volumes_prepare(const struct volume_plan *plan, struct error *err)
{
	for (size_t i = 0; i < plan->release->volume_count; i++) {
		const struct volume_rule *volume = &plan->release->volumes[i];
		if (!prepare(plan, volume, err))
			return error_prefix(err, "volume '%s'", volume->name);
	}
	return true;
}

bool volumes_update(const struct volume_plan *plan, struct error *err)
{
	for (size_t i = 0; i < plan->release->volume_count; i++) {
		const struct volume_rule *volume = &plan->release->volumes[i];
		AUTO_FREE char *folder = folder_of(volume->name);
		if (is_written(volume) && path_exists(folder) &&
		    !volume_files_write(plan, volume, folder, err))
			return error_prefix(err, "volume '%s'", volume->name);
	}
	return true;
}

void volumes_finish(const struct volume_plan *plan)
{
	for (size_t i = 0; i < plan->release->volume_count; i++) {
		AUTO_FREE char *folder = folder_of(plan->release->volumes[i].name);
		(void)umount2(folder, MNT_DETACH);
	}
}

static bool resolve_sub_path(const char *folder, const char *sub_path, bool is_written_volume,
			     char **ret, struct error *err)
{
	AUTO_FREE char *path = path_join(folder, sub_path);
	/* A folder that the pod's own programs made may be a link to anywhere. */
	AUTO_FREE char *real = realpath(path, NULL);
	if (real == NULL && is_written_volume)
		return error_set(err, ERROR_NOT_FOUND, "subPath '%s' is not in the volume",
				 sub_path);
	if (real == NULL) {
		if (!path_make_folders(path, 0777, err))
			return false;
		(void)chmod(path, 0777);
		real = realpath(path, NULL);
	}
	size_t size = strlen(folder);
	if (real == NULL || strncmp(real, folder, size) != 0 ||
	    (real[size] != '/' && real[size] != '\0'))
		return error_set(err, ERROR_INVALID, "subPath '%s' leaves the volume", sub_path);
	*ret = TAKE_PTR(real);
	return true;
}

bool volumes_resolve_mount(const struct volume_plan *plan, const struct mount_rule *rule,
			   const struct string_list *environment, struct oci_mount *ret,
			   struct error *err)
{
	const struct volume_rule *volume = release_volume(plan->release, rule->volume);
	if (volume == NULL)
		return error_set(err, ERROR_NOT_FOUND, "there is no volume '%s'", rule->volume);
	AUTO_FREE char *folder = folder_of(volume->name);
	AUTO_FREE char *expanded =
		rule->sub_path_expression != NULL
			? environment_expand(rule->sub_path_expression, environment)
			: xstrdup_or_null(rule->sub_path);
	if (expanded != NULL && expanded[0] != '\0' && !path_is_below(expanded))
		return error_set(err, ERROR_INVALID, "subPath '%s' leaves the volume", expanded);
	const struct volume_delivery *delivery = release_delivery(plan->release, volume->name);
	const char *file = delivery != NULL ? delivery->file : NULL;
	AUTO_FREE char *source = NULL;
	if (expanded != NULL && expanded[0] != '\0') {
		if (!resolve_sub_path(folder, expanded, is_written(volume), &source, err))
			return false;
	} else {
		source = file != NULL ? path_join(folder, file) : TAKE_PTR(folder);
	}
	ret->source = TAKE_PTR(source);
	ret->destination = rule->path[0] == '/' ? xstrdup(rule->path) : path_join("/", rule->path);
	ret->is_read_only = rule->is_read_only || volume->is_read_only || is_written(volume);
	return true;
}

bool volumes_push_file(const struct pushed_file *file, struct error *err)
{
	AUTO_FREE char *folder = folder_of(file->volume);
	AUTO_FREE char *path = path_join(folder, file->path);
	if (!path_is_below(file->volume) || strchr(file->volume, '/') != NULL ||
	    !path_is_below(file->path))
		return error_set(err, ERROR_INVALID, "'%s' leaves its volume", file->path);
	if (file->is_deleted)
		return path_remove_tree(path, err);
	AUTO_FREE char *parent = xstrndup(path, (size_t)(strrchr(path, '/') - path));
	if (!path_make_folders(parent, 0755, err))
		return false;
	/* A folder bound into a container sees the rename; a file bound alone would keep the old
	 * one. */
	struct stat status;
	if (stat(path, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0) {
		AUTO_CLOSE int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
		if (fd < 0 || fchmod(fd, file->mode) < 0)
			return error_set_errno(err, errno, "%s", path);
		return fd_write_all(fd, file->bytes, file->size, err);
	}
	return file_write_atomic(path, file->bytes, file->size, file->mode, err);
}
