/* SPDX-License-Identifier: Apache-2.0 */
#include "local/logs/log_sink.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "local/logs/log_store_append.h"

void log_sink_up(const struct log_sink *sink, struct agent *agent)
{
	agent_set_log_position(
		agent, log_store_guest_position(sink->store, sink->instance, sink->boot_id));
}

bool log_sink_log(const struct log_sink *sink, const struct log_entry *entries, size_t count)
{
	AUTO(error_clear) struct error err = ERROR_INIT;

	/* The store has counted what it could not write; the guest cannot keep it for ever. */
	if (count > 0 && !log_store_append(sink->store, sink->pod, sink->instance, sink->boot_id,
					   entries, count, &err))
		log_verbose("logs of %s: %s", sink->instance, err.message);
	return true;
}

void log_sink_event(const struct log_sink *sink, const struct guest_event *event)
{
	bool is_start =
		event->type == GUEST_EVENT_CONTAINER && strcmp(event->state, "running") == 0;

	if ((event->type != GUEST_EVENT_LOSS && !is_start) ||
	    !log_store_take_event(sink->store, sink->instance, sink->boot_id, event->sequence))
		return;
	if (is_start)
		log_store_start_run(sink->store, sink->instance, event->container, sink->boot_id,
				    event->has_log_sequence ? &event->log_sequence : NULL);
	else
		log_store_note_loss(sink->store, sink->instance, event->lines);
}
