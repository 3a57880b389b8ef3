/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/copy/tree_receive.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"

#define BUFFER_BYTES ((size_t)64 << 10)
#define END_OF_TAR   1024 /* zeros; without them the sender died half-way */
#define EXTRACT_FLAGS                                                                              \
	(ARCHIVE_EXTRACT_OWNER | ARCHIVE_EXTRACT_PERM | ARCHIVE_EXTRACT_TIME |                     \
	 ARCHIVE_EXTRACT_XATTR | ARCHIVE_EXTRACT_ACL | ARCHIVE_EXTRACT_SPARSE |                    \
	 ARCHIVE_EXTRACT_UNLINK | ARCHIVE_EXTRACT_SECURE_SYMLINKS |                                \
	 ARCHIVE_EXTRACT_SECURE_NODOTDOT | ARCHIVE_EXTRACT_SECURE_NOABSOLUTEPATHS)

static bool archive_failed(struct archive *archive, struct error *err)
{
	const char *text = archive_error_string(archive);
	return error_set(err, ERROR_SYSTEM, "%s", text != NULL ? text : "the copy failed");
}

struct input {
	int fd;
	char buffer[BUFFER_BYTES];
	size_t zeros; /* at the end of all that was read */
};

static ssize_t read_input(struct archive *archive, void *arg, const void **ret)
{
	struct input *input = arg;
	ssize_t size;
	(void)archive;
	do
		size = read(input->fd, input->buffer, sizeof(input->buffer));
	while (size < 0 && errno == EINTR);
	for (ssize_t i = 0; i < size; i++)
		input->zeros = input->buffer[i] == '\0' ? input->zeros + 1 : 0;
	*ret = input->buffer;
	return size;
}

/* Into the working folder, which is empty. */
static bool extract(struct archive *in, struct archive *disk, struct error *err)
{
	struct archive_entry *entry;
	int result;
	while ((result = archive_read_next_header(in, &entry)) != ARCHIVE_EOF) {
		if (result < ARCHIVE_WARN)
			return archive_failed(in, err);
		if (archive_read_extract2(in, entry, disk) < ARCHIVE_WARN)
			return archive_failed(in, err);
	}
	return archive_write_close(disk) >= ARCHIVE_WARN || archive_failed(disk, err);
}

bool tree_receive(int fd, struct error *err)
{
	AUTO_FREE struct input *input = xcalloc(1, sizeof(*input));
	input->fd = fd;
	struct archive *in = archive_read_new();
	struct archive *disk = archive_write_disk_new();
	const void *rest;
	(void)archive_read_support_format_tar(in);
	(void)archive_write_disk_set_options(disk, EXTRACT_FLAGS);
	bool is_ok = (archive_read_open(in, input, NULL, read_input, NULL) == ARCHIVE_OK ||
		      archive_failed(in, err)) &&
		     extract(in, disk, err);
	while (is_ok && read_input(NULL, input, &rest) > 0)
		continue;
	if (is_ok && input->zeros < END_OF_TAR)
		is_ok = error_set(err, ERROR_INVALID, "what came is not whole");
	(void)archive_read_free(in);
	(void)archive_write_free(disk);
	return is_ok;
}
