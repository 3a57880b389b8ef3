/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_KUBELET_REAPER_H
#define I2KIT_GUEST_KUBELET_REAPER_H

/*
 * PID 1 inherits every orphan and must wait for all of them, not only for its own children: so one
 * place waits, and tells whoever asked. (Not loop_add_child(): two waiters would steal from each
 * other.)
 */

#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/loop.h"

struct reaper;
typedef void reaper_fn(pid_t pid, int status, void *arg);

struct reaper *reaper_new(struct loop *loop);
/*
 * Calls fn once when pid has ended, from the loop, also when it had ended before this call, but not
 * before since_ms (monotonic; the process cannot have been there earlier): numbers come back, and
 * an older process of this number means nothing.
 */
#define REAPER_CHILD UINT64_MAX /* since_ms of what spawn() has just started */
void reaper_watch(struct reaper *reaper, pid_t pid, uint64_t since_ms, reaper_fn *fn, void *arg);
void reaper_forget(struct reaper *reaper, pid_t pid);

/*
 * Starts a program with descriptors for 0, 1, 2 (-1: /dev/null), default signals and the given
 * environment (NULL: a plain one); all other descriptors are closed on exec. -1 and *err on
 * failure.
 */
MUST_CHECK pid_t spawn(const char *const *argv, const char *const *environment, const int fds[3],
		       struct error *err);
/*
 * The same, and waits for its end: where nothing else is to be done before. False too when it
 * failed. fds NULL: all /dev/null.
 */
MUST_CHECK bool spawn_and_wait(const char *const *argv, const int *fds, struct error *err);
/* What a child of ours came to, without the loop. name: for the message. */
MUST_CHECK bool wait_for_end(pid_t pid, const char *name, struct error *err);

/* The process that a runtime says it started, in its --pid-file; false: none that can be one. */
MUST_CHECK bool pid_file_read(const char *path, pid_t *ret);

#endif
