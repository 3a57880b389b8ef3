/* SPDX-License-Identifier: Apache-2.0 */
#include "image/disk_export.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/process.h"

static bool copy_range(int from, int to, off_t start, off_t end, struct error *err)
{
	while (start < end) {
		off_t in = start, out = start;
		ssize_t count = copy_file_range(from, &in, to, &out, (size_t)(end - start), 0);
		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			break;
		start += count;
	}
	AUTO_FREE char *buffer = xmalloc((size_t)1 << 20);
	while (start < end) {
		size_t wanted = end - start < 1 << 20 ? (size_t)(end - start) : (size_t)1 << 20;
		ssize_t count = pread(from, buffer, wanted, start);
		if (count <= 0 || pwrite(to, buffer, (size_t)count, start) != count)
			return error_set_errno(err, errno != 0 ? errno : EIO,
					       "cannot copy the disk");
		start += count;
	}
	return true;
}

/* Holes stay holes. */
static bool copy_sparse(int from, int to, struct error *err)
{
	struct stat st;
	if (fstat(from, &st) != 0 || ftruncate(to, st.st_size) != 0)
		return error_set_errno(err, errno, "cannot copy the disk");
	for (off_t at = 0; at < st.st_size;) {
		off_t start = lseek(from, at, SEEK_DATA);
		if (start < 0 && errno == ENXIO)
			break;
		off_t end = start < 0 ? st.st_size : lseek(from, start, SEEK_HOLE);
		start = start < 0 ? at : start;
		end = end < 0 ? st.st_size : end;
		if (!copy_range(from, to, start, end, err))
			return false;
		at = end;
	}
	return fsync(to) == 0 || error_set_errno(err, errno, "cannot copy the disk");
}

static bool export_raw(const struct disk_image *image, const char *path, struct error *err)
{
	AUTO_CLOSE int from = open(image->path, O_RDONLY | O_CLOEXEC);
	AUTO_CLOSE int to = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (from < 0 || to < 0)
		return error_set_errno(err, errno, "cannot open '%s'",
				       from < 0 ? image->path : path);
	return copy_sparse(from, to, err);
}

static bool export_qcow2(const struct disk_image *image, const char *path, struct error *err)
{
	AUTO(process_output_clear) struct process_output output = {0};
	const char *argv[] = {"qemu-img", "convert",   "-f", "raw", "-O",
			      "qcow2",	  image->path, path, NULL};
	struct process_run run = {.argv = argv};
	if (process_run(&run, &output, err))
		return true;
	return error_hint(err, "qemu-img makes qcow2: apt-get install qemu-utils");
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
		(void)error_set_errno(err, errno, "cannot write '%s'", path);
	(void)unlink(scratch);
	return false;
}
