/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/machine/data_disk.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/quota.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "guest/channel/say.h"
#include "guest/kubelet/reaper.h"
#include "guest/machine/disk_format.h"
#include "guest/machine/disks.h"
#include "guest/machine/machine.h"

#define DISK_WAIT_MS	60000U
#define PROJECT_QUOTA	2 /* PRJQUOTA, which glibc's header lacks */
#define QUOTA_BLOCK	1024
#define PROJECT_OPTIONS "prjquota"
#define EXT4_RESIZE_FS	_IOW('f', 16, uint64_t) /* EXT4_IOC_RESIZE_FS, in no header */
#define LEAST_GROWTH	256			/* blocks */

static bool make_file_system(const char *device, bool has_projects, uint64_t blocks,
			     struct error *err)
{
	AUTO_FREE char *count = xasprintf("%" PRIu64, blocks);
	const char *const argv[] = {
		"/usr/sbin/mkfs.ext4",
		"-q",
		"-F",
		"-b", /* the count below is of these */
		"4096",
		"-E",
		has_projects ? "lazy_itable_init=1,nodiscard,quotatype=prjquota"
			     : "lazy_itable_init=1,nodiscard",
		"-O",
		has_projects ? "project,quota" : "^project",
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

/* The device with a file system on it, of size_bytes at most (0: all); owned. */
static char *prepare_device(const char *serial, bool is_known, bool has_projects,
			    uint64_t size_bytes, struct error *err)
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
	    !make_file_system(device, has_projects, disk_format_blocks(&format, size_bytes), err) ||
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
	AUTO_FREE char *device = prepare_device(serial, is_known, false, 0, err);
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

bool data_disk_mount_scratch(const char *serial, uint64_t size_bytes, const char *folder,
			     struct error *err)
{
	AUTO_FREE char *device = prepare_device(serial, false, true, size_bytes, err);
	if (device == NULL)
		return false;
	machine_load_by_name("", "quota_v2");
	/* One that was formatted before there were limits is still good for all but limits. */
	return mount(device, folder, "ext4", MS_NODEV, PROJECT_OPTIONS) == 0 ||
	       mount(device, folder, "ext4", MS_NODEV, NULL) == 0 || mount_failed(serial, err);
}

/* All that will be made in the folder belongs to the project. */
static bool join_project(const char *folder, unsigned project, struct error *err)
{
	AUTO_CLOSE int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct fsxattr attributes = {0};
	if (fd < 0 || ioctl(fd, FS_IOC_FSGETXATTR, &attributes) < 0)
		return error_set_errno(err, errno, "sizeLimit");
	attributes.fsx_projid = project;
	attributes.fsx_xflags |= FS_XFLAG_PROJINHERIT;
	return ioctl(fd, FS_IOC_FSSETXATTR, &attributes) == 0 ||
	       error_set_errno(err, errno, "sizeLimit");
}

bool data_disk_limit(const char *serial, const char *folder, unsigned project, uint64_t size_bytes,
		     struct error *err)
{
	AUTO_FREE char *device = disks_find_serial(serial, DISK_WAIT_MS, err);
	if (device == NULL || !join_project(folder, project, err))
		return false;
	struct dqblk limit = {.dqb_bhardlimit = (size_bytes + QUOTA_BLOCK - 1) / QUOTA_BLOCK,
			      .dqb_valid = QIF_BLIMITS};
	return quotactl(QCMD(Q_SETQUOTA, PROJECT_QUOTA), device, (int)project, (caddr_t)&limit) ==
		       0 ||
	       error_set_errno(err, errno, "sizeLimit");
}
