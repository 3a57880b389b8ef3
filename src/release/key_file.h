/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_RELEASE_KEY_FILE_H
#define I2KIT_RELEASE_KEY_FILE_H

/* Files that say who we are or whom we believe: read only where nobody else can have written them. */

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum key_file_kind {
	KEY_FILE_SECRET, /* ours, and nobody else may read or write it */
	KEY_FILE_PUBLIC, /* not for everybody to write to */
};

/* *ret is NUL-terminated and owned. ERROR_DENIED, with what to type, for a link, something that is no
 * file, another's, or loose permissions; ERROR_INVALID beyond max bytes. */
MUST_CHECK bool key_file_read(const char *path, enum key_file_kind kind, size_t max, char **ret,
			      size_t *ret_size, struct error *err);

/* ERROR_DENIED where the folder is a link or none: what a repository brings with it does not say where
 * files outside of it are written. One that is not there is fine. */
MUST_CHECK bool key_file_check_folder(const char *path, struct error *err);

#endif
