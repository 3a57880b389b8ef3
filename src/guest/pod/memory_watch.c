/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/pod/memory_watch.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/loop_timer.h"
#include "base/parse.h"
#include "base/path.h"
#include "guest/pod/container.h"
#include "guest/pod/memory_stall.h"

#define LOOK_MS 2000

struct memory_watch {
	struct guest *guest;
	struct memory_stall *stalls; /* one for each container */
};

/* The number behind `key`, behind `line`, in a file of the container's cgroup; 0: none ("max"). */
static uint64_t read_number(const struct container *container, const char *name, const char *line,
			    const char *key)
{
	AUTO_FREE char *path =
		xasprintf("%s/%s/%s", CONTAINER_CGROUP, container_get_image(container)->name, name);
	AUTO_FREE char *text = NULL;
	uint64_t number = 0;

	if (!file_read(path, 4096, &text, NULL, NULL))
		return 0;
	char *at = strstr(text, line);
	at = at != NULL ? strstr(at, key) : NULL;
	if (at == NULL)
		return 0;
	at += strlen(key);
	at[strcspn(at, " \n")] = '\0';
	return parse_u64(at, 0, UINT64_MAX, &number) ? number : 0;
}

static void look_at(struct memory_watch *watch, size_t index)
{
	struct container *container = watch->guest->containers[index];
	struct memory_look look = {
		.limit = read_number(container, "memory.max", "", ""),
		.current = read_number(container, "memory.current", "", ""),
		.cache = read_number(container, "memory.stat", "", "\nactive_file ") +
			 read_number(container, "memory.stat", "", "\ninactive_file "),
		.stalled_us = read_number(container, "memory.pressure", "full ", "total="),
	};

	if (container_pid(container) == 0 ||
	    !memory_stall_look(&watch->stalls[index], &look, (uint64_t)LOOK_MS * 1000))
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
