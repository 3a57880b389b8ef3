/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/channel/events.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"

#define KEPT 256

struct events {
	struct channel *channel;
	char *kept[KEPT]; /* owned; a ring by sequence */
	uint64_t sequence;
	uint64_t sent; /* in this connection */
	events_listener_fn *listener;
	void *listener_arg;
};

struct events *events_new(void)
{
	return xcalloc(1, sizeof(struct events));
}

void events_set_channel(struct events *events, struct channel *channel)
{
	events->channel = channel;
}

void events_listen(struct events *events, events_listener_fn *fn, void *arg)
{
	events->listener = fn;
	events->listener_arg = arg;
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

static json_t *new_event(struct events *events, const char *type)
{
	return json_pack("{s:I,s:I,s:s}", "seq", (json_int_t)++events->sequence, "timeNs",
			 (json_int_t)clock_wall_ns(), "type", type);
}

/* Takes the reference. */
static void emit(struct events *events, json_t *event)
{
	char *text = json_dumps(event, JSON_COMPACT);
	json_decref(event);
	if (text == NULL)
		return;
	char **place = &events->kept[events->sequence % KEPT];
	free(*place);
	*place = text;
	events_pump(events);
	if (events->listener != NULL)
		events->listener(text, events->listener_arg);
}

void events_boot(struct events *events, const char *stage)
{
	json_t *event = new_event(events, "boot");
	(void)json_object_set_new(event, "stage", json_string(stage));
	(void)json_object_set_new(event, "uptimeMs",
				  json_integer((json_int_t)clock_monotonic_ms()));
	emit(events, event);
}

/* Text that came from a program and may not be UTF-8. */
static json_t *any_text(const char *text)
{
	json_t *json = json_string(text);
	if (json != NULL)
		return json;
	AUTO(strbuf_clear) struct strbuf clean = STRBUF_MAX(4096);
	strbuf_append_printable(&clean, text, strlen(text));
	return json_string(strbuf_text(&clean));
}

static void add_container_fields(json_t *event, const struct supervisor_action *action)
{
	(void)json_object_set_new(event, "state", json_string(action->state));
	(void)json_object_set_new(event, "reason", json_string(action->reason));
	if (action->exit_code >= 0)
		(void)json_object_set_new(event, "exitCode", json_integer(action->exit_code));
	if (action->ended_by > 0)
		(void)json_object_set_new(event, "signal", json_integer(action->ended_by));
	(void)json_object_set_new(event, "restarts", json_integer(action->restarts));
	if (action->message != NULL)
		(void)json_object_set_new(event, "message", any_text(action->message));
	if (action->next_start_ms > 0)
		(void)json_object_set_new(event, "nextStartMs",
					  json_integer((json_int_t)action->next_start_ms));
}

static void add_pod_fields(json_t *event, const struct supervisor_action *action)
{
	(void)json_object_set_new(event, "phase", json_string(action->phase));
	if (action->exit_code >= 0)
		(void)json_object_set_new(event, "exitCode", json_integer(action->exit_code));
	if (action->reason != NULL)
		(void)json_object_set_new(event, "reason", json_string(action->reason));
}

void events_report(struct events *events, const struct pod_image *pod,
		   const struct supervisor_action *action)
{
	const char *container = pod->containers[action->container].name;
	json_t *event = NULL;
	if (action->type == ACTION_REPORT_CONTAINER) {
		event = new_event(events, "container");
		(void)json_object_set_new(event, "container", json_string(container));
		add_container_fields(event, action);
	} else if (action->type == ACTION_REPORT_PROBE) {
		event = new_event(events, "probe");
		(void)json_object_set_new(event, "container", json_string(container));
		(void)json_object_set_new(event, "probe",
					  json_string(probe_kind_name(action->probe)));
		(void)json_object_set_new(event, "ok", json_boolean(action->is_ok));
		(void)json_object_set_new(event, "message", any_text(action->message));
	} else if (action->type == ACTION_REPORT_READY) {
		event = new_event(events, "ready");
		(void)json_object_set_new(event, "ready", json_boolean(action->is_ok));
	} else if (action->type == ACTION_REPORT_POD) {
		event = new_event(events, "pod");
		add_pod_fields(event, action);
	}
	if (event != NULL)
		emit(events, event);
}

void events_loss(struct events *events, const struct log_loss *loss)
{
	json_t *event = new_event(events, "loss");
	(void)json_object_set_new(event, "container", any_text(loss->container));
	(void)json_object_set_new(event, "lines", json_integer((json_int_t)loss->lines));
	(void)json_object_set_new(event, "bytes", json_integer((json_int_t)loss->bytes));
	emit(events, event);
}
