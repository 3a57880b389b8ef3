/* SPDX-License-Identifier: Apache-2.0 */
#include "base/loop_timer.h"

#include <stdlib.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/loop_parts.h"

enum { US_PER_MS = 1000, US_PER_S = 1000000, NS_PER_US = 1000 };

static bool is_sooner(const struct loop_timer *a, const struct loop_timer *b)
{
	if (a->expires_us != b->expires_us)
		return a->expires_us < b->expires_us;
	return a->number < b->number;
}

static void put(struct loop *loop, size_t index, struct loop_timer *timer)
{
	loop->timers[index] = timer;
	timer->place = index + 1;
}

static void sift_up(struct loop *loop, size_t index)
{
	struct loop_timer *timer = loop->timers[index];
	while (index > 0 && is_sooner(timer, loop->timers[(index - 1) / 2])) {
		put(loop, index, loop->timers[(index - 1) / 2]);
		index = (index - 1) / 2;
	}
	put(loop, index, timer);
}

static void sift_down(struct loop *loop, size_t index)
{
	struct loop_timer *timer = loop->timers[index];
	for (;;) {
		size_t child = 2 * index + 1;
		if (child >= loop->timer_count)
			break;
		if (child + 1 < loop->timer_count &&
		    is_sooner(loop->timers[child + 1], loop->timers[child]))
			child++;
		if (!is_sooner(loop->timers[child], timer))
			break;
		put(loop, index, loop->timers[child]);
		index = child;
	}
	put(loop, index, timer);
}

static void disarm(struct loop_timer *timer)
{
	struct loop *loop = timer->source.loop;
	if (timer->place == 0)
		return;
	size_t index = timer->place - 1;
	timer->place = 0;
	struct loop_timer *last = loop->timers[--loop->timer_count];
	if (last == timer)
		return;
	put(loop, index, last);
	sift_down(loop, index);
	sift_up(loop, last->place - 1);
}

static uint64_t next_due_us(const struct loop *loop)
{
	if (loop->idle_count > 0 || loop->always_ready_count > 0)
		return 1;
	return loop->timer_count > 0 ? loop->timers[0]->expires_us : 0;
}

void loop_arm(struct loop *loop)
{
	uint64_t due_us = next_due_us(loop);
	if (due_us == loop->armed_us)
		return;
	struct itimerspec when = {.it_value = {.tv_sec = (time_t)(due_us / US_PER_S),
					       .tv_nsec = (long)(due_us % US_PER_S) * NS_PER_US}};
	(void)timerfd_settime(loop->timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
	loop->armed_us = due_us;
}

void loop_read_timer_fd(struct loop *loop)
{
	uint64_t expirations = 0;
	/* Whether it was read or raced with a new setting: arm anew. */
	if (read(loop->timer_fd, &expirations, sizeof(expirations)) > 0)
		loop->armed_us = 0;
}

struct loop_timer *loop_add_timer(struct loop *loop, uint64_t delay_ms, loop_timer_fn *fn,
				  void *arg)
{
	struct loop_timer *timer = xcalloc(1, sizeof(*timer));
	timer->fn = fn;
	timer->arg = arg;
	loop_source_attach(loop, &timer->source, SOURCE_TIMER);
	loop_timer_set(timer, delay_ms);
	return timer;
}

void loop_timer_set(struct loop_timer *timer, uint64_t delay_ms)
{
	struct loop *loop = timer->source.loop;
	/* Far enough to be "never", near enough not to overflow. */
	const uint64_t most_ms = UINT64_C(1000) * 3600 * 24 * 365 * 100;

	if (timer->source.is_removed)
		return;
	disarm(timer);
	timer->expires_us =
		clock_monotonic_us() + (delay_ms < most_ms ? delay_ms : most_ms) * US_PER_MS;
	timer->number = ++loop->timer_number;
	/* An array of pointers, on purpose: timers keep their address while the heap moves. */
	/* NOLINTNEXTLINE(bugprone-sizeof-expression) */
	*ARRAY_APPEND(loop->timers, loop->timer_count) = timer;
	sift_up(loop, loop->timer_count - 1);
	loop_arm(loop);
}

void loop_timer_cancel(struct loop_timer *timer)
{
	if (timer == NULL || timer->source.is_removed)
		return;
	disarm(timer);
	loop_arm(timer->source.loop);
}

void loop_timer_remove(struct loop_timer *timer)
{
	if (timer == NULL || timer->source.is_removed)
		return;
	loop_timer_cancel(timer);
	loop_source_remove(&timer->source);
}

/* Those due when the round began; what a callback arms waits for the next round. */
void loop_fire_timers(struct loop *loop)
{
	uint64_t now_us = clock_monotonic_us();
	uint64_t last_number = loop->timer_number;

	while (loop->timer_count > 0) {
		struct loop_timer *timer = loop->timers[0];
		if (timer->expires_us > now_us || timer->number > last_number)
			return;
		disarm(timer);
		timer->fn(timer, timer->arg);
	}
}
