/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_BASE_PROCESS_CHILD_H
#define I2KIT_BASE_PROCESS_CHILD_H

/*
 * A part of this program in a process of its own, so that it can be fenced as a whole (fence.h) and
 * what breaks there breaks nothing here. It has a copy of our memory, our open files and one socket
 * to us; our other sockets and threads do not come with it. It dies with us, and is in our process
 * group, so that Ctrl-C reaches both.
 */

#include <sys/types.h>

#include "base/error.h"

/* Runs in the child. The process ends when it returns; nothing of ours is flushed or freed. */
typedef void process_child_fn(int socket_fd, void *arg);

/* *ret_fd is ours to close: a stream socket whose other end is the child's. */
MUST_CHECK bool process_child_start(process_child_fn *fn, void *arg, pid_t *ret_pid, int *ret_fd,
				    struct error *err);
/* Waits for its end; as from waitpid(). */
int process_child_wait(pid_t pid);

#endif
