/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/cloud/cloud_logs.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/strbuf.h"

#define MAX_BATCH_BYTES ((size_t)512 << 10) /* the service takes 1 MiB, with 26 bytes a line */
#define MAX_BATCH_LINES 5000
#define LINE_OVERHEAD	26
#define WAIT_MS		2000

/* The lines of one container. */
struct stream {
	char *name; /* of the log stream */
	char *container;
	bool is_made;
	int64_t last_ms; /* the service wants times that do not go back, and clocks are set */
	struct cloud_log_line *lines;
	size_t line_count;
};

struct cloud_logs {
	struct guest_cloud *cloud;
	char *group;
	char *pod;
	struct stream *streams;
	size_t stream_count;
	size_t bytes;
	size_t lines;
	uint64_t oldest_ms;
	uint64_t sequence; /* the highest one added */
};

struct cloud_logs *cloud_logs_new(struct guest_cloud *cloud, const char *group, const char *pod)
{
	struct cloud_logs *logs = xcalloc(1, sizeof(*logs));
	logs->cloud = cloud;
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
				 logs->cloud->instance_id);
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
		(struct cloud_log_line){.time_ms = stream->last_ms, .text = xstrdup(message)};
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
	const struct cloud_backend *backend = logs->cloud->backend;
	if (stream->line_count == 0)
		return true;
	if (!stream->is_made && !backend->make_log(logs->cloud, logs->group, stream->name, err))
		return false;
	stream->is_made = true;
	bool is_ok = backend->log(logs->cloud, logs->group, stream->name, stream->lines,
				  stream->line_count, err);
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
