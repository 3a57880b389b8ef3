/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/pod/memory_watch.h"

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/loop_timer.h"
#include "guest/pod/container.h"
#include "guest/pod/memory_look.h"

#define LOOK_MS 2000

struct memory_watch {
	struct guest *guest;
	struct memory_stall *stalls; /* one for each container */
};

static void look_at(struct memory_watch *watch, size_t index)
{
	struct container *container = watch->guest->containers[index];
	AUTO_FREE char *group = container_group(container);
	struct memory_look look;

	if (container_pid(container) == 0)
		return;
	memory_look_read(group, &look);
	if (!memory_stall_look(&watch->stalls[index], &look, (uint64_t)LOOK_MS * 1000))
		return;
	watch->stalls[index] = (struct memory_stall){0};
	container_run_out_of_memory(container);
}

static void on_look(struct loop_timer *timer, void *arg)
{
	struct memory_watch *watch = arg;

	for (size_t i = 0; i < watch->guest->pod.container_count; i++)
		look_at(watch, i);
	loop_timer_set(timer, LOOK_MS);
}

void memory_watch_start(struct guest *guest)
{
	struct memory_watch *watch = xcalloc(1, sizeof(*watch));

	watch->guest = guest;
	watch->stalls = xcalloc(guest->pod.container_count, sizeof(*watch->stalls));
	(void)loop_add_timer(guest->loop, LOOK_MS, on_look, watch);
}
