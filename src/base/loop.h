/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_BASE_LOOP_H
#define I2KIT_BASE_LOOP_H

/*
 * One thread, one epoll loop. Callbacks run one after another and may add, change and remove any
 * source, their own included; a removed source never fires again. Nothing here blocks.
 */

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/cleanup.h"
#include "base/error.h"

struct loop;
struct loop_fd;
struct loop_timer;
struct loop_signal;
struct loop_child;
struct loop_idle;

enum loop_events {
	LOOP_READ = 1,
	LOOP_WRITE = 2,
	LOOP_HANGUP = 4, /* reported whether asked for or not: peer closed both ways, or error */
};

MUST_CHECK struct loop *loop_new(struct error *err); /* NULL on failure */
void loop_free(struct loop *loop); /* sources still attached are freed, their fds are not closed */
DEFINE_AUTO_PTR(loop, loop_free)

/* Runs until loop_stop(); returns the value given there. */
int loop_run(struct loop *loop);
/* One round: waits at most timeout_ms (-1: for ever, 0: not at all). */
void loop_step(struct loop *loop, int timeout_ms);
void loop_stop(struct loop *loop, int result);

typedef void loop_fd_fn(struct loop_fd *source, int fd, unsigned events, void *arg);
struct loop_fd *loop_add_fd(struct loop *loop, int fd, unsigned events, loop_fd_fn *fn, void *arg);
void loop_fd_set_events(struct loop_fd *source, unsigned events);
void loop_fd_remove(struct loop_fd *source); /* NULL is fine; fd stays open and the caller's */

/* Signals arrive as ordinary events (signalfd); they are blocked while a source is attached. */
typedef void loop_signal_fn(struct loop_signal *source, int signo, void *arg);
struct loop_signal *loop_add_signal(struct loop *loop, int signo, loop_signal_fn *fn, void *arg);
void loop_signal_remove(struct loop_signal *source);

/* Runs once, in this or the next round, after the events at hand. */
typedef void loop_idle_fn(void *arg);
struct loop_idle *loop_add_idle(struct loop *loop, loop_idle_fn *fn, void *arg);
void loop_idle_remove(struct loop_idle *idle); /* only before it ran */

#endif
