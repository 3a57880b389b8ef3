/* SPDX-License-Identifier: Apache-2.0 */
#include "local/vm/virt_loop.h"

#include <errno.h>
#include <fcntl.h>
#include <libvirt/libvirt.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"

/* A handle on libvirt's fd or a timer on a timerfd of ours. */
struct watch {
	int id;
	int fd;
	bool is_timer;
	bool is_removed;
	virEventHandleCallback handle_fn;
	virEventTimeoutCallback timer_fn;
	void *opaque;
	virFreeCallback free_fn;
	struct watch *next;
};

static struct {
	pthread_mutex_t lock;
	int epoll_fd;
	int next_id;
	struct watch *watches;
	struct loop_fd *source;
} bridge = {.lock = PTHREAD_MUTEX_INITIALIZER, .epoll_fd = -1, .next_id = 1};

static uint32_t to_epoll(int events)
{
	return ((events & VIR_EVENT_HANDLE_READABLE) != 0 ? (uint32_t)EPOLLIN : 0) |
	       ((events & VIR_EVENT_HANDLE_WRITABLE) != 0 ? (uint32_t)EPOLLOUT : 0);
}

static int from_epoll(uint32_t events)
{
	return ((events & EPOLLIN) != 0 ? VIR_EVENT_HANDLE_READABLE : 0) |
	       ((events & EPOLLOUT) != 0 ? VIR_EVENT_HANDLE_WRITABLE : 0) |
	       ((events & EPOLLERR) != 0 ? VIR_EVENT_HANDLE_ERROR : 0) |
	       ((events & EPOLLHUP) != 0 ? VIR_EVENT_HANDLE_HANGUP : 0);
}

/* With the lock held. */
static struct watch *find_watch(int id)
{
	struct watch *watch = bridge.watches;

	while (watch != NULL && (watch->id != id || watch->is_removed))
		watch = watch->next;
	return watch;
}

static int add_watch(struct watch *watch, uint32_t events)
{
	struct epoll_event event = {.events = events};
	int id = -1;

	(void)pthread_mutex_lock(&bridge.lock);
	event.data.u64 = (uint64_t)bridge.next_id;
	/* A fd without wanted events would still report hang-ups again and again. */
	if (epoll_ctl(bridge.epoll_fd, EPOLL_CTL_ADD, watch->fd, &event) == 0) {
		id = watch->id = bridge.next_id++;
		watch->next = bridge.watches;
		bridge.watches = watch;
	}
	(void)pthread_mutex_unlock(&bridge.lock);
	return id;
}

static int add_handle(int fd, int events, virEventHandleCallback fn, void *opaque,
		      virFreeCallback free_fn)
{
	struct watch *watch = xcalloc(1, sizeof(*watch));

	/* libvirt may watch one fd twice: epoll wants a descriptor for each. */
	watch->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	watch->handle_fn = fn;
	watch->opaque = opaque;
	watch->free_fn = free_fn;
	int id = watch->fd >= 0 ? add_watch(watch, to_epoll(events)) : -1;
	if (id < 0) {
		if (watch->fd >= 0)
			(void)close(watch->fd);
		free(watch);
	}
	return id;
}

static void update_handle(int id, int events)
{
	struct epoll_event event = {.events = to_epoll(events), .data.u64 = (uint64_t)id};

	(void)pthread_mutex_lock(&bridge.lock);
	struct watch *watch = find_watch(id);
	if (watch != NULL)
		(void)epoll_ctl(bridge.epoll_fd, EPOLL_CTL_MOD, watch->fd, &event);
	(void)pthread_mutex_unlock(&bridge.lock);
}

static void arm_timer(int fd, int timeout_ms)
{
	struct itimerspec when = {0};

	if (timeout_ms >= 0) {
		when.it_value.tv_sec = timeout_ms / 1000;
		when.it_value.tv_nsec = (long)(timeout_ms % 1000) * 1000000 + 1;
		when.it_interval = when.it_value;
	}
	(void)timerfd_settime(fd, 0, &when, NULL);
}

static int add_timer(int timeout_ms, virEventTimeoutCallback fn, void *opaque,
		     virFreeCallback free_fn)
{
	struct watch *watch = xcalloc(1, sizeof(*watch));

	watch->fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	watch->is_timer = true;
	watch->timer_fn = fn;
	watch->opaque = opaque;
	watch->free_fn = free_fn;
	int id = watch->fd >= 0 ? add_watch(watch, EPOLLIN) : -1;
	if (id < 0) {
		if (watch->fd >= 0)
			(void)close(watch->fd);
		free(watch);
		return -1;
	}
	arm_timer(watch->fd, timeout_ms);
	return id;
}

static void update_timer(int id, int timeout_ms)
{
	(void)pthread_mutex_lock(&bridge.lock);
	struct watch *watch = find_watch(id);
	if (watch != NULL)
		arm_timer(watch->fd, timeout_ms);
	(void)pthread_mutex_unlock(&bridge.lock);
}

/* Freed by the loop's thread later: libvirt forbids free_fn inside the call. */
static int remove_watch(int id)
{
	(void)pthread_mutex_lock(&bridge.lock);
	struct watch *watch = find_watch(id);
	if (watch != NULL) {
		watch->is_removed = true;
		(void)epoll_ctl(bridge.epoll_fd, EPOLL_CTL_DEL, watch->fd, NULL);
		(void)close(watch->fd);
		watch->fd = -1;
	}
	(void)pthread_mutex_unlock(&bridge.lock);
	return watch != NULL ? 0 : -1;
}

static void dispatch(int id, uint32_t events)
{
	struct watch copy = {0};
	uint64_t ticks;

	(void)pthread_mutex_lock(&bridge.lock);
	struct watch *watch = find_watch(id);
	if (watch != NULL) {
		copy = *watch;
		if (watch->is_timer && read(watch->fd, &ticks, sizeof(ticks)) < 0)
			copy.timer_fn = NULL; /* armed anew meanwhile */
	}
	(void)pthread_mutex_unlock(&bridge.lock);
	if (watch == NULL)
		return;
	if (copy.is_timer && copy.timer_fn != NULL)
		copy.timer_fn(id, copy.opaque);
	if (!copy.is_timer)
		copy.handle_fn(id, copy.fd, from_epoll(events), copy.opaque);
}

static void sweep(void)
{
	struct watch *removed = NULL;

	(void)pthread_mutex_lock(&bridge.lock);
	for (struct watch **at = &bridge.watches; *at != NULL;) {
		struct watch *watch = *at;
		if (!watch->is_removed) {
			at = &watch->next;
			continue;
		}
		*at = watch->next;
		watch->next = removed;
		removed = watch;
	}
	(void)pthread_mutex_unlock(&bridge.lock);
	while (removed != NULL) {
		struct watch *watch = removed;
		removed = watch->next;
		if (watch->free_fn != NULL)
			watch->free_fn(watch->opaque);
		free(watch);
	}
}

static void on_ready(struct loop_fd *source, int fd, unsigned events, void *arg)
{
	struct epoll_event ready[16];
	int count = epoll_wait(fd, ready, (int)ARRAY_SIZE(ready), 0);

	(void)source;
	(void)events;
	(void)arg;
	for (int i = 0; i < count; i++)
		dispatch((int)ready[i].data.u64, ready[i].events);
	sweep();
}

bool virt_loop_attach(struct loop *loop, struct error *err)
{
	if (bridge.epoll_fd >= 0)
		return true;
	bridge.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (bridge.epoll_fd < 0)
		return error_set_errno(err, errno, "cannot make libvirt's event set");
	bridge.source = loop_add_fd(loop, bridge.epoll_fd, LOOP_READ, on_ready, NULL);
	virEventRegisterImpl(add_handle, update_handle, remove_watch, add_timer, update_timer,
			     remove_watch);
	return true;
}
