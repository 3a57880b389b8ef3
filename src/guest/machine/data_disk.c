/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/machine/data_disk.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/quota.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "guest/machine/disks.h"
#include "guest/machine/machine.h"
#include "guest/supervisor/reaper.h"

#define DISK_WAIT_MS	60000U
#define PROJECT_QUOTA	2 /* PRJQUOTA, which glibc's header lacks */
#define QUOTA_BLOCK	1024
#define PROJECT_OPTIONS "prjquota"

/* Runs mkfs.ext4 and waits: there is nothing else to do before the pod has its disk. */
static bool make_file_system(const char *device, bool has_projects, struct error *err)
{
	static const int fds[3] = {-1, -1, -1};
	const char *const argv[] = {
		"/usr/sbin/mkfs.ext4",
		"-q",
		"-F",
		"-E",
		has_projects ? "lazy_itable_init=1,nodiscard,quotatype=prjquota"
			     : "lazy_itable_init=1,nodiscard",
		"-O",
		has_projects ? "project,quota" : "^project",
		device,
		NULL,
	};
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

/* The device with a file system on it; owned. */
static char *prepare_device(const char *serial, bool has_projects, struct error *err)
{
	bool is_blank = false;
	AUTO_FREE char *device = disks_find_serial(serial, DISK_WAIT_MS, err);
	if (device == NULL || !disks_is_blank(device, &is_blank, err) ||
	    (is_blank && !make_file_system(device, has_projects, err)))
		return NULL;
	return TAKE_PTR(device);
}

static bool mount_failed(const char *serial, struct error *err)
{
	return error_set_errno(err, errno, "mounting the disk with serial '%s'", serial);
}

bool data_disk_mount(const char *serial, unsigned long flags, const char *folder, struct error *err)
{
	AUTO_FREE char *device = prepare_device(serial, false, err);
	if (device == NULL)
		return false;
	return mount(device, folder, "ext4", flags, NULL) == 0 || mount_failed(serial, err);
}

bool data_disk_mount_scratch(const char *serial, const char *folder, struct error *err)
{
	AUTO_FREE char *device = prepare_device(serial, true, err);
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
