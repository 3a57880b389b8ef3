/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_BASE_PATH_H
#define I2KIT_BASE_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"

/* "a/b"; one slash between, whatever a ends with. Owned. */
char *path_join(const char *a, const char *b);

/*
 * The folders of the XDG Base Directory specification with "/i2kit" behind, owned and not created.
 * PATH_RUNTIME falls back to /run/i2kit for root and to $TMPDIR/i2kit-UID for others; it is made by
 * path_make_folders() alone, which refuses one that is not ours alone.
 */
enum path_folder {
	PATH_DATA,    /* $XDG_DATA_HOME   ~/.local/share: image store, volumes, logs */
	PATH_STATE,   /* $XDG_STATE_HOME  ~/.local/state: receipts, log file */
	PATH_CACHE,   /* $XDG_CACHE_HOME  ~/.cache: unpacked kernels, self-test results */
	PATH_CONFIG,  /* $XDG_CONFIG_HOME ~/.config: keys, defaults */
	PATH_RUNTIME, /* $XDG_RUNTIME_DIR: sockets, locks */
};
char *path_folder(enum path_folder folder, const char *below_or_null);

/* Creates all missing folders of path. */
MUST_CHECK bool path_make_folders(const char *path, mode_t mode, struct error *err);
/* Removes a file or a whole tree, without following links; absent is success. */
MUST_CHECK bool path_remove_tree(const char *path, struct error *err);
bool path_exists(const char *path);

/* The whole file; more than max_bytes is an error. *ret is NUL-terminated and owned. */
MUST_CHECK bool file_read(const char *path, size_t max_bytes, char **ret, size_t *ret_size,
			  struct error *err);
/* Written without a name, synced, put in its place: whole or not at all, and nothing beside it. */
MUST_CHECK bool file_write_atomic(const char *path, const void *bytes, size_t size, mode_t mode,
				  struct error *err);
/* What one that was killed may have left beside path. Under the lock of those who write it. */
void file_remove_drafts(const char *path);
/* All of it, over short writes and EINTR. */
MUST_CHECK bool fd_write_all(int fd, const void *bytes, size_t size, struct error *err);

/*
 * An exclusive flock() on path (created, 0600), held until the returned descriptor is closed, also
 * by the death of the process. Without `wait`, a lock that is taken is ERROR_BUSY. -1 on failure.
 */
MUST_CHECK int file_lock(const char *path, bool wait, struct error *err);

/* Whether it is relative and stays below where it starts: no "..". */
bool path_is_below(const char *path);

#endif
