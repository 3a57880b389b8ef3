/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/channel/event_limit.h"

/* FNV-1a of the verdict and the message; never 0. */
static uint64_t digest_of(const struct guest_event *event)
{
	uint64_t digest =
		event->is_ok ? UINT64_C(0xcbf29ce484222325) : UINT64_C(0x84222325cbf29ce4);
	for (const char *at = event->message != NULL ? event->message : ""; *at != '\0'; at++)
		digest = (digest ^ (unsigned char)*at) * UINT64_C(0x100000001b3);
	return digest | 1;
}

bool event_limit_passes(struct event_limit *limit, size_t container, unsigned probe,
			const struct guest_event *event, uint64_t now_ms)
{
	if (container >= POD_MAX_CONTAINERS || probe >= 3)
		return true;
	uint64_t *last = &limit->digests[container][probe];
	uint64_t *at_ms = &limit->at_ms[container][probe];
	uint64_t digest = digest_of(event);
	if (digest == *last && now_ms < *at_ms + EVENT_REPEAT_MS)
		return false;
	*last = digest;
	*at_ms = now_ms;
	return true;
}
