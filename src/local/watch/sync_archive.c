/* SPDX-License-Identifier: Apache-2.0 */
#include "local/watch/sync_archive.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "image/linuxkit/tar_writer.h"

#define PIECE_BYTES   ((size_t)256 << 10)
#define MAX_LINK      4096
#define FILES_PREFIX  "files"
#define DELETE_MEMBER "delete"

/* Names are bytes, whatever the reader's locale thinks of them. */
static const struct tar_record raw_names = {"hdrcharset", "BINARY", 6};

void sync_counts_clear(struct sync_counts *counts)
{
	free(counts->first_skipped);
	*counts = (struct sync_counts){0};
}

struct writing {
	struct tar_writer *tar;
	struct strbuf deleted; /* paths, each with its NUL */
	bool *are_there;       /* one a change */
	char *piece;	       /* PIECE_BYTES */
	struct sync_counts counts;
};

static void skip(struct writing *writing, const struct watch_change *change)
{
	writing->counts.skipped++;
	if (writing->counts.first_skipped == NULL)
		writing->counts.first_skipped = xstrdup(change->path);
}

/* As a place alone, whatever it is; -1 and errno. Links on the way lead nowhere. */
static int open_place(const struct watch_change *change)
{
	const char *root = change->item->root;
	const char *slash = strrchr(root, '/');
	AUTO_FREE char *above =
		slash > root ? xstrndup(root, (size_t)(slash - root)) : xstrdup("/");
	AUTO_CLOSE int folder = open(above, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct open_how how = {.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
			       .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS};

	if (folder < 0)
		return -1;
	const char *below = change->path + (slash - root) + 1;
	return (int)syscall(SYS_openat2, folder, below[0] != '\0' ? below : ".", &how, sizeof(how));
}

/* What is gone here goes there; not all of a container's folder, for a branch that lacks it. */
static void note_gone(struct writing *writing, const struct watch_change *change)
{
	if (change->item->is_folder && strcmp(change->path, change->item->root) == 0) {
		writing->counts.has_lost_root = true;
		return;
	}
	/* Without the slash that it begins with. */
	strbuf_append_bytes(&writing->deleted, change->inside + 1, strlen(change->inside + 1) + 1);
	writing->counts.deleted++;
}

static void look(struct writing *writing, const struct watch_changes *changes)
{
	for (size_t i = 0; i < changes->count; i++) {
		const struct watch_change *change = &changes->items[i];
		AUTO_CLOSE int place = change->inside[0] != '\0' ? open_place(change) : -1;
		writing->are_there[i] = place >= 0;
		if (place >= 0 || change->inside[0] == '\0')
			continue;
		if (errno == ENOENT || errno == ENOTDIR)
			note_gone(writing, change);
		else if (errno != ELOOP) /* a folder became a link, which goes by itself */
			skip(writing, change);
	}
}

static struct tar_entry entry_of(const struct stat *status, const char *name)
{
	return (struct tar_entry){.name = name,
				  .mode = status->st_mode & 0777,
				  .mtime_s = status->st_mtim.tv_sec,
				  .mtime_ns = (uint32_t)status->st_mtim.tv_nsec,
				  .records = &raw_names,
				  .record_count = 1};
}

/* A file that shrinks meanwhile is filled up: its change is another batch. */
static bool write_content(struct writing *writing, int fd, uint64_t size, struct error *err)
{
	while (size > 0) {
		size_t wanted = size < PIECE_BYTES ? (size_t)size : PIECE_BYTES;
		ssize_t got = read(fd, writing->piece, wanted);
		if (got <= 0) {
			memset(writing->piece, 0, wanted);
			got = (ssize_t)wanted;
		}
		if (!tar_writer_data(writing->tar, writing->piece, (size_t)got, err))
			return false;
		size -= (uint64_t)got;
	}
	return true;
}

static bool write_file(struct writing *writing, const struct watch_change *change, int place,
		       struct tar_entry *entry, struct error *err)
{
	AUTO_FREE char *again = xasprintf("/proc/self/fd/%d", place);
	AUTO_CLOSE int fd = open(again, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0) {
		skip(writing, change);
		return true;
	}
	entry->type = TAR_FILE;
	entry->size_bytes = (uint64_t)status.st_size;
	writing->counts.written++;
	return tar_writer_begin(writing->tar, entry, err) &&
	       write_content(writing, fd, entry->size_bytes, err);
}

static bool write_link(struct writing *writing, const struct watch_change *change, int place,
		       struct tar_entry *entry, struct error *err)
{
	char target[MAX_LINK + 1];
	ssize_t size = readlinkat(place, "", target, MAX_LINK);

	if (size <= 0) {
		skip(writing, change);
		return true;
	}
	target[size] = '\0';
	entry->type = TAR_SYMLINK;
	entry->link = target;
	writing->counts.written++;
	bool is_added = tar_writer_add(writing->tar, entry, NULL, err);
	entry->link = NULL;
	return is_added;
}

static bool write_one(struct writing *writing, const struct watch_change *change, struct error *err)
{
	AUTO_FREE char *name = xasprintf(FILES_PREFIX "%s", change->inside);
	AUTO_CLOSE int place = open_place(change);
	struct stat status;

	/* Gone since: that is a change of its own. */
	if (place < 0)
		return true;
	if (fstat(place, &status) < 0) {
		skip(writing, change);
		return true;
	}
	struct tar_entry entry = entry_of(&status, name);
	if (S_ISREG(status.st_mode))
		return write_file(writing, change, place, &entry, err);
	if (S_ISLNK(status.st_mode))
		return write_link(writing, change, place, &entry, err);
	if (!S_ISDIR(status.st_mode)) {
		skip(writing, change);
		return true;
	}
	/* What the container has at the target keeps its own mode: it may be /tmp. */
	if (strcmp(change->path, change->item->root) == 0)
		return true;
	entry.type = TAR_FOLDER;
	return tar_writer_add(writing->tar, &entry, NULL, err);
}

static bool write_deleted(struct writing *writing, struct error *err)
{
	const struct tar_entry entry = {.name = DELETE_MEMBER,
					.type = TAR_FILE,
					.mode = 0600,
					.size_bytes = writing->deleted.size};

	return writing->deleted.size == 0 ||
	       tar_writer_add(writing->tar, &entry, writing->deleted.data, err);
}

static bool has_content(const struct writing *writing, size_t count)
{
	bool is_there = writing->deleted.size > 0;

	for (size_t i = 0; i < count; i++)
		is_there = is_there || writing->are_there[i];
	return is_there;
}

static bool write_all(struct writing *writing, const struct watch_changes *changes,
		      struct error *err)
{
	if (!has_content(writing, changes->count))
		return true;
	if (!write_deleted(writing, err))
		return false;
	for (size_t i = 0; i < changes->count; i++) {
		if (writing->are_there[i] && !write_one(writing, &changes->items[i], err))
			return error_prefix(err, "%s", changes->items[i].path);
	}
	return tar_writer_finish(writing->tar, err);
}

bool sync_archive_write(const struct store *store, int fd, const struct watch_changes *changes,
			struct sync_counts *ret, struct error *err)
{
	AUTO_PTR(tar_writer) struct tar_writer *tar = tar_writer_new(store, fd);
	AUTO_FREE char *piece = xcalloc(1, PIECE_BYTES);
	AUTO_FREE bool *are_there = xcalloc(changes->count + 1, sizeof(*are_there));
	struct writing writing = {.tar = tar, .are_there = are_there, .piece = piece};

	look(&writing, changes);
	bool is_written = write_all(&writing, changes, err);
	strbuf_clear(&writing.deleted);
	*ret = writing.counts;
	return is_written;
}
