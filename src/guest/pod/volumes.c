/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/pod/volumes.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "guest/channel/say.h"
#include "guest/machine/data_disk.h"
#include "guest/machine/inside.h"
#include "guest/machine/machine.h"
#include "guest/machine/rootfs.h"
#include "guest/machine/scratch_disk.h"
#include "guest/pod/volume_files.h"

#define FOLDER "/run/i2kit/volumes"

char *volumes_folder(const char *volume)
{
	return xasprintf("%s/%s", FOLDER, volume);
}

static gid_t tree_group; /* for give_group(): nftw() hands nothing on */

/*
 * As Kubernetes: the group may do what the owner may, and what is made in a folder belongs to it.
 */
static int give_group(const char *path, const struct stat *status, int type, struct FTW *walk)
{
	(void)type;
	(void)walk;
	mode_t more = S_ISDIR(status->st_mode) ? 02770 : 0660;
	if (lchown(path, (uid_t)-1, tree_group) < 0)
		return -1;
	return S_ISLNK(status->st_mode) ? 0 : chmod(path, (status->st_mode & 07777) | more);
}

/* Nothing of the pod runs yet. A tree whose top has the group already is left as it is. */
static bool set_owner(const struct pod_image *pod, const char *folder, struct error *err)
{
	enum { OPEN_FOLDERS = 32 };
	struct stat status;
	if (pod->fs_group < 0)
		return true;
	tree_group = (gid_t)pod->fs_group;
	if (stat(folder, &status) < 0)
		return error_set_errno(err, errno, "fsGroup on %s", folder);
	bool is_done = status.st_gid == tree_group && (status.st_mode & 02770) == 02770;
	if (!is_done &&
	    nftw(folder, give_group, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) != 0)
		return error_set_errno(err, errno, "fsGroup on %s", folder);
	return true;
}

/* Where the containers' writable tops are: the scratch disk, or memory that they share. */
static bool bind_beside_tops(const char *volume, const char *folder, struct error *err)
{
	AUTO_FREE char *source = xasprintf("%s/.volumes/%s", ROOTFS_TOPS, volume);
	if (!path_make_folders(source, 0755, err))
		return false;
	if (mount(source, folder, NULL, MS_BIND, NULL) < 0 ||
	    mount(NULL, folder, NULL, MS_REMOUNT | MS_BIND | MS_NOSUID | MS_NODEV, NULL) < 0)
		return error_set_errno(err, errno, "%s", folder);
	return true;
}

static bool is_limited_on_disk(const struct volume_rule *volume)
{
	return volume->kind == VOLUME_EMPTY_DIR && !volume->is_memory &&
	       volume->size_limit_bytes > 0;
}

bool volumes_have_quota(const struct release *release)
{
	for (size_t i = 0; i < release->volume_count; i++) {
		if (is_limited_on_disk(&release->volumes[i]))
			return true;
	}
	return false;
}

/* A project of its own on the scratch disk, with the sizeLimit as its quota. */
static bool limit_on_disk(const struct volume_place *plan, const struct volume_rule *volume,
			  struct error *err)
{
	AUTO_FREE char *source = xasprintf("%s/.volumes/%s", ROOTFS_TOPS, volume->name);
	unsigned project = (unsigned)(volume - plan->release->volumes) + 1;
	return scratch_disk_limit(plan->release->scratch_serial, source, project,
				  volume->size_limit_bytes, err);
}

static bool prepare_empty(const struct volume_place *plan, const struct volume_rule *volume,
			  const char *folder, struct error *err)
{
	bool has_scratch = plan->release->scratch_serial != NULL;
	if (volume->is_memory || (volume->size_limit_bytes > 0 && !has_scratch)) {
		AUTO_FREE char *options =
			volume->size_limit_bytes > 0
				? xasprintf("mode=0777,size=%llu",
					    (unsigned long long)volume->size_limit_bytes)
				: xstrdup("mode=0777");
		if (mount("tmpfs", folder, "tmpfs", MS_NOSUID | MS_NODEV, options) < 0)
			return error_set_errno(err, errno, "tmpfs");
	} else if (!bind_beside_tops(volume->name, folder, err)) {
		return false;
	}
	if (has_scratch && is_limited_on_disk(volume) && !limit_on_disk(plan, volume, err))
		return false;
	if (chmod(folder, 0777) < 0)
		return error_set_errno(err, errno, "%s", folder);
	return set_owner(plan->pod, folder, err);
}

static bool prepare_disk(const struct volume_place *plan, const struct volume_delivery *delivery,
			 bool is_read_only, const char *folder, struct error *err)
{
	unsigned long flags = MS_NODEV | MS_NOSUID | (is_read_only ? MS_RDONLY : 0);
	if (!data_disk_mount(delivery->serial, delivery->is_formatted, flags, folder, err))
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

/* Whose files they are is the host's matter where it is no root's: then all are its user's. */
static bool own_share(const struct pod_image *pod, const char *folder)
{
	AUTO(error_clear) struct error problem = ERROR_INIT;

	if (!set_owner(pod, folder, &problem))
		say("%s; all files of it are the user's who runs this VM", problem.message);
	return true;
}

static bool prepare_delivered(const struct volume_place *plan, const struct volume_rule *volume,
			      const char *folder, struct error *err)
{
	const struct volume_delivery *delivery = release_delivery(plan->release, volume->name);
	if (delivery == NULL)
		return error_set(err, ERROR_INVALID, "the release does not say how it arrives");
	if (delivery->how == DELIVERY_DISK)
		return prepare_disk(plan, delivery, volume->is_read_only, folder, err);
	if (delivery->how == DELIVERY_VIRTIOFS)
		return prepare_share(delivery, folder, err) &&
		       (volume->kind != VOLUME_CLAIM || volume->is_read_only ||
			own_share(plan->pod, folder));
	return true; /* pushed: files come over the channel */
}

/*
 * What its layers show, as a container's root does; nobody writes to it, so that the top holds no
 * more than the owners of folders.
 */
static bool prepare_image(const struct volume_place *plan, const struct volume_rule *volume,
			  const char *folder, struct error *err)
{
	const struct image_volume *image = pod_image_volume(plan->pod, volume->name);
	const unsigned long flags = MS_RDONLY | MS_NOEXEC | MS_NOSUID | MS_NODEV;
	AUTO_FREE char *top = xasprintf("%s/.images/%s", ROOTFS_TOPS, volume->name);
	if (image == NULL)
		return error_set(err, ERROR_INVALID, "the pod's disk has no image for it");
	if (!rootfs_mount_layers(image->layers, image->layer_count, top, folder, err))
		return false;
	return mount(NULL, folder, NULL, MS_REMOUNT | MS_BIND | flags, NULL) == 0 ||
	       error_set_errno(err, errno, "%s", folder);
}

static bool is_written(const struct volume_rule *volume)
{
	return volume->kind == VOLUME_CONFIG_MAP || volume->kind == VOLUME_SECRET ||
	       volume->kind == VOLUME_DOWNWARD || volume->kind == VOLUME_PROJECTED;
}

static bool prepare(const struct volume_place *plan, const struct volume_rule *volume,
		    struct error *err)
{
	AUTO_FREE char *folder = volumes_folder(volume->name);
	if (!path_make_folders(folder, 0755, err))
		return false;
	if (is_written(volume))
		return volume_files_write(plan, volume, folder, err);
	if (volume->kind == VOLUME_IMAGE)
		return prepare_image(plan, volume, folder, err);
	if (volume->kind == VOLUME_EMPTY_DIR)
		return prepare_empty(plan, volume, folder, err);
	return prepare_delivered(plan, volume, folder, err);
}

bool volumes_prepare(const struct volume_place *plan, struct error *err)
{
	for (size_t i = 0; i < plan->release->volume_count; i++) {
		const struct volume_rule *volume = &plan->release->volumes[i];
		if (!prepare(plan, volume, err))
			return error_prefix(err, "volume '%s'", volume->name);
	}
	return true;
}

bool volumes_update(const struct volume_place *plan, struct error *err)
{
	for (size_t i = 0; i < plan->release->volume_count; i++) {
		const struct volume_rule *volume = &plan->release->volumes[i];
		AUTO_FREE char *folder = volumes_folder(volume->name);
		if (is_written(volume) && path_exists(folder) &&
		    !volume_files_write(plan, volume, folder, err))
			return error_prefix(err, "volume '%s'", volume->name);
	}
	return true;
}

/* Mounts what fd stands for at a place, which becomes a folder or a file as that is. */
static bool bind_open(int fd, const char *place, struct error *err)
{
	struct stat status;
	AUTO_FREE char *source = xasprintf("/proc/self/fd/%d", fd);
	if (fstat(fd, &status) < 0)
		return error_set_errno(err, errno, "%s", place);
	(void)umount2(place, MNT_DETACH | UMOUNT_NOFOLLOW); /* of an earlier start */
	if (rmdir(place) < 0)
		(void)unlink(place);
	AUTO_CLOSE int made = S_ISDIR(status.st_mode)
				      ? -1
				      : open(place, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if ((S_ISDIR(status.st_mode) ? mkdir(place, 0700) : made) < 0 ||
	    mount(source, place, NULL, MS_BIND | MS_REC, NULL) < 0)
		return error_set_errno(err, errno, "%s", place);
	return true;
}

void volumes_finish(const struct volume_place *plan)
{
	for (size_t i = 0; i < plan->release->volume_count; i++) {
		AUTO_FREE char *folder = volumes_folder(plan->release->volumes[i].name);
		(void)umount2(folder, MNT_DETACH);
	}
}

/*
 * The pod's own programs may have made a link to anywhere of any part of the path, and may change
 * it while we look: what was found inside the volume is bound to a place of ours, which the runtime
 * then mounts.
 */
static bool bind_sub_path(const char *folder, const char *sub_path, bool is_written_volume,
			  const char *place, struct error *err)
{
	AUTO_CLOSE int volume = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO_CLOSE int fd = inside_open(volume, sub_path, O_PATH, 0);
	if (fd < 0 && errno == ENOENT && !is_written_volume) {
		if (!inside_make_folders(volume, sub_path, 0777, err))
			return error_prefix(err, "subPath '%s'", sub_path);
		fd = inside_open(volume, sub_path, O_PATH, 0);
	}
	if (fd < 0 && errno == EXDEV)
		return error_set(err, ERROR_INVALID, "subPath '%s' leaves the volume", sub_path);
	if (fd < 0 && errno == ENOENT)
		return error_set(err, ERROR_NOT_FOUND, "subPath '%s' is not in the volume",
				 sub_path);
	return fd >= 0 ? bind_open(fd, place, err)
		       : error_set_errno(err, errno, "subPath '%s'", sub_path);
}

bool volumes_resolve_mount(const struct volume_place *plan, const struct mount_rule *rule,
			   const struct string_list *environment, const char *place,
			   struct oci_mount *ret, struct error *err)
{
	const struct volume_rule *volume = release_volume(plan->release, rule->volume);
	if (volume == NULL)
		return error_set(err, ERROR_NOT_FOUND, "there is no volume '%s'", rule->volume);
	AUTO_FREE char *folder = volumes_folder(volume->name);
	AUTO_FREE char *expanded =
		rule->sub_path_expression != NULL
			? environment_expand(rule->sub_path_expression, environment)
			: xstrdup_or_null(rule->sub_path);
	if (expanded != NULL && expanded[0] != '\0' && !path_is_below(expanded))
		return error_set(err, ERROR_INVALID, "subPath '%s' leaves the volume", expanded);
	const struct volume_delivery *delivery = release_delivery(plan->release, volume->name);
	const char *file = delivery != NULL ? delivery->file : NULL;
	const char *below = expanded != NULL && expanded[0] != '\0' ? expanded : file;
	bool is_image = volume->kind == VOLUME_IMAGE;
	bool is_ours = is_image || is_written(volume);
	if (below != NULL && !bind_sub_path(folder, below, below == file || is_ours, place, err))
		return false;
	ret->source = below != NULL ? xstrdup(place) : TAKE_PTR(folder);
	ret->is_read_only = rule->is_read_only || volume->is_read_only || is_ours;
	ret->is_noexec = is_image;
	return true;
}

bool volumes_push_file(const struct file_push *file, const void *bytes, size_t size,
		       struct error *err)
{
	AUTO_FREE char *folder = volumes_folder(file->volume);
	if (!path_make_folders(folder, 0755, err)) /* files may come before the release */
		return false;
	AUTO_CLOSE int volume = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (volume < 0)
		return error_set_errno(err, errno, "volume '%s'", file->volume);
	if (file->is_deleted)
		return inside_remove(volume, file->path, err);
	const char *slash = strrchr(file->path, '/');
	AUTO_FREE char *parent =
		slash != NULL ? xstrndup(file->path, (size_t)(slash - file->path)) : NULL;
	if (parent != NULL && !inside_make_folders(volume, parent, 0755, err))
		return false;
	return inside_write(volume, file->path, bytes, size, file->mode, err);
}
