/* SPDX-License-Identifier: Apache-2.0 */
#include "image/store/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/path.h"

struct store {
	char *folder;
	int use_fd; /* shared lock on FOLDER/use.lock, held until close */
};

static const struct {
	const char *folder;
	const char *suffix;
} places[] = {
	[STORE_BLOB] = {"blobs/sha256", ""},
	[STORE_LAYER] = {"layers", ".sqfs"},
	[STORE_DISK] = {"disks", ".img"},
	[STORE_BUILD] = {"builds", ""},
};

const char *store_folder(const struct store *store)
{
	return store->folder;
}

bool store_error_hint(const struct store *store, struct error *err)
{
	if (err != NULL && err->kind == ERROR_FULL)
		error_hint(err, "make room below %s, for example with: i2kit prune", store->folder);
	return false;
}

/* What died processes left in tmp/. A file whose lock can be had belongs to nobody. */
static void remove_leftovers(const struct store *store)
{
	AUTO_FREE char *folder = path_join(store->folder, "tmp");
	DIR *dir = opendir(folder);
	if (dir == NULL)
		return;
	for (const struct dirent *entry; (entry = readdir(dir)) != NULL;) {
		if (entry->d_name[0] == '.')
			continue;
		AUTO_FREE char *path = path_join(folder, entry->d_name);
		AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
		if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
			(void)unlink(path);
	}
	(void)closedir(dir);
}

/* Others must be able to reach a disk image (libvirt's qemu), not to list what there is. */
static bool make_folders(const struct store *store, struct error *err)
{
	static const char *const names[] = {"blobs/sha256", "layers",  "disks", "builds", "refs",
					    "layouts",	    "partial", "tmp",	"locks"};
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		AUTO_FREE char *path = path_join(store->folder, names[i]);
		if (!path_make_folders(path, 0711, err))
			return false;
	}
	return true;
}

static bool lock_use(const struct store *store, int how, struct error *err)
{
	while (flock(store->use_fd, how) < 0) {
		if (errno == EINTR)
			continue;
		if (errno == EWOULDBLOCK)
			return error_set(err, ERROR_BUSY,
					 "the image store %s is in use by another i2kit",
					 store->folder);
		return error_set_errno(err, errno, "lock %s/use.lock", store->folder);
	}
	return true;
}

bool store_hold_alone(struct store *store, struct error *err)
{
	/* The kernel gives the shared lock up before it asks for the other: take it back. */
	if (lock_use(store, LOCK_EX | LOCK_NB, err))
		return true;
	store_share_again(store);
	return false;
}

void store_share_again(struct store *store)
{
	struct error ignored = ERROR_INIT;
	(void)!lock_use(store, LOCK_SH, &ignored);
	error_clear(&ignored);
}

static bool open_use(struct store *store, struct error *err)
{
	AUTO_FREE char *path = path_join(store->folder, "use.lock");
	store->use_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (store->use_fd < 0)
		return error_set_errno(err, errno, "%s", path);
	return lock_use(store, LOCK_SH, err);
}

struct store *store_open(const char *folder_or_null, struct error *err)
{
	AUTO_PTR(store) struct store *store = xcalloc(1, sizeof(*store));
	store->use_fd = -1;
	store->folder = folder_or_null ? xstrdup(folder_or_null) : path_folder(PATH_DATA, NULL);
	if (!make_folders(store, err)) {
		error_prefix(err, "image store");
		store_error_hint(store, err);
		return NULL;
	}
	if (!open_use(store, err))
		return NULL;
	remove_leftovers(store);
	return TAKE_PTR(store);
}

void store_close(struct store *store)
{
	if (store == NULL)
		return;
	if (store->use_fd >= 0)
		(void)close(store->use_fd);
	free(store->folder);
	free(store);
}

char *store_path(const struct store *store, enum store_kind kind, const struct digest *digest)
{
	return xasprintf("%s/%s/%s%s", store->folder, places[kind].folder, DIGEST_HEX(digest),
			 places[kind].suffix);
}

bool store_size(const struct store *store, enum store_kind kind, const struct digest *digest,
		uint64_t *ret)
{
	struct stat st;
	if (!digest_is_set(digest))
		return false;
	AUTO_FREE char *path = store_path(store, kind, digest);
	if (stat(path, &st) < 0 || !S_ISREG(st.st_mode))
		return false;
	*ret = (uint64_t)st.st_size;
	return true;
}

bool store_has(const struct store *store, enum store_kind kind, const struct digest *digest)
{
	uint64_t size = 0;
	return store_size(store, kind, digest, &size);
}

static int lock(const struct store *store, enum store_kind kind, const struct digest *digest,
		bool wait, struct error *err)
{
	static const char *const names[] = {[STORE_BLOB] = "blob",
					    [STORE_LAYER] = "layer",
					    [STORE_DISK] = "disk",
					    [STORE_BUILD] = "build"};
	AUTO_FREE char *path =
		xasprintf("%s/locks/%s-%s", store->folder, names[kind], DIGEST_HEX(digest));
	for (;;) {
		AUTO_CLOSE int fd = file_lock(path, wait, err);
		struct stat held;
		struct stat named;
		if (fd < 0)
			return -1;
		/*
		 * prune may have removed the file between open and lock: then nobody else sees it.
		 */
		if (fstat(fd, &held) == 0 && stat(path, &named) == 0 &&
		    held.st_ino == named.st_ino && held.st_dev == named.st_dev)
			return take_fd(&fd);
	}
}

int store_lock(struct store *store, enum store_kind kind, const struct digest *digest,
	       struct error *err)
{
	return lock(store, kind, digest, true, err);
}

int store_try_lock(struct store *store, enum store_kind kind, const struct digest *digest,
		   struct error *err)
{
	return lock(store, kind, digest, false, err);
}

/* Locks the draft's file; false (without error) when a cleaner was faster and removed it. */
static bool hold_draft(struct store_draft *draft)
{
	struct stat st;
	draft->lock_fd = open(draft->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (draft->lock_fd < 0)
		return false;
	while (flock(draft->lock_fd, LOCK_EX) < 0) {
		if (errno != EINTR)
			return false;
	}
	return fstat(draft->lock_fd, &st) == 0 && st.st_nlink > 0;
}

bool store_draft_open(struct store *store, struct store_draft *ret, struct error *err)
{
	enum { TRIES = 100 };
	for (int i = 0; i < TRIES; i++) {
		struct store_draft draft = STORE_DRAFT_INIT;
		draft.path = xasprintf("%s/tmp/XXXXXX", store->folder);
		draft.fd = mkostemp(draft.path, O_CLOEXEC);
		if (draft.fd < 0) {
			error_set_errno(err, errno, "create a file in %s/tmp", store->folder);
			free(draft.path);
			return store_error_hint(store, err);
		}
		if (hold_draft(&draft)) {
			*ret = draft;
			return true;
		}
		store_draft_drop(&draft);
	}
	return error_set(err, ERROR_BUSY, "files in %s/tmp vanish as they are made", store->folder);
}

static void close_draft(struct store_draft *draft)
{
	if (draft->fd >= 0)
		(void)close(draft->fd);
	if (draft->lock_fd >= 0)
		(void)close(draft->lock_fd);
	free(draft->path);
	*draft = STORE_DRAFT_INIT;
}

void store_draft_drop(struct store_draft *draft)
{
	if (draft->path != NULL && !draft->is_partial)
		(void)unlink(draft->path);
	close_draft(draft);
}

void store_partial_drop(struct store_draft *draft)
{
	draft->is_partial = false;
	store_draft_drop(draft);
}

bool store_partial_open(struct store *store, const struct digest *digest, struct store_draft *ret,
			uint64_t *ret_size, struct error *err)
{
	struct stat st;
	struct store_draft draft = STORE_DRAFT_INIT;
	draft.is_partial = true;
	draft.path = xasprintf("%s/partial/%s", store->folder, DIGEST_HEX(digest));
	draft.fd = open(draft.path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (draft.fd < 0 || !hold_draft(&draft) || fstat(draft.fd, &st) < 0 ||
	    lseek(draft.fd, 0, SEEK_END) < 0) {
		error_set_errno(err, errno, "%s", draft.path);
		close_draft(&draft);
		return store_error_hint(store, err);
	}
	*ret_size = (uint64_t)st.st_size;
	*ret = draft;
	return true;
}

static bool sync_folder(const char *folder, struct error *err)
{
	AUTO_CLOSE int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) < 0)
		return error_set_errno(err, errno, "sync %s", folder);
	return true;
}

/* Like rename(), but an existing file stays: it has the same content and may be in use. */
static bool rename_or_keep(const char *from, const char *to)
{
	if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
		return true;
	if (errno == EEXIST)
		return unlink(from) == 0;
	/* Not every filesystem knows the flag. */
	return errno == EINVAL && rename(from, to) == 0;
}

bool store_draft_commit(struct store *store, struct store_draft *draft, enum store_kind kind,
			const struct digest *digest, struct error *err)
{

	AUTO_FREE char *path = store_path(store, kind, digest);
	/* A disk is read by libvirt's qemu as another user; private layers are nobody else's. */
	mode_t mode = 0400;
	if (fchmod(draft->lock_fd, mode) < 0 || fsync(draft->lock_fd) < 0 ||
	    !rename_or_keep(draft->path, path)) {
		error_set_errno(err, errno, "store %s", path);
		return store_error_hint(store, err);
	}
	close_draft(draft);
	AUTO_FREE char *folder = path_join(store->folder, places[kind].folder);
	return sync_folder(folder, err);
}

/* So that the fsync at the end has little to do: the medium works while the next bytes come. */
static void begin_writeback(int fd, size_t just_written)
{
	const off_t step = (off_t)8 << 20;
	off_t at = lseek(fd, 0, SEEK_CUR);
	off_t before = at - (off_t)just_written;
	if (before >= 0 && at / step != before / step)
		(void)sync_file_range(fd, before / step * step, at - before / step * step,
				      SYNC_FILE_RANGE_WRITE);
}

bool store_write(const struct store *store, int fd, const void *bytes, size_t size,
		 struct error *err)
{
	if (fd_write_all(fd, bytes, size, err)) {
		begin_writeback(fd, size);
		return true;
	}
	error_prefix(err, "image store");
	return store_error_hint(store, err);
}

bool store_read_blob(struct store *store, const struct digest *digest, size_t max_bytes, char **ret,
		     size_t *ret_size, struct error *err)
{

	AUTO_FREE char *bytes = NULL;
	size_t size = 0;

	AUTO_FREE char *path = store_path(store, STORE_BLOB, digest);
	if (!file_read(path, max_bytes, &bytes, &size, err))
		return error_prefix(err, "image store");
	struct digest actual = sha256_digest(bytes, size);
	if (!digest_equal(&actual, digest)) {
		error_set(err, ERROR_CORRUPT, "%s has changed since it was stored", path);
		return error_hint(err, "i2kit images --verify --repair");
	}
	*ret = TAKE_PTR(bytes);
	*ret_size = size;
	return true;
}

bool store_write_blob(struct store *store, const void *bytes, size_t size,
		      struct digest *out_digest, struct error *err)
{
	AUTO(store_draft_drop) struct store_draft draft = STORE_DRAFT_INIT;
	*out_digest = sha256_digest(bytes, size);
	if (store_has(store, STORE_BLOB, out_digest))
		return true;
	return store_draft_open(store, &draft, err) &&
	       store_write(store, draft.fd, bytes, size, err) &&
	       store_draft_commit(store, &draft, STORE_BLOB, out_digest, err);
}
