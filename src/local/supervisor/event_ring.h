/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_SUPERVISOR_EVENT_RING_H
#define I2KIT_LOCAL_SUPERVISOR_EVENT_RING_H

#include "local/plan/state.h"

/* The last events of a project, oldest first. Sequences count from 1. */
#define EVENT_RING_SIZE 512

struct event_ring;
struct event_ring *event_ring_new(void);
void event_ring_free(struct event_ring *ring);
void event_ring_add(struct event_ring *ring, bool is_warning, const char *type, const char *object,
		    const char *message);
/* The first event with a higher sequence, or NULL. Borrowed until the next add. */
const struct project_event *event_ring_after(const struct event_ring *ring, uint64_t sequence);

#endif
