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
#include "base/process.h"

/* A full file system writes less before it says so. */
static bool write_at(int to, const char *bytes, size_t size, off_t offset)
{
	for (size_t done = 0; done < size;) {
		ssize_t count = pwrite(to, bytes + done, size - done, offset + (off_t)done);
		if (count < 0 && errno != EINTR)
			return false;
		if (count > 0)
			done += (size_t)count;
	}
	return true;
}

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
		if (count <= 0)
			return error_set_errno(err, count < 0 ? errno : EIO, "cannot read it");
		if (!write_at(to, buffer, (size_t)count, start))
			return error_set_errno(err, errno, "cannot write it");
		start += count;
	}
	return true;
}

/* Holes stay holes. */
static bool copy_sparse(int from, int to, struct error *err)
{
	struct stat st;
	if (fstat(from, &st) != 0 || ftruncate(to, st.st_size) != 0)
		return error_set_errno(err, errno, "cannot copy it");
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
	return fsync(to) == 0 || error_set_errno(err, errno, "cannot write it");
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
