/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "local/agent/agent_parts.h"
#include "wire/document.h"
#include "wire/log_record.h"

#define MAX_NAME 63
#define BATCH	 128

/* ---- logs ---- */

struct batch {
	struct log_entry entries[BATCH];
	char names[BATCH][MAX_NAME + 1];
	size_t count;
};

static bool fill_entry(struct batch *batch, const struct wire_log_record *from, struct error *err)
{
	struct log_entry *to = &batch->entries[batch->count];
	char *name = batch->names[batch->count];
	const char *container = from->container;
	size_t size = from->container_size;

	if (from->source == WIRE_LOG_KERNEL || from->source == WIRE_LOG_INIT) {
		container = from->source == WIRE_LOG_KERNEL ? "kernel" : "init";
		size = strlen(container);
	}
	if (!name_is_label(container, size))
		return error_set(err, ERROR_INVALID, "a log line of no container");
	memcpy(name, container, size);
	name[size] = '\0';
	*to = (struct log_entry){
		.guest_sequence = from->sequence,
		.time_ns = from->wall_ns,
		.source = (uint8_t)from->source,
		.is_partial = from->is_partial,
		.container = name,
		.text = from->text,
		.size = from->text_size,
	};
	batch->count++;
	return true;
}

/* Hands the lines on; those that are stored may be acknowledged. */
static bool hand_on(struct agent *agent, struct batch *batch)
{
	uint64_t last;
	bool is_stored = true;

	if (batch->count == 0)
		return true;
	last = batch->entries[batch->count - 1].guest_sequence;
	agent->counters.log_lines += batch->count;
	if (agent->handler.log != NULL)
		is_stored = agent->handler.log(agent, batch->entries, batch->count, agent->arg);
	batch->count = 0;
	if (agent->is_freed)
		return false;
	if (is_stored && last > agent->log_position)
		agent->log_position = last;
	return true;
}

static bool receive_log(struct agent *agent, const struct wire_message *message, struct error *err)
{
	static struct batch batch;
	struct wire_log_record record;
	struct error problem = ERROR_INIT;
	uint64_t last = agent->log_position;
	struct wire_log_reader reader = WIRE_LOG_READER(message->bytes, message->size);

	batch.count = 0;
	while (wire_log_next(&reader, &record, &problem)) {
		if (record.sequence <= last) {
			agent->counters.repeated_lines++;
			continue;
		}
		last = record.sequence;
		if (!fill_entry(&batch, &record, err))
			return false;
		if (batch.count == BATCH && !hand_on(agent, &batch))
			return false;
	}
	if (problem.kind != ERROR_NONE)
		return error_move(err, &problem);
	return hand_on(agent, &batch);
}

/* ---- events and stats ---- */

static bool receive_event(struct agent *agent, const struct wire_message *message,
			  struct error *err)
{
	static struct guest_event_texts texts;
	struct guest_event event;

	if (!guest_event_read(message->bytes, message->size, &texts, &event, err))
		return false;
	if (event.type != GUEST_EVENT_OTHER && agent->handler.event != NULL)
		agent->handler.event(agent, &event, agent->arg);
	return !agent->is_freed;
}

static bool receive_stats(struct agent *agent, const struct wire_message *message,
			  struct error *err)
{
	AUTO(guest_stats_clear) struct guest_stats stats = {0};

	if (!guest_stats_read(message->bytes, message->size, &stats, err))
		return false;
	if (agent->handler.stats != NULL)
		agent->handler.stats(agent, &stats, agent->arg);
	return !agent->is_freed;
}

static bool receive_template(struct agent *agent, const struct wire_message *message,
			     struct error *err)
{
	AUTO_FREE char *refusal = NULL;

	if (!template_answer_read(message->bytes, message->size, &refusal, err))
		return false;
	if (agent->handler.templated != NULL)
		agent->handler.templated(agent, refusal, agent->arg);
	return !agent->is_freed;
}

static void charge(struct agent *agent, const struct wire_message *message)
{
	budget_spend(&agent->budget, (int64_t)message->size + AGENT_MESSAGE_COST,
		     clock_monotonic_ms());
}

bool agent_receive(struct agent *agent, const struct wire_message *message, struct error *err)
{
	switch (message->type) {
	case WIRE_LOG:
		return receive_log(agent, message, err);
	case WIRE_EVENT:
		charge(agent, message);
		return receive_event(agent, message, err);
	case WIRE_STATS:
		charge(agent, message);
		return receive_stats(agent, message, err);
	case WIRE_TEMPLATE:
		charge(agent, message);
		return receive_template(agent, message, err);
	case WIRE_PONG:
		return true;
	case WIRE_EXEC_STDOUT:
	case WIRE_EXEC_STDERR:
	case WIRE_EXEC_EXIT:
	case WIRE_WINDOW:
	case WIRE_TUNNEL_OPEN:
	case WIRE_TUNNEL_DATA:
	case WIRE_TUNNEL_CLOSE:
		return agent_stream_receive(agent, message, err);
	default:
		return error_set(err, ERROR_INVALID, "%s is not the guest's to send",
				 wire_type_name(message->type));
	}
}
