/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_STORE_FOLDERS_H
#define I2KIT_IMAGE_STORE_FOLDERS_H

/* What prune and verify know of the store beyond image/store.h. */

#include "image/store.h"

const char *store_kind_folder(enum store_kind kind); /* "blobs/sha256", … below the store */
const char *store_kind_suffix(enum store_kind kind); /* ".img", or "" */

/* FOLDER/use.lock, shared by every open store; exclusive never waits (ERROR_BUSY). -1 on failure.
 */
MUST_CHECK int store_use_lock(const char *folder, bool is_exclusive, struct error *err);
/* The open store's own lock; converted to exclusive and back by prune. */
int store_use_fd(const struct store *store);

#endif
