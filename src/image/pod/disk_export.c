/* SPDX-License-Identifier: Apache-2.0 */
#include "image/pod/disk_export.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/process_run.h"
#include "base/sparse.h"

static bool export_raw(const struct disk_image *image, const char *path, struct error *err)
{
	AUTO_CLOSE int from = open(image->path, O_RDONLY | O_CLOEXEC);
	AUTO_CLOSE int to = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (from < 0 || to < 0)
		return error_set_errno(err, errno, "cannot open '%s'",
				       from < 0 ? image->path : path);
	if (!fd_copy_sparse(from, to, err))
		return false;
	return fsync(to) == 0 || error_set_errno(err, errno, "cannot write it");
}

static bool export_qcow2(const struct disk_image *image, const char *path, struct error *err)
{
	AUTO(process_output_clear) struct process_output output = {0};
	const char *argv[] = {"qemu-img", "convert",   "-f", "raw", "-O",
			      "qcow2",	  image->path, path, NULL};
	struct process_run run = {.argv = argv};
	if (process_run(&run, &output, err))
		return true;
	return err != NULL && err->kind == ERROR_NOT_FOUND
		       ? error_hint(err, "qemu-img makes qcow2: apt-get install qemu-utils")
		       : false;
}

bool disk_export(const struct disk_image *image, enum disk_format format, const char *path,
		 struct error *err)
{
	AUTO_FREE char *scratch = xasprintf("%s.%ld.part", path, (long)getpid());
	bool is_good = format == DISK_RAW ? export_raw(image, scratch, err)
					  : export_qcow2(image, scratch, err);
	if (is_good && rename(scratch, path) == 0)
		return true;
	if (is_good)
		(void)error_set_errno(err, errno, "cannot rename it");
	(void)unlink(scratch);
	return error_prefix(err, "disk '%s'", path);
}
