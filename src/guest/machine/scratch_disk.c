/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/machine/scratch_disk.h"

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
#include "guest/kubelet/reaper.h"
#include "guest/machine/disk_format.h"
#include "guest/machine/disks.h"
#include "guest/machine/machine.h"
#include "wire/scratch_format.h"

#define DISK_WAIT_MS  60000U
#define PROJECT_QUOTA 2 /* PRJQUOTA, which glibc's header lacks */
#define QUOTA_BLOCK   1024
/*
 * Nothing of it is read after this boot: no barriers, and inode tables stay as they are. What is
 * deleted is given back to the host.
 */
#define OPTIONS "nobarrier,noinit_itable,discard"

static bool make_file_system(const char *device, bool has_quota, uint64_t blocks, struct error *err)
{
	AUTO_FREE char *count = xasprintf("%" PRIu64, blocks);
	const char *const argv[] = {
		"/usr/sbin/mkfs.ext4",
		SCRATCH_MKE2FS,
		"-E",
		has_quota ? "lazy_itable_init=1,nodiscard,quotatype=prjquota"
			  : "lazy_itable_init=1,nodiscard",
		"-O",
		has_quota ? SCRATCH_FEATURES_QUOTA : SCRATCH_FEATURES,
		device,
		count,
		NULL,
	};
	/* Nothing else is to be done before the pod has its disk. */
	return spawn_and_wait(argv, NULL, err);
}

/* The device with an empty file system on it; owned. */
static char *prepare_device(const struct scratch_disk *scratch, struct error *err)
{
	AUTO_FREE char *device = disks_find_serial(scratch->serial, DISK_WAIT_MS, err);
	struct disk_format format;
	if (device == NULL)
		return NULL;
	AUTO_CLOSE int fd = open(device, O_RDONLY | O_CLOEXEC);
	if (!disk_format_read(fd, &format, err))
		return NULL;
	uint64_t blocks = disk_format_blocks(&format, scratch->size_bytes);
	if (!disk_format_is_fresh(&format, scratch->has_quota) &&
	    !make_file_system(device, scratch->has_quota, blocks, err))
		return NULL;
	return TAKE_PTR(device);
}

bool scratch_disk_mount(const struct scratch_disk *scratch, const char *folder, struct error *err)
{
	AUTO_FREE char *device = prepare_device(scratch, err);
	if (device == NULL)
		return error_prefix(err, "the scratch disk");
	if (scratch->has_quota)
		machine_load_by_name("", "quota_v2");
	return mount(device, folder, "ext4", MS_NODEV,
		     scratch->has_quota ? OPTIONS ",prjquota" : OPTIONS) == 0 ||
	       error_set_errno(err, errno, "mounting the scratch disk");
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

bool scratch_disk_limit(const char *serial, const char *folder, unsigned project,
			uint64_t size_bytes, struct error *err)
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
