/* SPDX-License-Identifier: Apache-2.0 */
#include "local/vm/volume_disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "local/vm/disk_tool.h"
#include "local/vm/vm_identity.h"

#define FORMATTED "user.i2kit.formatted"

enum { BLANK_MAX_BYTES = 256 << 10 };

char *volume_disk_name(const struct pod_plan *pod, const struct volume_plan *volume,
		       unsigned replica)
{
	return volume->is_template ? xasprintf("%s-%s-%u", volume->claim, pod->name, replica)
				   : xstrdup(volume->claim);
}

/* TEMPLATE-ORDINAL, as it was until two StatefulSets had a template of one name. */
static char *former_name(const struct volume_plan *volume, unsigned replica)
{
	return volume->is_template ? xasprintf("%s-%u", volume->claim, replica) : NULL;
}

static char *path_of(const struct project_plan *plan, const char *name)
{
	AUTO_FREE char *below = xasprintf("volumes/%s/%s.qcow2", plan->project, name);

	return path_folder(PATH_DATA, below);
}

/* Whether the disk of that former name was this volume's too, or is it still. */
static bool had(const struct volume_plan *volume, unsigned replica, const char *former)
{
	AUTO_FREE char *name = former_name(volume, replica);

	return volume_plan_is_disk(volume) &&
	       strcmp(name != NULL ? name : volume->claim, former) == 0;
}

static bool has_other_heirs(const struct project_plan *plan, const struct pod_plan *pod,
			    unsigned replica, const char *former)
{
	for (size_t i = 0; i < plan->pod_count; i++) {
		const struct pod_plan *other = &plan->pods[i];
		for (size_t k = 0; other != pod && k < other->volume_count; k++) {
			if (had(&other->volumes[k], replica, former))
				return true;
		}
	}
	return false;
}

/* Marked as such, or, where files have no marks, longer than it is made. */
static bool has_file_system(const char *path)
{
	struct stat st;

	return volume_disk_is_formatted(path) ||
	       (stat(path, &st) == 0 && st.st_size > BLANK_MAX_BYTES);
}

struct vm_disk volume_disk_make(const struct project_plan *plan, const struct pod_plan *pod,
				const struct volume_plan *volume, unsigned replica)
{
	AUTO_FREE char *name = volume_disk_name(pod, volume, replica);
	AUTO_FREE char *former = former_name(volume, replica);
	struct vm_disk disk = {
		.path = path_of(plan, name),
		.former_path = former != NULL ? path_of(plan, former) : NULL,
		.has_other_heirs = former != NULL && has_other_heirs(plan, pod, replica, former),
		.size_bytes = volume->size_bytes,
	};

	/* Somebody has to put a file system on it first. */
	disk.is_read_only = volume->is_read_only && has_file_system(disk.path);
	vm_serial_make(volume->name, disk.serial);
	return disk;
}

static bool check_volumes(const struct pod_plan *a, const struct volume_plan *left,
			  const struct pod_plan *b, const struct volume_plan *right,
			  struct error *err)
{
	unsigned replicas = left->is_template ? a->replicas : b->replicas;

	/* Two that name one claim are the manifests' matter. */
	if (!volume_plan_is_disk(left) || !volume_plan_is_disk(right) ||
	    (!left->is_template && !right->is_template))
		return true;
	for (unsigned replica = 0; replica < replicas; replica++) {
		AUTO_FREE char *one = volume_disk_name(a, left, replica);
		AUTO_FREE char *other = volume_disk_name(b, right, replica);
		if (strcmp(one, other) != 0)
			continue;
		error_set(err, ERROR_INVALID, "pods '%s' and '%s' would have one disk: claim '%s'",
			  a->name, b->name, one);
		return error_hint(err, "give the claim of one of them another name");
	}
	return true;
}

static bool check_pods(const struct pod_plan *a, const struct pod_plan *b, struct error *err)
{
	for (size_t i = 0; i < a->volume_count; i++) {
		for (size_t k = 0; k < b->volume_count; k++) {
			if (!check_volumes(a, &a->volumes[i], b, &b->volumes[k], err))
				return false;
		}
	}
	return true;
}

bool volume_disk_check(const struct project_plan *plan, struct error *err)
{
	for (size_t i = 0; i < plan->pod_count; i++) {
		for (size_t k = i + 1; k < plan->pod_count; k++) {
			if (!check_pods(&plan->pods[i], &plan->pods[k], err))
				return false;
		}
	}
	return true;
}

static bool copy(const struct vm_disk *disk, const char *draft, struct error *err)
{
	if (disk_tool_copy(draft, disk->former_path, err)) {
		if (volume_disk_is_formatted(disk->former_path))
			volume_disk_note_formatted(draft);
		return true;
	}
	(void)error_prefix(err, "cannot copy it from %s, which another pod has a right to as well",
			   disk->former_path);
	return error_hint(err, "it is free when the pod that was started with it is started again");
}

static bool provide(const struct vm_disk *disk, struct error *err)
{
	AUTO_FREE char *draft = xasprintf("%s.new", disk->path);
	AUTO_FREE char *folder =
		xstrndup(disk->path, (size_t)(strrchr(disk->path, '/') - disk->path));
	bool has_former = disk->former_path != NULL && path_exists(disk->former_path);

	if (!path_make_folders(folder, 0700, err))
		return false;
	if (has_former && !disk->has_other_heirs)
		return rename(disk->former_path, disk->path) == 0 ||
		       error_set_errno(err, errno, "cannot move it from %s", disk->former_path);
	if (!(has_former ? copy(disk, draft, err) : disk_tool_make(draft, disk->size_bytes, err)))
		return false;
	return rename(draft, disk->path) == 0 || error_set_errno(err, errno, "rename");
}

uint64_t volume_disk_virtual_size(const char *path)
{
	uint8_t header[32];
	uint64_t size = 0;
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, header, sizeof(header)) != (ssize_t)sizeof(header) ||
	    memcmp(header, "QFI\xfb", 4) != 0)
		return 0;
	for (size_t i = 24; i < 32; i++)
		size = size << 8 | header[i];
	return size;
}

/* Its file system follows in the guest. One that is larger than its claim stays as it is. */
static bool grow(const struct vm_disk *disk, struct error *err)
{
	uint64_t found = volume_disk_virtual_size(disk->path);

	if (found == 0 || found >= disk->size_bytes || disk->is_read_only)
		return true;
	return disk_tool_grow(disk->path, disk->size_bytes, err) ||
	       error_prefix(err, "disk %s cannot grow", disk->path);
}

bool volume_disk_is_formatted(const char *path)
{
	char value = '\0';

	return getxattr(path, FORMATTED, &value, 1) == 1 && value == '1';
}

void volume_disk_note_formatted(const char *path)
{
	if (!volume_disk_is_formatted(path))
		(void)setxattr(path, FORMATTED, "1", 1, 0);
}

bool volume_disk_provide(const struct vm_disk *disk, struct error *err)
{
	if (path_exists(disk->path))
		return grow(disk, err);
	return provide(disk, err) || error_prefix(err, "disk %s", disk->path);
}
