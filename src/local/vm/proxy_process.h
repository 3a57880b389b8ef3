/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_VM_PROXY_PROCESS_H
#define I2KIT_LOCAL_VM_PROXY_PROCESS_H

/*
 * HAProxy as a process of the supervisor's: started by its starter, behind a fence (fence_proxy()),
 * with the sockets that it is given and none that it makes.
 *
 * The connection of the request stays open while it runs, and each end learns from it what becomes
 * of the other: shut down for writing by the supervisor, it ends when its connections have; closed,
 * at once. What it said before it ended is the answer, which comes then.
 */

#include <stddef.h>

#include "base/error.h"

enum { PROXY_FIRST_FD = 3, PROXY_FDS_MAX = 900 };

/* Starts it by the starter; the connection, non-blocking for reading, or -1. */
MUST_CHECK int proxy_process_start(const char *config_path, const int *fds, size_t fd_count,
				   struct error *err);
/* Reads why it ended, when the connection has something to read; always false. */
bool proxy_process_end(int connection, struct error *err);

/*
 * In the starter: runs it to its end, in a thread of its own that may be fenced. The descriptors are
 * taken: a port is listened on no longer than HAProxy and the supervisor want it.
 */
MUST_CHECK bool proxy_process_serve(const char *config_path, int *fds, size_t fd_count,
				    int connection, struct error *err);

#endif
