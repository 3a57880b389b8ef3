/* SPDX-License-Identifier: Apache-2.0 */
#include "base/loop_child.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/loop_parts.h"
#include "base/loop_timer.h"

enum { POLL_MS = 50, STATUS_LOST = 255 << 8 };

/* True when it was reaped and told; the child source is gone then. */
static bool reap(struct loop_child *child)
{
	int status = 0;
	pid_t got = waitpid(child->pid, &status, WNOHANG);
	if (got == 0 || (got < 0 && errno == EINTR))
		return false;
	/* Somebody else reaped it: its end is a fact, its status is lost. */
	if (got < 0)
		status = STATUS_LOST;
	loop_child_fn *fn = child->fn;
	void *arg = child->arg;
	pid_t pid = child->pid;
	loop_child_remove(child);
	fn(child, pid, status, arg);
	return true;
}

static void on_pid_fd(struct loop_fd *source, int fd, unsigned events, void *arg)
{
	(void)source;
	(void)fd;
	(void)events;
	(void)reap(arg);
}

static void on_poll(struct loop_timer *timer, void *arg)
{
	if (!reap(arg))
		loop_timer_set(timer, POLL_MS);
}

struct loop_child *loop_add_child(struct loop *loop, pid_t pid, loop_child_fn *fn, void *arg)
{
	struct loop_child *child = xcalloc(1, sizeof(*child));
	child->pid = pid;
	child->fn = fn;
	child->arg = arg;
	loop_source_attach(loop, &child->source, SOURCE_CHILD);
	child->pid_fd = pidfd_open(pid, 0);
	/* Out of descriptors, an old kernel, or not our child any more: ask from time to time. */
	if (child->pid_fd >= 0)
		child->watch = loop_add_fd(loop, child->pid_fd, LOOP_READ, on_pid_fd, child);
	else
		child->poll = loop_add_timer(loop, 0, on_poll, child);
	return child;
}

void loop_child_remove(struct loop_child *child)
{
	if (child == NULL || child->source.is_removed)
		return;
	loop_fd_remove(child->watch);
	loop_timer_remove(child->poll);
	if (child->pid_fd >= 0)
		(void)close(child->pid_fd);
	loop_source_remove(&child->source);
}
