/* SPDX-License-Identifier: Apache-2.0 */
#include "image/linuxkit/linuxkit_initrd.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "image/linuxkit/linuxkit_output.h"

enum { CHUNK_SIZE = 256 << 10 };

typedef bool piece_fn(const void *bytes, size_t size, void *arg, struct error *err);

static bool each_piece(int fd, const struct tar_place *place, piece_fn *fn, void *arg,
		       struct error *err)
{
	AUTO_FREE char *chunk = xmalloc(CHUNK_SIZE);
	for (uint64_t done = 0; done < place->size_bytes;) {
		uint64_t left = place->size_bytes - done;
		ssize_t got = pread(fd, chunk, left < CHUNK_SIZE ? (size_t)left : CHUNK_SIZE,
				    (off_t)(place->data_offset + done));
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return error_set_errno(err, got < 0 ? errno : EIO, "read back %s",
					       place->name);
		if (!fn(chunk, (size_t)got, arg, err))
			return false;
		done += (uint64_t)got;
	}
	return true;
}

static bool to_fd(const void *bytes, size_t size, void *arg, struct error *err)
{
	const struct linuxkit_output *output = arg;
	return fd_write_all(output->fd, bytes, size, err) || error_prefix(err, "%s", output->path);
}

static bool archive_failed(struct archive *archive, struct error *err)
{
	int errnum = archive_errno(archive);
	return error_set_errno(err, errnum ? errnum : EIO, "write the initrd");
}

static bool to_archive(const void *bytes, size_t size, void *arg, struct error *err)
{
	struct archive *archive = arg;
	return archive_write_data(archive, bytes, size) == (la_ssize_t)size ||
	       archive_failed(archive, err);
}

/* From "a/b/c" to "a/d/e": "../d/e". */
static char *relative_link(const char *from, const char *to)
{
	AUTO(strbuf_clear) struct strbuf link = STRBUF_INIT;
	size_t common = 0;
	for (size_t i = 0; from[i] != '\0' && from[i] == to[i]; i++) {
		if (from[i] == '/')
			common = i + 1;
	}
	for (const char *p = from + common; (p = strchr(p, '/')) != NULL; p++)
		strbuf_append(&link, "../");
	strbuf_append(&link, to + common);
	return strbuf_take(&link);
}

static mode_t file_type(enum tar_type type)
{
	switch (type) {
	case TAR_FOLDER:
		return S_IFDIR;
	case TAR_SYMLINK:
	case TAR_HARD_LINK:
		return S_IFLNK;
	case TAR_CHARACTER:
		return S_IFCHR;
	case TAR_BLOCK:
		return S_IFBLK;
	case TAR_FIFO:
		return S_IFIFO;
	case TAR_FILE:
		break;
	}
	return S_IFREG;
}

static void free_entry(struct archive_entry **entry)
{
	archive_entry_free(*entry);
}

static bool write_place(struct archive *archive, int fd, const struct tar_place *place,
			int64_t inode, struct error *err)
{
	AUTO(free_entry) struct archive_entry *entry = archive_entry_new();
	if (entry == NULL)
		return error_set(err, ERROR_SYSTEM, "no memory for libarchive");
	archive_entry_set_pathname(entry, place->name);
	archive_entry_set_mode(entry, file_type(place->type) | (place->mode & 07777));
	archive_entry_set_uid(entry, place->uid);
	archive_entry_set_gid(entry, place->gid);
	archive_entry_set_mtime(entry, place->mtime_s, 0);
	archive_entry_set_ino64(entry, inode);
	archive_entry_set_nlink(entry, 1);
	archive_entry_set_size(entry, (int64_t)place->size_bytes);
	if (place->type == TAR_CHARACTER || place->type == TAR_BLOCK)
		archive_entry_set_rdev(entry, makedev(place->device_major, place->device_minor));
	AUTO_FREE char *link = place->type == TAR_HARD_LINK
				       ? relative_link(place->name, place->link)
				       : xstrdup_or_null(place->link);
	if (link != NULL)
		archive_entry_set_symlink(entry, link);
	if (archive_write_header(archive, entry) != ARCHIVE_OK)
		return archive_failed(archive, err);
	return each_piece(fd, place, to_archive, archive, err);
}

static void free_archive(struct archive **archive)
{
	(void)archive_write_free(*archive);
}

static bool is_boot(const char *name)
{
	return strcmp(name, "boot") == 0 || strncmp(name, "boot/", 5) == 0;
}

static bool write_cpio(const struct tar_place *places, size_t count, int fd,
		       const struct linuxkit_output *output, struct error *err)
{
	int64_t inode = 1;
	AUTO(free_archive) struct archive *archive = archive_write_new();
	if (archive == NULL || archive_write_set_format_cpio_newc(archive) != ARCHIVE_OK ||
	    archive_write_add_filter_gzip(archive) != ARCHIVE_OK ||
	    archive_write_set_options(archive, "gzip:!timestamp,gzip:compression-level=4") !=
		    ARCHIVE_OK ||
	    archive_write_set_bytes_in_last_block(archive, 1) != ARCHIVE_OK ||
	    archive_write_open_fd(archive, output->fd) != ARCHIVE_OK)
		return error_set(err, ERROR_SYSTEM, "libarchive cannot write cpio with gzip");
	for (size_t i = 0; i < count; i++) {
		if (is_boot(places[i].name) || strcmp(places[i].name, ".") == 0)
			continue;
		if (!write_place(archive, fd, &places[i], inode++, err))
			return false;
	}
	return archive_write_close(archive) == ARCHIVE_OK || archive_failed(archive, err);
}

static const struct tar_place *find(const struct tar_place *places, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(places[i].name, name) == 0)
			return &places[i];
	}
	return NULL;
}

static bool write_copy(const struct tar_place *place, int fd, const char *prefix,
		       const char *suffix, struct error *err)
{
	AUTO(linuxkit_output_clear) struct linuxkit_output output = LINUXKIT_OUTPUT_INIT;
	AUTO_FREE char *path = xasprintf("%s%s", prefix, suffix);
	return linuxkit_output_open(path, &output, err) &&
	       (place == NULL || each_piece(fd, place, to_fd, &output, err)) &&
	       linuxkit_output_commit(&output, err);
}

bool linuxkit_initrd_write(struct tar_writer *tar, int fd, const char *prefix, struct error *err)
{
	size_t count = 0;
	AUTO(linuxkit_output_clear) struct linuxkit_output output = LINUXKIT_OUTPUT_INIT;
	AUTO_FREE char *path = xasprintf("%s-initrd.img", prefix);
	const struct tar_place *places = tar_writer_places(tar, &count);
	const struct tar_place *kernel = find(places, count, "boot/kernel");
	const struct tar_place *ucode = find(places, count, "boot/ucode.cpio");
	if (kernel == NULL)
		return error_set(err, ERROR_INVALID,
				 "the document has no kernel to put beside an initrd");
	if (!linuxkit_output_open(path, &output, err) ||
	    (ucode != NULL && !each_piece(fd, ucode, to_fd, &output, err)) ||
	    !write_cpio(places, count, fd, &output, err) || !linuxkit_output_commit(&output, err))
		return false;
	return write_copy(kernel, fd, prefix, "-kernel", err) &&
	       write_copy(find(places, count, "boot/cmdline"), fd, prefix, "-cmdline", err);
}
