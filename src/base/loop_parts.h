/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_BASE_LOOP_PARTS_H
#define I2KIT_BASE_LOOP_PARTS_H

/* What loop.c, loop_timer.c and loop_child.c share; nobody else includes this. */

#include <stddef.h>

#include "base/loop.h"
#include "base/loop_child.h"
#include "base/loop_timer.h"

enum source_kind { SOURCE_FD, SOURCE_TIMER, SOURCE_SIGNAL, SOURCE_CHILD, SOURCE_IDLE };

/* The first member of every kind of source. */
struct loop_source {
	struct loop *loop;
	enum source_kind kind;
	bool is_removed;
	bool is_pending; /* to be told in this round */
	struct loop_source *next;
	struct loop_source *previous;
};

struct loop_fd {
	struct loop_source source;
	int fd;
	int watched_fd; /* fd, or its duplicate */
	bool is_duplicate;
	bool is_always_ready; /* not pollable: fired every round */
	bool is_broken;	      /* and only with LOOP_HANGUP */
	unsigned events;
	loop_fd_fn *fn;
	void *arg;
};

struct loop_timer {
	struct loop_source source;
	uint64_t expires_us; /* CLOCK_BOOTTIME */
	uint64_t number;     /* grows with each arming: ties fire in that order */
	size_t place;	     /* in loop.timers, from 1; 0: not armed */
	loop_timer_fn *fn;
	void *arg;
};

struct loop_signal {
	struct loop_source source;
	int signo;
	loop_signal_fn *fn;
	void *arg;
};

struct loop_child {
	struct loop_source source;
	pid_t pid;
	int pid_fd;
	struct loop_fd *watch;
	struct loop_timer *poll; /* where there is no pidfd */
	loop_child_fn *fn;
	void *arg;
};

struct loop_idle {
	struct loop_source source;
	uint64_t number;
	loop_idle_fn *fn;
	void *arg;
};

struct loop {
	int epoll_fd;
	int timer_fd;
	int signal_fd;
	sigset_t signals;
	sigset_t blocked_by_us;
	struct loop_source *sources;
	struct loop_source *removed; /* to be freed when depth is 0 */
	struct loop_timer **timers;  /* binary heap, soonest first */
	size_t timer_count;
	uint64_t timer_number;
	uint64_t armed_us; /* what timer_fd is set to; 0: disarmed */
	size_t always_ready_count;
	size_t idle_count;
	uint64_t idle_number;
	unsigned depth; /* of loop_step() calls under way */
	bool is_stopped;
	int result;
};

void loop_source_attach(struct loop *loop, struct loop_source *source, enum source_kind kind);
void loop_source_remove(struct loop_source *source);
void loop_free_removed(struct loop *loop);
/* Sets timer_fd to when something is due, so that the epoll tells the truth. */
void loop_arm(struct loop *loop);
void loop_read_timer_fd(struct loop *loop);
void loop_fire_timers(struct loop *loop);

#endif
