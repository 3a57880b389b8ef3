/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/machine/data_disk.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "guest/channel/say.h"
#include "guest/kubelet/reaper.h"
#include "guest/machine/disk_format.h"
#include "guest/machine/disks.h"
#include "guest/machine/machine.h"

#define DISK_WAIT_MS   60000U
#define EXT4_RESIZE_FS _IOW('f', 16, uint64_t) /* EXT4_IOC_RESIZE_FS, in no header */
#define LEAST_GROWTH   256		       /* blocks */

static bool make_file_system(const char *device, uint64_t blocks, struct error *err)
{
	AUTO_FREE char *count = xasprintf("%" PRIu64, blocks);
	const char *const argv[] = {
		"/usr/sbin/mkfs.ext4",
		"-q",
		"-F",
		"-b", /* the count below is of these */
		"4096",
		"-E",
		"lazy_itable_init=1,nodiscard",
		device,
		count,
		NULL,
	};
	/* Nothing else is to be done before the pod has its disk. */
	return spawn_and_wait(argv, NULL, err);
}

static bool is_lost(const char *serial, struct error *err)
{
	error_set(err, ERROR_INVALID,
		  "the disk with serial '%s' had a file system and now begins with zeros: it is "
		  "not formatted again",
		  serial);
	return error_hint(err, "e2fsck -b 32768 may mend it; i2kit down --volumes throws it away");
}

/* The device with a file system on it; owned. */
static char *prepare_device(const char *serial, bool is_known, struct error *err)
{
	AUTO_FREE char *device = disks_find_serial(serial, DISK_WAIT_MS, err);
	struct disk_format format;
	if (device == NULL)
		return NULL;
	AUTO_CLOSE int fd = open(device, O_RDWR | O_CLOEXEC);
	AUTO_CLOSE int reader = fd < 0 ? open(device, O_RDONLY | O_CLOEXEC) : -1;
	if (!disk_format_read(fd >= 0 ? fd : reader, &format, err) ||
	    (disk_format_is_lost(&format, is_known) && !is_lost(serial, err)))
		return NULL;
	if (!disk_format_is_wanted(&format))
		return TAKE_PTR(device);
	if (!disk_format_mark(fd, DISK_MARK_BEGUN, err) ||
	    !make_file_system(device, format.fs_blocks, err) ||
	    !disk_format_mark(fd, DISK_MARK_DONE, err))
		return NULL;
	return TAKE_PTR(device);
}

/* The kernel grows ext4 while it is mounted; resize2fs would ask it for the same. */
static void grow(const char *device, const char *folder)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_CLOSE int disk = open(device, O_RDWR | O_CLOEXEC);
	AUTO_CLOSE int mounted = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct disk_format format;
	if (disk < 0 || mounted < 0 || !disk_format_read(disk, &format, &err) ||
	    format.found_blocks == 0 || format.fs_blocks < format.found_blocks + LEAST_GROWTH)
		return;
	if (ioctl(mounted, EXT4_RESIZE_FS, &format.fs_blocks) < 0)
		say("%s: the file system cannot grow to its disk: %s", device, strerror(errno));
	else if (!disk_format_mark(disk, DISK_MARK_DONE, &err))
		say("%s: %s", device, err.message);
	else
		say("%s: the file system has grown to %" PRIu64 " MiB", device,
		    format.fs_blocks * DISK_BLOCK_BYTES >> 20);
}

static bool mount_failed(const char *serial, struct error *err)
{
	return error_set_errno(err, errno, "mounting the disk with serial '%s'", serial);
}

bool data_disk_mount(const char *serial, bool is_known, unsigned long flags, const char *folder,
		     struct error *err)
{
	AUTO_FREE char *device = prepare_device(serial, is_known, err);
	if (device == NULL)
		return false;
	int status = mount(device, folder, "ext4", flags, NULL);
	/* The host gave it to us to read alone, and its last user died: what is in the journal
	 * stays there. */
	if (status < 0 && errno == EROFS && (flags & MS_RDONLY) != 0)
		status = mount(device, folder, "ext4", flags, "noload");
	if (status < 0)
		return mount_failed(serial, err);
	if ((flags & MS_RDONLY) == 0)
		grow(device, folder);
	return true;
}
