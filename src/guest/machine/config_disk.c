/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/machine/config_disk.h"

#include <errno.h>
#include <poll.h>
#include <sys/mount.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/folder_list.h"
#include "base/path.h"
#include "guest/machine/disks.h"
#include "guest/machine/machine.h"
#include "wire/release_document.h"

#define PLACE	  "/run/i2kit/config-disk"
#define META_DATA "/openstack/latest/meta_data.json"
#define SCAN_MS	  3000
#define NAP_MS	  20

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

static char *find_disk(void)
{
	static const char *const labels[] = {"cidata", "config-2"};
	char *device = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(labels) && device == NULL; i++)
		device = disks_find_label(labels[i]);
	return device;
}

/*
 * A configuration drive is a CD-ROM, whose drivers no other pod needs: behind virtio-scsi, or an IDE
 * controller. What is behind such a one shows up by itself, after a moment; where there is none, nobody waits.
 */
static char *wait_for_disk(void)
{
	AUTO(string_list_clear) struct string_list hosts = STRING_LIST_INIT;
	char *device = find_disk();

	if (device != NULL)
		return device;
	machine_load_for_devices("");
	if (!folder_list("/sys/class/scsi_host", &hosts, NULL) || hosts.count == 0)
		return NULL;
	machine_load_by_name("", "sr_mod");
	machine_load_by_name("", "sd_mod");
	uint64_t end = clock_monotonic_ms() + SCAN_MS;
	while ((device = find_disk()) == NULL && clock_monotonic_ms() < end)
		(void)poll(NULL, 0, NAP_MS);
	return device;
}

static bool keep_file(const char *name, const char *bytes, size_t size, struct error *err)
{
	AUTO_FREE char *path = path_join(CONFIG_DRIVE_FILES, name);
	return path_make_folders(CONFIG_DRIVE_FILES, 0700, err) &&
	       file_write_atomic(path, bytes, size, 0600, err);
}

/* For the cloud agent, when it is OpenStack's. The metadata last: they say that all is there. */
static bool keep_files(const char *user_data, size_t size, struct error *err)
{
	AUTO_FREE char *meta = NULL;
	size_t meta_size = 0;

	if (!path_exists(PLACE META_DATA))
		return true;
	return file_read(PLACE META_DATA, RELEASE_MAX_BYTES, &meta, &meta_size, err) &&
	       keep_file("user_data", user_data, size, err) &&
	       keep_file("meta_data.json", meta, meta_size, err);
}

bool config_disk_is_drive(void)
{
	return path_exists(CONFIG_DRIVE_FILES "/meta_data.json");
}

bool config_disk_read(bool may_wait, char **ret, size_t *ret_size, struct error *err)
{
	AUTO_FREE char *device = may_wait ? wait_for_disk() : find_disk();
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
	bool is_ok = read_any(ret, ret_size, err) && keep_files(*ret, *ret_size, err);
	(void)umount2(PLACE, MNT_DETACH);
	return is_ok;
}
