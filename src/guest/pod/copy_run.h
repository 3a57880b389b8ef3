/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_POD_COPY_RUN_H
#define I2KIT_GUEST_POD_COPY_RUN_H

/*
 * `i2kit cp`: an exec session whose program is ours, not the image's. Its argv is EXEC_COPY,
 * "get" PATH, "put" PATH NAME, or "unpack" PATH; the bytes are a tar. `develop.watch` has "sync",
 * whose files become the container's user's (copy/tree_sync.h), also while the container does not
 * run.
 */

#include "guest/pod/container.h"

bool copy_run_is_meant(const struct string_list *argv);
/*
 * The process, or -1. done is called from the loop with its wait status. It ends by itself when its
 * descriptors are closed: half of a copy is then taken back.
 */
MUST_CHECK pid_t copy_run_start(struct container *container, const struct string_list *argv,
				const int fds[3], reaper_fn *done, void *arg, struct error *err);

#endif
