/* SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <string.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "local/agent/agent_parts.h"
#include "wire/log_record.h"

#define MAX_EVENT_BYTES ((size_t)64 << 10)
#define MAX_STATS_BYTES ((size_t)256 << 10)
#define MAX_CONTAINERS	256
#define MAX_NAME	63
#define MAX_TEXT	1024
#define BATCH		128

bool agent_name_is_sound(const char *name, size_t size)
{
	if (size == 0 || size > MAX_NAME)
		return false;
	for (size_t i = 0; i < size; i++) {
		char c = name[i];
		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'))
			return false;
	}
	return true;
}

/* ---- logs ---- */

struct batch {
	struct agent_log_record records[BATCH];
	char names[BATCH][MAX_NAME + 1];
	size_t count;
};

static bool fill_record(struct batch *batch, const struct wire_log_record *from, struct error *err)
{
	struct agent_log_record *to = &batch->records[batch->count];
	char *name = batch->names[batch->count];
	const char *container = from->container;
	size_t size = from->container_size;

	if (from->source == WIRE_LOG_KERNEL || from->source == WIRE_LOG_INIT) {
		container = from->source == WIRE_LOG_KERNEL ? "kernel" : "init";
		size = strlen(container);
	}
	if (!agent_name_is_sound(container, size))
		return error_set(err, ERROR_INVALID, "a log line of no container");
	memcpy(name, container, size);
	name[size] = '\0';
	*to = (struct agent_log_record){
		.sequence = from->sequence,
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
	last = batch->records[batch->count - 1].sequence;
	agent->counters.log_lines += batch->count;
	if (agent->handler.log != NULL)
		is_stored = agent->handler.log(agent, batch->records, batch->count, agent->arg);
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
		if (!fill_record(&batch, &record, err))
			return false;
		if (batch.count == BATCH && !hand_on(agent, &batch))
			return false;
	}
	if (problem.kind != ERROR_NONE)
		return error_move(err, &problem);
	return hand_on(agent, &batch);
}

/* ---- events ---- */

/* Room for the texts of one event, cut where they are too long. */
struct texts {
	char bytes[8][MAX_TEXT + 1];
	size_t count;
};

/* These texts end in terminals, under many hands: no control characters, of C0, DEL and C1. */
static void make_harmless(char *text)
{
	for (unsigned char *c = (unsigned char *)text; *c != '\0'; c++) {
		bool is_c1 = *c == 0xc2 && c[1] >= 0x80 && c[1] <= 0x9f;
		if (is_c1)
			c[1] = '?';
		if (is_c1 || *c == 0x7f || (*c < ' ' && *c != '\n' && *c != '\t'))
			*c = '?';
	}
}

static const char *take_text(struct texts *texts, const json_t *root, const char *key, size_t max)
{
	const char *value = json_string_value(json_object_get(root, key));
	char *out;
	size_t size;

	if (value == NULL || texts->count == 8)
		return NULL;
	out = texts->bytes[texts->count++];
	size = strnlen(value, max + 1);
	memcpy(out, value, size > max ? max : size);
	out[size > max ? max : size] = '\0';
	/* A character cut in two goes as a whole. */
	while (size > max && !utf8_is_valid(out, strlen(out), NULL))
		out[strlen(out) - 1] = '\0';
	make_harmless(out);
	return out;
}

static uint64_t take_number(const json_t *root, const char *key, uint64_t max)
{
	const json_t *value = json_object_get(root, key);
	double real = json_number_value(value);

	if (json_is_integer(value) && json_integer_value(value) > 0)
		return (uint64_t)json_integer_value(value) < max
			       ? (uint64_t)json_integer_value(value)
			       : max;
	if (real <= 0.0)
		return 0;
	return real < (double)max ? (uint64_t)real : max;
}

static bool take_type(const char *name, enum agent_event_type *ret)
{
	static const char *const names[] = {
		[AGENT_EVENT_BOOT] = "boot",   [AGENT_EVENT_CONTAINER] = "container",
		[AGENT_EVENT_PROBE] = "probe", [AGENT_EVENT_READY] = "ready",
		[AGENT_EVENT_LOSS] = "loss",   [AGENT_EVENT_POD] = "pod",
	};

	for (size_t i = 0; name != NULL && i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(name, names[i]) == 0) {
			*ret = (enum agent_event_type)i;
			return true;
		}
	}
	return false;
}

static void fill_event(const json_t *root, struct texts *texts, struct agent_event *event)
{
	const json_t *code = json_object_get(root, "exitCode");

	event->sequence = take_number(root, "seq", UINT64_MAX);
	event->time_ns = (int64_t)take_number(root, "timeNs", INT64_MAX);
	event->container = take_text(texts, root, "container", MAX_NAME);
	event->stage = take_text(texts, root, "stage", MAX_NAME);
	event->uptime_ms = take_number(root, "uptimeMs", UINT64_MAX);
	event->state = take_text(texts, root, "state", MAX_NAME);
	event->reason = take_text(texts, root, "reason", MAX_NAME);
	event->message = take_text(texts, root, "message", MAX_TEXT);
	event->has_exit_code = json_is_integer(code);
	event->exit_code = (int)(json_integer_value(code) & 0xff);
	event->signal = (int)take_number(root, "signal", 127);
	event->restarts = (unsigned)take_number(root, "restarts", UINT32_MAX);
	event->next_ms = take_number(root, "nextStartMs", UINT32_MAX);
	event->probe = take_text(texts, root, "probe", MAX_NAME);
	event->is_ok = json_is_true(json_object_get(root, "ok")) ||
		       json_is_true(json_object_get(root, "ready"));
	event->lines = take_number(root, "lines", UINT64_MAX);
	event->bytes = take_number(root, "bytes", UINT64_MAX);
	event->phase = take_text(texts, root, "phase", MAX_NAME);
}

static bool is_one_of(const char *text, const char *const *words)
{
	while (text != NULL && *words != NULL && strcmp(text, *words) != 0)
		words++;
	return text != NULL && *words != NULL;
}

static bool event_is_sound(const struct agent_event *event)
{
	static const char *const states[] = {"waiting", "running", "terminated", NULL};
	static const char *const probes[] = {"startup", "readiness", "liveness", NULL};
	static const char *const phases[] = {"Pending", "Running", "Succeeded", "Failed", NULL};
	const char *container = event->container;

	if (container != NULL && !agent_name_is_sound(container, strlen(container)))
		return false;
	switch (event->type) {
	case AGENT_EVENT_BOOT:
		return event->stage != NULL &&
		       agent_name_is_sound(event->stage, strlen(event->stage));
	case AGENT_EVENT_CONTAINER:
		return container != NULL && is_one_of(event->state, states);
	case AGENT_EVENT_PROBE:
		return container != NULL && is_one_of(event->probe, probes);
	case AGENT_EVENT_POD:
		return is_one_of(event->phase, phases);
	case AGENT_EVENT_READY:
	case AGENT_EVENT_LOSS:
		return true;
	}
	return false;
}

static bool receive_event(struct agent *agent, const struct wire_message *message,
			  struct error *err)
{
	static struct texts texts;
	struct agent_event event = {0};
	json_t *root;
	bool is_known;

	if (message->size > MAX_EVENT_BYTES)
		return error_set(err, ERROR_INVALID, "an EVENT of %zu bytes", message->size);
	root = json_loadb((const char *)message->bytes, message->size, 0, NULL);
	if (!json_is_object(root)) {
		json_decref(root);
		return error_set(err, ERROR_INVALID, "an EVENT that is no JSON object");
	}
	texts.count = 0;
	is_known = take_type(json_string_value(json_object_get(root, "type")), &event.type);
	if (is_known)
		fill_event(root, &texts, &event);
	json_decref(root);
	/* Types of a newer guest are passed over. */
	if (!is_known)
		return true;
	if (!event_is_sound(&event))
		return error_set(err, ERROR_INVALID, "an EVENT with wrong fields");
	if (agent->handler.event != NULL)
		agent->handler.event(agent, &event, agent->arg);
	return !agent->is_freed;
}

/* ---- stats ---- */

static void fill_containers(const json_t *list, struct agent_container_stats *out, size_t *count)
{
	const char *name;
	const json_t *item;
	void *at = json_object_iter((json_t *)(uintptr_t)list);

	for (; at != NULL && *count < MAX_CONTAINERS;
	     at = json_object_iter_next((json_t *)(uintptr_t)list, at)) {
		name = json_object_iter_key(at);
		item = json_object_iter_value(at);
		if (!agent_name_is_sound(name, strlen(name)))
			continue;
		out[(*count)++] = (struct agent_container_stats){
			.name = name,
			.cpu_usec = take_number(item, "cpuUsec", UINT64_MAX),
			.memory_bytes = take_number(item, "memoryBytes", UINT64_MAX),
			.read_bytes = take_number(item, "readBytes", UINT64_MAX),
			.write_bytes = take_number(item, "writeBytes", UINT64_MAX),
			.pids = take_number(item, "pids", UINT64_MAX),
		};
	}
}

static bool receive_stats(struct agent *agent, const struct wire_message *message,
			  struct error *err)
{
	static struct agent_container_stats containers[MAX_CONTAINERS];
	struct agent_stats stats = {.containers = containers};
	const json_t *memory;
	const json_t *network;
	json_t *root;

	if (message->size > MAX_STATS_BYTES)
		return error_set(err, ERROR_INVALID, "STATS of %zu bytes", message->size);
	root = json_loadb((const char *)message->bytes, message->size, 0, NULL);
	if (!json_is_object(root)) {
		json_decref(root);
		return error_set(err, ERROR_INVALID, "STATS that is no JSON object");
	}
	memory = json_object_get(root, "memory");
	network = json_object_get(root, "network");
	stats.time_ns = (int64_t)take_number(root, "timeNs", INT64_MAX);
	stats.memory_total_bytes = take_number(memory, "totalBytes", UINT64_MAX);
	stats.memory_available_bytes = take_number(memory, "availableBytes", UINT64_MAX);
	stats.memory_used_bytes = take_number(memory, "usedBytes", UINT64_MAX);
	stats.load1 = json_number_value(json_object_get(root, "load1"));
	stats.rx_bytes = take_number(network, "rxBytes", UINT64_MAX);
	stats.tx_bytes = take_number(network, "txBytes", UINT64_MAX);
	fill_containers(json_object_get(root, "containers"), containers, &stats.container_count);
	if (agent->handler.stats != NULL)
		agent->handler.stats(agent, &stats, agent->arg);
	json_decref(root);
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
