/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/machine/config_disk.h"

#include <errno.h>
#include <sys/mount.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "guest/machine/disks.h"
#include "guest/machine/machine.h"
#include "wire/release_document.h"

#define PLACE "/run/i2kit/config-disk"

static bool mount_any(const char *device)
{
	if (mount(device, PLACE, "iso9660", MS_RDONLY | MS_NODEV | MS_NOSUID, NULL) == 0)
		return true;
	return mount(device, PLACE, "vfat", MS_RDONLY | MS_NODEV | MS_NOSUID, NULL) == 0;
}

static bool read_any(char **ret, size_t *ret_size, struct error *err)
{
	static const char *const names[] = {"user-data", "openstack/latest/user_data",
					    "ec2/latest/user-data"};
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		AUTO_FREE char *path = path_join(PLACE, names[i]);
		if (path_exists(path))
			return file_read(path, RELEASE_MAX_BYTES, ret, ret_size, err);
	}
	return error_set(err, ERROR_NOT_FOUND, "the configuration disk has no user-data");
}

bool config_disk_read(char **ret, size_t *ret_size, struct error *err)
{
	static const char *const labels[] = {"cidata", "config-2"};
	AUTO_FREE char *device = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(labels) && device == NULL; i++)
		device = disks_find_label(labels[i]);
	if (device == NULL)
		return error_set(err, ERROR_NOT_FOUND, "no disk labelled cidata or config-2");
	machine_load_by_name("", "isofs");
	machine_load_by_name("", "vfat");
	machine_load_by_name("", "nls_ascii");
	machine_load_by_name("", "nls_cp437");
	if (!path_make_folders(PLACE, 0700, err))
		return false;
	if (!mount_any(device))
		return error_set_errno(err, errno, "mounting %s", device);
	bool is_ok = read_any(ret, ret_size, err);
	(void)umount2(PLACE, MNT_DETACH);
	return is_ok;
}
