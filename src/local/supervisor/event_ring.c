/* SPDX-License-Identifier: Apache-2.0 */
#include "local/supervisor/event_ring.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"

struct event_ring {
	struct project_event events[EVENT_RING_SIZE]; /* sequence n stands at n % SIZE */
	uint64_t last;
};

struct event_ring *event_ring_new(void)
{
	return xcalloc(1, sizeof(struct event_ring));
}

void event_ring_free(struct event_ring *ring)
{
	if (ring == NULL)
		return;
	for (size_t i = 0; i < EVENT_RING_SIZE; i++)
		project_event_clear(&ring->events[i]);
	free(ring);
}

void event_ring_add(struct event_ring *ring, bool is_warning, const char *type, const char *object,
		    const char *message)
{
	struct project_event *event = &ring->events[++ring->last % EVENT_RING_SIZE];

	project_event_clear(event);
	event->sequence = ring->last;
	event->time_ns = clock_wall_ns();
	event->type = xstrdup(type);
	event->is_warning = is_warning;
	event->object = xstrdup(object);
	event->message = xstrdup(message);
}

const struct project_event *event_ring_after(const struct event_ring *ring, uint64_t sequence)
{
	uint64_t next = sequence + 1;

	if (ring->last >= EVENT_RING_SIZE && next <= ring->last - EVENT_RING_SIZE)
		next = ring->last - EVENT_RING_SIZE + 1;
	return next > ring->last ? NULL : &ring->events[next % EVENT_RING_SIZE];
}
