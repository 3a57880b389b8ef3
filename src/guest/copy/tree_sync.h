/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_COPY_TREE_SYNC_H
#define I2KIT_GUEST_COPY_TREE_SYNC_H

/*
 * What `develop.watch` saw change on the developer's machine, as one tar (local/watch/sync_archive.h
 * writes it): first a file "delete" with the paths that are gone, each ended by a NUL, where there
 * are any; then "files/PATH" for each folder, file and link, PATH seen from the root.
 */

#include <sys/types.h>

#include "base/error.h"

#define SYNC_DELETE "delete"
#define SYNC_FILES  "files"

/*
 * Reads it from fd to its end and does it below the open folder root, whose links are followed
 * inside of it. Each file is replaced at once, as editors do it, and belongs to the user. What was
 * done before a failure stays: the host sends the batch again.
 */
MUST_CHECK bool tree_sync(int fd, int root, uid_t user, gid_t group, struct error *err);

#endif
