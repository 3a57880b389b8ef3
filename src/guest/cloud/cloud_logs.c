/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/cloud/cloud_logs.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/json_writer.h"
#include "base/strbuf.h"

#define MAX_BATCH_BYTES ((size_t)512 << 10) /* the service takes 1 MiB, with 26 bytes a line */
#define MAX_BATCH_LINES 5000
#define LINE_OVERHEAD	26
#define WAIT_MS		2000

/* The lines of one container. */
struct line {
	int64_t time_ms;
	char *text; /* owned */
};

struct stream {
	char *name; /* of the log stream */
	char *container;
	bool is_made;
	int64_t last_ms; /* the service wants times that do not go back, and clocks are set */
	struct line *lines;
	size_t line_count;
};

struct cloud_logs {
	struct cloud_aws *aws;
	char *group;
	char *pod;
	struct stream *streams;
	size_t stream_count;
	size_t bytes;
	size_t lines;
	uint64_t oldest_ms;
	uint64_t sequence; /* the highest one added */
};

struct cloud_logs *cloud_logs_new(struct cloud_aws *aws, const char *group, const char *pod)
{
	struct cloud_logs *logs = xcalloc(1, sizeof(*logs));
	logs->aws = aws;
	logs->group = xstrdup(group);
	logs->pod = xstrdup(pod);
	return logs;
}

static struct stream *find_stream(struct cloud_logs *logs, const char *container, size_t size)
{
	for (size_t i = 0; i < logs->stream_count; i++) {
		struct stream *stream = &logs->streams[i];
		if (strncmp(stream->container, container, size) == 0 &&
		    stream->container[size] == '\0')
			return stream;
	}
	struct stream *stream = ARRAY_APPEND(logs->streams, logs->stream_count);
	stream->container = xstrndup(container, size);
	stream->name = xasprintf("%s/%s/%s", logs->pod, size > 0 ? stream->container : "init",
				 logs->aws->instance_id);
	return stream;
}

static void add_line(struct cloud_logs *logs, struct stream *stream, int64_t wall_ns,
		     const char *bytes, size_t size)
{
	AUTO(strbuf_clear) struct strbuf text = STRBUF_MAX((size_t)128 << 10);
	strbuf_append_printable(&text, bytes, size);
	/* An empty line is refused by the service. */
	const char *message = text.size > 0 ? strbuf_text(&text) : " ";
	int64_t time_ms = wall_ns / 1000000;
	stream->last_ms = time_ms > stream->last_ms ? time_ms : stream->last_ms;
	*ARRAY_APPEND(stream->lines, stream->line_count) =
		(struct line){.time_ms = stream->last_ms, .text = xstrdup(message)};
	if (logs->lines == 0)
		logs->oldest_ms = clock_monotonic_ms();
	logs->bytes += text.size + LINE_OVERHEAD;
	logs->lines++;
}

void cloud_logs_add(struct cloud_logs *logs, const struct wire_log_record *record)
{
	struct stream *stream = find_stream(logs, record->container, record->container_size);
	add_line(logs, stream, record->wall_ns, record->text, record->text_size);
	logs->sequence = record->sequence;
}

void cloud_logs_say(struct cloud_logs *logs, const char *name, const char *text)
{
	AUTO_FREE char *container = xasprintf(".%s", name);
	struct stream *stream = find_stream(logs, container, strlen(container));
	add_line(logs, stream, clock_wall_ns(), text, strlen(text));
}

bool cloud_logs_is_empty(const struct cloud_logs *logs)
{
	return logs->lines == 0;
}

bool cloud_logs_is_due(const struct cloud_logs *logs)
{
	if (logs->lines == 0)
		return false;
	return logs->bytes >= MAX_BATCH_BYTES || logs->lines >= MAX_BATCH_LINES ||
	       clock_monotonic_ms() - logs->oldest_ms >= WAIT_MS;
}

static bool call(struct cloud_logs *logs, const char *target, const struct strbuf *body,
		 struct error *err)
{
	AUTO_FREE char *answer = NULL;
	struct cloud_call request = {
		.service = "logs", .target = target, .body = strbuf_text(body)};
	return cloud_call(logs->aws, &request, &answer, err);
}

static void write_names(struct json_writer *json, const struct cloud_logs *logs,
			const struct stream *stream)
{
	json_open_object(json, NULL);
	json_write_text(json, "logGroupName", logs->group);
	json_write_text(json, "logStreamName", stream->name);
}

static bool make_stream(struct cloud_logs *logs, struct stream *stream, struct error *err)
{
	AUTO(strbuf_clear) struct strbuf body = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&body, 0);
	if (stream->is_made)
		return true;
	write_names(&json, logs, stream);
	json_close(&json);
	stream->is_made = call(logs, "Logs_20140328.CreateLogStream", &body, err);
	if (!stream->is_made && strstr(err->message, "ResourceAlreadyExists") != NULL) {
		error_clear(err);
		stream->is_made = true;
	}
	return stream->is_made;
}

static void clear_lines(struct stream *stream)
{
	for (size_t i = 0; i < stream->line_count; i++)
		free(stream->lines[i].text);
	free(stream->lines);
	stream->lines = NULL;
	stream->line_count = 0;
}

static bool send_stream(struct cloud_logs *logs, struct stream *stream, struct error *err)
{
	AUTO(strbuf_clear) struct strbuf body = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&body, 0);
	if (stream->line_count == 0)
		return true;
	if (!make_stream(logs, stream, err))
		return false;
	write_names(&json, logs, stream);
	json_open_list(&json, "logEvents");
	for (size_t i = 0; i < stream->line_count; i++) {
		json_open_object(&json, NULL);
		json_write_number(&json, "timestamp", stream->lines[i].time_ms);
		json_write_text(&json, "message", stream->lines[i].text);
		json_close(&json);
	}
	json_close(&json);
	json_close(&json);
	bool is_ok = call(logs, "Logs_20140328.PutLogEvents", &body, err);
	/* Malformed for the service is malformed for ever: such lines are not sent again. */
	if (is_ok || (err->kind == ERROR_INVALID && strstr(err->message, "HTTP 400") != NULL))
		clear_lines(stream);
	return is_ok;
}

bool cloud_logs_send(struct cloud_logs *logs, uint64_t *ret_sequence, struct error *err)
{
	for (size_t i = 0; i < logs->stream_count; i++) {
		if (!send_stream(logs, &logs->streams[i], err))
			return false;
	}
	logs->bytes = 0;
	logs->lines = 0;
	*ret_sequence = logs->sequence;
	return true;
}
