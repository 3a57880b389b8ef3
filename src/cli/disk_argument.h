/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLI_DISK_ARGUMENT_H
#define I2KIT_CLI_DISK_ARGUMENT_H

#include "base/error.h"
#include "image/store/store.h"

/*
 * A disk as people name it: a file, or the digest (or the beginning of one) of a disk in the store.
 * *ret is the path, owned.
 */
MUST_CHECK bool disk_argument_find(struct store *store, const char *text, char **ret,
				   struct error *err);

#endif
