/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_WATCH_SYNC_ARCHIVE_H
#define I2KIT_LOCAL_WATCH_SYNC_ARCHIVE_H

/*
 * A batch of changes as the guest takes it (guest/copy/tree_sync.h has the format). No link is
 * followed, neither to a file nor to a folder: one that was made goes as the link it is.
 */

#include "image/store/store.h"
#include "local/watch/watch_work.h"

struct sync_counts {
	size_t written;
	size_t deleted;
	size_t skipped;	     /* sockets, devices, what cannot be read */
	char *first_skipped; /* owned; or NULL */
	bool has_lost_root;  /* the folder of a rule is gone: what is in the container stays */
};
void sync_counts_clear(struct sync_counts *counts);

/* changes: settled. fd: a file that is empty; a batch with nothing in it leaves it so. */
MUST_CHECK bool sync_archive_write(const struct store *store, int fd,
				   const struct watch_changes *changes, struct sync_counts *ret,
				   struct error *err);

#endif
