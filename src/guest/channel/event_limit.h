/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_CHANNEL_EVENT_LIMIT_H
#define I2KIT_GUEST_CHANNEL_EVENT_LIMIT_H

/*
 * A probe that fails ten times a second says the same ten times a second, and each is stored and
 * shown. What repeats is let through once a second; anything new at once. Pure.
 */

#include "wire/event.h"
#include "wire/pod_document.h"

#define EVENT_REPEAT_MS 1000

struct event_limit {
	uint64_t digests[POD_MAX_CONTAINERS][3]; /* of what was said last; 0: nothing */
	uint64_t at_ms[POD_MAX_CONTAINERS][3];
};

/* probe: 0 to 2. Whether the event is to be sent. */
bool event_limit_passes(struct event_limit *limit, size_t container, unsigned probe,
			const struct guest_event *event, uint64_t now_ms);

#endif
