/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/channel/events.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "guest/channel/event_limit.h"
#include "guest/kubelet/kubelet_probe.h"
#include "wire/event.h"

#define KEPT 256

struct events {
	struct channel *channel;
	char *kept[KEPT]; /* owned; a ring by sequence */
	uint64_t sequence;
	uint64_t sent; /* in this connection */
	struct event_limit limit;
	uint64_t base_ms; /* of uptimes */
};

struct events *events_new(void)
{
	return xcalloc(1, sizeof(struct events));
}

void events_forget(struct events *events)
{
	for (size_t i = 0; i < KEPT; i++)
		free(TAKE_PTR(events->kept[i]));
	events->sequence = 0;
	events->sent = 0;
}

void events_rebase(struct events *events)
{
	events->base_ms = clock_monotonic_ms();
}

void events_free(struct events *events)
{
	for (size_t i = 0; i < KEPT; i++)
		free(events->kept[i]);
	free(events);
}

void events_set_channel(struct events *events, struct channel *channel)
{
	events->channel = channel;
}

void events_pump(struct events *events)
{
	if (events->sequence > KEPT && events->sent < events->sequence - KEPT)
		events->sent = events->sequence - KEPT; /* what is kept no more */
	while (events->sent < events->sequence && channel_is_up(events->channel) &&
	       !channel_is_full(events->channel)) {
		const char *text = events->kept[++events->sent % KEPT];
		if (text != NULL)
			channel_send_text(events->channel, WIRE_EVENT, 0, text);
	}
}

void events_replay(struct events *events)
{
	events->sent = 0;
	events_pump(events);
}

/* What a program says of its end may be long: all the host takes of it, in whole characters. */
static char *cut_message(const char *message)
{
	size_t size = strnlen(message, GUEST_EVENT_MAX_TEXT + 1);
	if (size <= GUEST_EVENT_MAX_TEXT)
		return NULL;
	size = GUEST_EVENT_MAX_TEXT;
	while (size > 0 && ((unsigned char)message[size] & 0xc0) == 0x80)
		size--;
	return xstrndup(message, size);
}

static void emit(struct events *events, struct guest_event *event)
{
	AUTO_FREE char *shorter = event->message != NULL ? cut_message(event->message) : NULL;
	if (shorter != NULL)
		event->message = shorter;
	event->sequence = ++events->sequence;
	event->time_ns = clock_wall_ns();
	char *text = guest_event_write(event);
	char **place = &events->kept[events->sequence % KEPT];
	free(*place);
	*place = text;
	events_pump(events);
}

void events_boot(struct events *events, const char *stage)
{
	emit(events, &(struct guest_event){.type = GUEST_EVENT_BOOT,
					   .stage = stage,
					   .uptime_ms = clock_monotonic_ms() - events->base_ms});
}

static enum guest_event_type event_type(enum action_type action)
{
	switch (action) {
	case ACTION_REPORT_CONTAINER:
		return GUEST_EVENT_CONTAINER;
	case ACTION_REPORT_PROBE:
		return GUEST_EVENT_PROBE;
	case ACTION_REPORT_READY:
		return GUEST_EVENT_READY;
	case ACTION_REPORT_POD:
		return GUEST_EVENT_POD;
	default:
		return GUEST_EVENT_OTHER;
	}
}

void events_report(struct events *events, const struct pod_image *pod,
		   const struct kubelet_action *action)
{
	enum guest_event_type type = event_type(action->type);
	bool has_container = type == GUEST_EVENT_CONTAINER || type == GUEST_EVENT_PROBE;
	if (type == GUEST_EVENT_OTHER)
		return;
	struct guest_event event = {
		.type = type,
		.container = has_container ? pod->containers[action->container].name : NULL,
		.state = action->state,
		.reason = action->reason,
		.message = action->message,
		.has_exit_code = action->exit_code >= 0,
		.exit_code = action->exit_code & 0xff,
		.signal = action->ended_by,
		.restarts = action->restarts,
		.next_ms = action->next_start_ms,
		.has_log_sequence = action->has_log_sequence,
		.log_sequence = action->log_sequence,
		.probe = probe_kind_name(action->probe),
		.is_ok = action->is_ok,
		.phase = action->phase,
	};
	if (type != GUEST_EVENT_PROBE ||
	    event_limit_passes(&events->limit, action->container, action->probe, &event,
			       clock_monotonic_ms()))
		emit(events, &event);
}

void events_loss(struct events *events, const struct log_loss *loss)
{
	emit(events, &(struct guest_event){.type = GUEST_EVENT_LOSS,
					   .container = loss->container,
					   .lines = loss->lines,
					   .bytes = loss->bytes});
}

void events_full(struct events *events, const char *message)
{
	emit(events, &(struct guest_event){.type = GUEST_EVENT_FULL, .message = message});
}
