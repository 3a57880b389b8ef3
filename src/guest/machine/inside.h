/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_MACHINE_INSIDE_H
#define I2KIT_GUEST_MACHINE_INSIDE_H

/*
 * Folders that programs of the pod write to. What lies in one is reached without ever leaving it,
 * whatever links they made there, even while they go on making them.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/string_list.h"

/* A descriptor of something below the open folder, or -1 and errno; links are followed inside. */
MUST_CHECK int inside_open(int folder, const char *path, int flags, mode_t mode);
/* Makes the folders of a path that are missing. */
MUST_CHECK bool inside_make_folders(int folder, const char *path, mode_t mode, struct error *err);
/*
 * Writes a file: in place where one with content is, so that a mount of it alone sees the change.
 */
MUST_CHECK bool inside_write(int folder, const char *path, const void *bytes, size_t size,
			     mode_t mode, struct error *err);
/* Names of what is in an open folder, appended; false and errno: it cannot be read. */
MUST_CHECK bool inside_list(int folder, struct string_list *ret);
/* Removes a file or a tree of any depth; absent is success. */
MUST_CHECK bool inside_remove(int folder, const char *path, struct error *err);

#endif
