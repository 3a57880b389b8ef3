/* SPDX-License-Identifier: Apache-2.0 */
#include "base/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/loop_child.h"
#include "base/loop_parts.h"
#include "base/loop_timer.h"

/* Life of a source: attached → removed (never fires again) → freed when no step is under way. */

void loop_source_attach(struct loop *loop, struct loop_source *source, enum source_kind kind)
{
	source->loop = loop;
	source->kind = kind;
	source->next = loop->sources;
	source->previous = NULL;
	if (loop->sources != NULL)
		loop->sources->previous = source;
	loop->sources = source;
}

static void unlink_source(struct loop_source *source)
{
	if (source->previous != NULL)
		source->previous->next = source->next;
	else
		source->loop->sources = source->next;
	if (source->next != NULL)
		source->next->previous = source->previous;
}

void loop_source_remove(struct loop_source *source)
{
	struct loop *loop = source->loop;
	unlink_source(source);
	source->is_removed = true;
	source->next = loop->removed;
	loop->removed = source;
	if (loop->depth == 0)
		loop_free_removed(loop);
}

void loop_free_removed(struct loop *loop)
{
	while (loop->removed != NULL) {
		struct loop_source *source = loop->removed;
		loop->removed = source->next;
		free(source);
	}
}

/* fd sources */

static uint32_t epoll_events(unsigned events)
{
	uint32_t mask = 0;
	if (events & LOOP_READ)
		mask |= EPOLLIN;
	if (events & LOOP_WRITE)
		mask |= EPOLLOUT;
	return mask;
}

static void watch_fd(struct loop_fd *source)
{
	struct loop *loop = source->source.loop;
	struct epoll_event event = {.events = epoll_events(source->events), .data.ptr = source};

	source->watched_fd = source->fd;
	if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, source->fd, &event) == 0)
		return;
	if (errno == EEXIST) {
		/* epoll knows an fd once; a second watch goes on a duplicate. */
		source->watched_fd = fcntl(source->fd, F_DUPFD_CLOEXEC, 3);
		source->is_duplicate = source->watched_fd >= 0;
		if (source->is_duplicate &&
		    epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, source->watched_fd, &event) == 0)
			return;
	}
	/*
	 * Regular files are always ready (EPERM); what cannot be watched at all reports a hangup.
	 */
	source->is_broken = errno != EPERM;
	source->is_always_ready = true;
	loop->always_ready_count++;
	loop_arm(loop);
}

struct loop_fd *loop_add_fd(struct loop *loop, int fd, unsigned events, loop_fd_fn *fn, void *arg)
{
	struct loop_fd *source = xcalloc(1, sizeof(*source));
	source->fd = fd;
	source->events = events;
	source->fn = fn;
	source->arg = arg;
	loop_source_attach(loop, &source->source, SOURCE_FD);
	watch_fd(source);
	return source;
}

void loop_fd_set_events(struct loop_fd *source, unsigned events)
{
	if (source->events == events || source->source.is_removed)
		return;
	source->events = events;
	if (source->is_always_ready) {
		loop_arm(source->source.loop);
		return;
	}
	struct epoll_event event = {.events = epoll_events(events), .data.ptr = source};
	(void)epoll_ctl(source->source.loop->epoll_fd, EPOLL_CTL_MOD, source->watched_fd, &event);
}

void loop_fd_remove(struct loop_fd *source)
{
	if (source == NULL || source->source.is_removed)
		return;
	struct loop *loop = source->source.loop;
	if (source->is_always_ready)
		loop->always_ready_count--;
	else
		(void)epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, source->watched_fd, NULL);
	if (source->is_duplicate)
		(void)close(source->watched_fd);
	loop_source_remove(&source->source);
}

static void fire_fd(struct loop_fd *source, uint32_t mask)
{
	unsigned events = 0;
	if (mask & EPOLLIN)
		events |= LOOP_READ;
	if (mask & EPOLLOUT)
		events |= LOOP_WRITE;
	if (mask & (EPOLLHUP | EPOLLERR))
		events |= LOOP_HANGUP;
	events &= source->events | LOOP_HANGUP;
	if (events != 0)
		source->fn(source, source->fd, events, source->arg);
}

/*
 * Callbacks may remove any source: those to be told are marked first, then looked for again after
 * each call.
 */
static struct loop_source *take_pending(struct loop *loop)
{
	for (struct loop_source *at = loop->sources; at != NULL; at = at->next) {
		if (at->is_pending) {
			at->is_pending = false;
			return at;
		}
	}
	return NULL;
}

static void fire_always_ready(struct loop *loop)
{
	if (loop->always_ready_count == 0)
		return;
	for (struct loop_source *at = loop->sources; at != NULL; at = at->next) {
		const struct loop_fd *source = (const struct loop_fd *)(void *)at;
		at->is_pending = at->kind == SOURCE_FD && source->is_always_ready;
	}
	for (;;) {
		struct loop_fd *source = (struct loop_fd *)(void *)take_pending(loop);
		if (source == NULL)
			return;
		unsigned events = source->is_broken ? LOOP_HANGUP : source->events;
		if (events != 0)
			source->fn(source, source->fd, events, source->arg);
	}
}

/* signal sources */

static bool has_signal(const struct loop *loop, int signo)
{
	for (const struct loop_source *at = loop->sources; at != NULL; at = at->next) {
		if (at->kind == SOURCE_SIGNAL &&
		    ((const struct loop_signal *)(const void *)at)->signo == signo)
			return true;
	}
	return false;
}

static void update_signal_fd(struct loop *loop)
{
	loop->signal_fd = signalfd(loop->signal_fd, &loop->signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

struct loop_signal *loop_add_signal(struct loop *loop, int signo, loop_signal_fn *fn, void *arg)
{
	struct loop_signal *source = xcalloc(1, sizeof(*source));
	source->signo = signo;
	source->fn = fn;
	source->arg = arg;
	bool is_first = !has_signal(loop, signo);
	loop_source_attach(loop, &source->source, SOURCE_SIGNAL);
	if (!is_first)
		return source;

	sigset_t one;
	sigset_t before;
	(void)sigemptyset(&one);
	(void)sigaddset(&one, signo);
	(void)pthread_sigmask(SIG_BLOCK, &one, &before);
	if (!sigismember(&before, signo))
		(void)sigaddset(&loop->blocked_by_us, signo);
	(void)sigaddset(&loop->signals, signo);
	bool is_new = loop->signal_fd < 0;
	update_signal_fd(loop);
	if (is_new && loop->signal_fd >= 0) {
		struct epoll_event event = {.events = EPOLLIN, .data.ptr = &loop->signal_fd};
		(void)epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, loop->signal_fd, &event);
	}
	return source;
}

void loop_signal_remove(struct loop_signal *source)
{
	if (source == NULL || source->source.is_removed)
		return;
	struct loop *loop = source->source.loop;
	int signo = source->signo;
	loop_source_remove(&source->source);
	if (has_signal(loop, signo))
		return;
	(void)sigdelset(&loop->signals, signo);
	update_signal_fd(loop);
	if (sigismember(&loop->blocked_by_us, signo)) {
		sigset_t one;
		(void)sigemptyset(&one);
		(void)sigaddset(&one, signo);
		(void)sigdelset(&loop->blocked_by_us, signo);
		(void)pthread_sigmask(SIG_UNBLOCK, &one, NULL);
	}
}

static void fire_signal(struct loop *loop, int signo)
{
	for (struct loop_source *at = loop->sources; at != NULL; at = at->next) {
		const struct loop_signal *source = (const struct loop_signal *)(void *)at;
		at->is_pending = at->kind == SOURCE_SIGNAL && source->signo == signo;
	}
	for (;;) {
		struct loop_signal *source = (struct loop_signal *)(void *)take_pending(loop);
		if (source == NULL)
			return;
		source->fn(source, signo, source->arg);
	}
}

static void read_signals(struct loop *loop)
{
	struct signalfd_siginfo signal;
	while (loop->signal_fd >= 0 &&
	       read(loop->signal_fd, &signal, sizeof(signal)) == (ssize_t)sizeof(signal))
		fire_signal(loop, (int)signal.ssi_signo);
}

/* idle callbacks */

struct loop_idle *loop_add_idle(struct loop *loop, loop_idle_fn *fn, void *arg)
{
	struct loop_idle *idle = xcalloc(1, sizeof(*idle));
	idle->fn = fn;
	idle->arg = arg;
	idle->number = ++loop->idle_number;
	loop_source_attach(loop, &idle->source, SOURCE_IDLE);
	loop->idle_count++;
	loop_arm(loop);
	return idle;
}

void loop_idle_remove(struct loop_idle *idle)
{
	if (idle == NULL || idle->source.is_removed)
		return;
	idle->source.loop->idle_count--;
	loop_source_remove(&idle->source);
}

/* The oldest one that was there when the round began, so that they run in the order of adding. */
static struct loop_idle *oldest_idle(struct loop *loop, uint64_t last_number)
{
	struct loop_idle *oldest = NULL;
	for (struct loop_source *at = loop->sources; at != NULL; at = at->next) {
		struct loop_idle *idle = (struct loop_idle *)(void *)at;
		if (at->kind == SOURCE_IDLE && idle->number <= last_number &&
		    (oldest == NULL || idle->number < oldest->number))
			oldest = idle;
	}
	return oldest;
}

static void fire_idle(struct loop *loop)
{
	uint64_t last_number = loop->idle_number;
	while (loop->idle_count > 0) {
		struct loop_idle *idle = oldest_idle(loop, last_number);
		if (idle == NULL)
			return;
		loop_idle_fn *fn = idle->fn;
		void *arg = idle->arg;
		loop_idle_remove(idle);
		fn(arg);
	}
}

/* the loop */

struct loop *loop_new(struct error *err)
{
	struct loop *loop = xcalloc(1, sizeof(*loop));
	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	loop->timer_fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	loop->signal_fd = -1;
	(void)sigemptyset(&loop->signals);
	(void)sigemptyset(&loop->blocked_by_us);
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = &loop->timer_fd};
	if (loop->epoll_fd < 0 || loop->timer_fd < 0 ||
	    epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, loop->timer_fd, &event) < 0) {
		error_set_errno(err, errno, "event loop");
		loop_free(loop);
		return NULL;
	}
	return loop;
}

static void remove_source(struct loop_source *source)
{
	switch (source->kind) {
	case SOURCE_FD:
		loop_fd_remove((struct loop_fd *)(void *)source);
		break;
	case SOURCE_TIMER:
		loop_timer_remove((struct loop_timer *)(void *)source);
		break;
	case SOURCE_SIGNAL:
		loop_signal_remove((struct loop_signal *)(void *)source);
		break;
	case SOURCE_CHILD:
		loop_child_remove((struct loop_child *)(void *)source);
		break;
	case SOURCE_IDLE:
		loop_idle_remove((struct loop_idle *)(void *)source);
		break;
	}
}

void loop_free(struct loop *loop)
{
	if (loop == NULL)
		return;
	while (loop->sources != NULL)
		remove_source(loop->sources);
	loop_free_removed(loop);
	free((void *)loop->timers);
	int fds[] = {loop->epoll_fd, loop->timer_fd, loop->signal_fd};
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		if (fds[i] >= 0)
			(void)close(fds[i]);
	}
	free(loop);
}

static void dispatch(struct loop *loop, const struct epoll_event *event)
{
	if (event->data.ptr == &loop->timer_fd) {
		loop_read_timer_fd(loop);
		return;
	}
	if (event->data.ptr == &loop->signal_fd) {
		read_signals(loop);
		return;
	}
	struct loop_fd *source = event->data.ptr;
	if (!source->source.is_removed)
		fire_fd(source, event->events);
}

void loop_step(struct loop *loop, int timeout_ms)
{
	enum { MAX_EVENTS = 64 };
	struct epoll_event events[MAX_EVENTS];

	loop_arm(loop);
	int count = epoll_wait(loop->epoll_fd, events, MAX_EVENTS, timeout_ms);
	loop->depth++;
	for (int i = 0; i < count; i++)
		dispatch(loop, &events[i]);
	fire_always_ready(loop);
	loop_fire_timers(loop);
	fire_idle(loop);
	loop->depth--;
	if (loop->depth == 0)
		loop_free_removed(loop);
}

int loop_run(struct loop *loop)
{
	loop->is_stopped = false;
	while (!loop->is_stopped)
		loop_step(loop, -1);
	return loop->result;
}

void loop_stop(struct loop *loop, int result)
{
	loop->is_stopped = true;
	loop->result = result;
}
