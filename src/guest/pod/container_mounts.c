/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/pod/container_mounts.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "guest/channel/say.h"
#include "guest/machine/network.h"
#include "guest/machine/rootfs.h"
#include "guest/machine/rootfs_copy.h"

static const char *termination_path(const struct container_image *image)
{
	return image->termination_path != NULL ? image->termination_path : "/dev/termination-log";
}

static bool add_pod_files(const struct container *container, const char *root,
			  struct mount_list *list, struct error *err)
{
	static const char *const files[] = {"hosts", "resolv.conf", "hostname"};
	AUTO_FREE char *message = container_message_path(container);
	if (!file_write_atomic(message, "", 0, 0666, err))
		return false;
	if (chmod(message, 0666) < 0)
		return error_set_errno(err, errno, "%s", message);
	(void)mount_list_add(list, xstrdup("/run/i2kit/shm"), xstrdup("/dev/shm"));
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		(void)mount_list_add(list, path_join(NETWORK_FILES, files[i]),
				     path_join("/etc", files[i]));
	(void)mount_list_add(
		list, TAKE_PTR(message),
		rootfs_resolve(root, termination_path(container_get_image(container))));
	return true;
}

static bool declares_volume(const struct container_image *image, const char *root,
			    const char *destination)
{
	for (size_t i = 0; i < image->volumes.count; i++) {
		AUTO_FREE char *place = rootfs_resolve(root, image->volumes.items[i]);
		if (strcmp(place, destination) == 0)
			return true;
	}
	return false;
}

/* As Docker: what the image has at its VOLUME goes into a claim that is empty. */
static bool fill_claim(const struct container *container, const char *root,
		       const struct oci_mount *mount, struct error *err)
{
	const struct container_image *image = container_get_image(container);
	bool is_filled = false;
	if (mount->is_read_only || !declares_volume(image, root, mount->destination) ||
	    !rootfs_has_folder(root, mount->destination))
		return true;
	if (!rootfs_copy_fill(root, mount->destination, mount->source, &is_filled, err))
		return false;
	if (is_filled)
		say("container %s: %s was empty: it has what the image has there, its VOLUME",
		    image->name, mount->destination);
	return true;
}

static bool add_volume(const struct container *container, size_t number, const char *root,
		       const struct mount_rule *rule, struct mount_list *list, struct error *err)
{
	struct volume_place plan = guest_volume_plan(container_guest(container));
	const struct volume_rule *volume = release_volume(plan.release, rule->volume);
	AUTO_FREE char *place = xasprintf("%s/m%zu", container_folder(container), number);
	struct oci_mount *mount = mount_list_add(list, NULL, rootfs_resolve(root, rule->path));
	if (!volumes_resolve_mount(&plan, rule, container_environment(container), place, mount,
				   err))
		return false;
	return volume->kind != VOLUME_CLAIM || fill_claim(container, root, mount, err);
}

/* A folder the image declares as a volume and no mount covers: new, with the image's content. */
static bool add_image_volume(const struct container *container, size_t number, const char *root,
			     struct mount_list *list, struct error *err)
{
	const struct container_image *image = container_get_image(container);
	AUTO_FREE char *place = rootfs_resolve(root, image->volumes.items[number]);
	AUTO_FREE char *folder = xasprintf("%s/%s/v%zu", ROOTFS_TOPS, image->name, number);
	if (strcmp(place, "/") == 0 || mount_list_find(list, place) != NULL)
		return true;
	if (!path_make_folders(folder, 0755, err))
		return false;
	if (rootfs_has_folder(root, place) && !rootfs_copy_tree(root, place, folder, err))
		return error_prefix(err, "volume %s of the image", place);
	(void)mount_list_add(list, TAKE_PTR(folder), TAKE_PTR(place));
	return true;
}

bool container_mounts_make(const struct container *container, struct mount_list *ret,
			   struct error *err)
{
	const struct container_image *image = container_get_image(container);
	const struct container_config *config =
		release_container(&container_guest(container)->release, image->name);
	AUTO_FREE char *root = container_root(container);
	if (!add_pod_files(container, root, ret, err))
		return false;
	for (size_t i = 0; config != NULL && i < config->mount_count; i++) {
		if (!add_volume(container, i, root, &config->mounts[i], ret, err))
			return error_prefix(err, "mount %s", config->mounts[i].path);
	}
	for (size_t i = 0; i < image->volumes.count; i++) {
		if (!add_image_volume(container, i, root, ret, err))
			return false;
	}
	mount_list_order(ret);
	return true;
}
