/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/log_stream.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/strbuf.h"

#define READ_BYTES   ((size_t)64 << 10)
#define LINE_BYTES   ((size_t)16 << 10) /* longer lines go in pieces, as Docker cuts them */
#define PAUSE_MS     20
#define MAX_PAUSES   25 /* in a row without the ring emptying: half a second */
#define DRAIN_ROUNDS 64

struct log_stream {
	struct loop *loop;
	int fd; /* owned */
	struct loop_fd *watch;
	struct loop_timer *pause;
	unsigned pauses;
	size_t bytes_at_pause; /* in the ring when the pause began */
	struct log_ring *ring;
	char *container;
	enum wire_log_source source;
	struct strbuf rest; /* a line whose end has not come */
	log_stream_fn *appended;
	void *arg;
};

static void append_line(struct log_stream *stream, int64_t now, bool is_partial, const char *text,
			size_t size)
{
	log_ring_append(stream->ring, stream->container, stream->source, is_partial, now, text,
			size);
}

/* A line without its newline; goes out in pieces where it is long. */
static void take_line(struct log_stream *stream, int64_t now, const char *text, size_t size)
{
	for (; size > LINE_BYTES; text += LINE_BYTES, size -= LINE_BYTES)
		append_line(stream, now, true, text, LINE_BYTES);
	append_line(stream, now, false, text, size);
}

static void take_bytes(struct log_stream *stream, const char *bytes, size_t size)
{
	int64_t now = clock_wall_ns();
	const char *end = memchr(bytes, '\n', size);
	if (stream->rest.size > 0 && end != NULL) {
		strbuf_append_bytes(&stream->rest, bytes, (size_t)(end - bytes));
		take_line(stream, now, stream->rest.data, stream->rest.size);
		strbuf_reset(&stream->rest);
		size -= (size_t)(end - bytes) + 1;
		bytes = end + 1;
		end = memchr(bytes, '\n', size);
	}
	while (end != NULL) {
		take_line(stream, now, bytes, (size_t)(end - bytes));
		size -= (size_t)(end - bytes) + 1;
		bytes = end + 1;
		end = memchr(bytes, '\n', size);
	}
	strbuf_append_bytes(&stream->rest, bytes, size);
	while (stream->rest.size > LINE_BYTES) {
		append_line(stream, now, true, stream->rest.data, LINE_BYTES);
		strbuf_consume(&stream->rest, LINE_BYTES);
	}
}

/* False at the end of the stream (a terminal's end is EIO). */
static bool read_some(struct log_stream *stream, ssize_t *ret_size)
{
	static char buffer[READ_BYTES];
	ssize_t size = read(stream->fd, buffer, sizeof(buffer));
	*ret_size = size;
	if (size > 0)
		take_bytes(stream, buffer, (size_t)size);
	return size > 0 || (size < 0 && (errno == EAGAIN || errno == EINTR));
}

static void end_watch(struct log_stream *stream)
{
	loop_fd_remove(stream->watch);
	stream->watch = NULL;
}

static void on_pause_over(struct loop_timer *timer, void *arg)
{
	struct log_stream *stream = arg;
	bool has_moved = log_ring_bytes(stream->ring) < stream->bytes_at_pause;
	stream->pauses = has_moved ? 0 : stream->pauses + 1;
	stream->bytes_at_pause = log_ring_bytes(stream->ring);
	if (log_ring_is_pressed(stream->ring) && stream->pauses < MAX_PAUSES) {
		loop_timer_set(timer, PAUSE_MS);
		return;
	}
	if (stream->watch != NULL)
		loop_fd_set_events(stream->watch, LOOP_READ);
}

static void on_readable(struct loop_fd *source, int fd, unsigned events, void *arg)
{
	(void)fd;
	(void)events;
	struct log_stream *stream = arg;
	ssize_t size = 0;
	if (!read_some(stream, &size))
		end_watch(stream);
	if (size > 0)
		stream->appended(stream->arg);
	if (stream->watch == NULL || !log_ring_is_pressed(stream->ring) ||
	    stream->pauses >= MAX_PAUSES) {
		if (!log_ring_is_pressed(stream->ring))
			stream->pauses = 0;
		return;
	}
	stream->bytes_at_pause = log_ring_bytes(stream->ring);
	loop_fd_set_events(source, 0);
	loop_timer_set(stream->pause, PAUSE_MS);
}

struct log_stream *log_stream_new(struct loop *loop, int fd, struct log_ring *ring,
				  const char *container, enum wire_log_source source,
				  log_stream_fn *appended, void *arg)
{
	struct log_stream *stream = xcalloc(1, sizeof(*stream));
	stream->loop = loop;
	stream->fd = fd;
	stream->ring = ring;
	stream->container = xstrdup(container);
	stream->source = source;
	stream->appended = appended;
	stream->arg = arg;
	stream->pause = loop_add_timer(loop, PAUSE_MS, on_pause_over, stream);
	loop_timer_cancel(stream->pause);
	stream->watch = loop_add_fd(loop, fd, LOOP_READ, on_readable, stream);
	return stream;
}

void log_stream_free(struct log_stream *stream)
{
	if (stream == NULL)
		return;
	/* A process that left the pipe to others may still write: so not for ever. */
	ssize_t size = 1;
	for (int i = 0; stream->watch != NULL && size > 0 && i < DRAIN_ROUNDS; i++)
		(void)read_some(stream, &size);
	if (stream->rest.size > 0)
		take_line(stream, clock_wall_ns(), stream->rest.data, stream->rest.size);
	stream->appended(stream->arg);
	loop_fd_remove(stream->watch);
	loop_timer_remove(stream->pause);
	(void)close(stream->fd);
	strbuf_clear(&stream->rest);
	free(stream->container);
	free(stream);
}
