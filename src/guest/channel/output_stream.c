/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/channel/output_stream.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/loop_timer.h"
#include "base/strbuf.h"

#define PIPE_BYTES    (256 << 10) /* fewer turns between a busy writer and us */
#define PAUSE_MS      20
#define MAX_PAUSES    25 /* in a row without the ring emptying: half a second */
#define DRAIN_ROUNDS  64
#define UNFINISHED_MS 100 /* a prompt is to be seen while its writer waits */

struct output_stream {
	struct loop *loop;
	int fd; /* owned; -1: fed by others */
	struct loop_fd *watch;
	struct loop_timer *pause;
	struct loop_timer *unfinished; /* runs while there is a rest */
	unsigned pauses;
	size_t bytes_at_pause; /* in the ring when the pause began */
	struct log_ring *ring;
	char *container;
	enum wire_log_source source;
	struct strbuf rest; /* a line whose end has not come; at most WIRE_LOG_PIECE */
	output_stream_fn *appended;
	void *arg;
};

/* Lines with their newlines, or the first pieces of a long one: the reader cuts them. */
static void append_raw(struct output_stream *stream, bool is_partial, const char *text, size_t size)
{
	if (size > 0)
		log_ring_append_raw(stream->ring, stream->container, stream->source, is_partial,
				    clock_wall_ns(), text, size);
}

/*
 * `size` new bytes stand behind the rest. Whole lines go into the ring at once and unlooked at:
 * every instruction for a line is emulated here.
 */
static void take_bytes(struct output_stream *stream, const char *bytes, size_t size)
{
	size_t total = stream->rest.size + size;
	const char *end = memrchr(bytes + stream->rest.size, '\n', size);
	size_t whole = end != NULL ? (size_t)(end - bytes) + 1 : 0;
	size_t rest = total - whole;
	size_t pieces = rest > 0 ? (rest - 1) / WIRE_LOG_PIECE * WIRE_LOG_PIECE : 0;
	append_raw(stream, false, bytes, whole);
	append_raw(stream, true, bytes + whole, pieces);
	strbuf_reset(&stream->rest);
	strbuf_append_bytes(&stream->rest, bytes + whole + pieces, rest - pieces);
}

/* False at the end of the stream (a terminal's end is EIO). */
static bool read_some(struct output_stream *stream, ssize_t *ret_size)
{
	static char buffer[LOG_RING_MAX_RAW];
	size_t rest = stream->rest.size;
	if (rest > 0)
		memcpy(buffer, stream->rest.data, rest);
	ssize_t size = read(stream->fd, buffer + rest, sizeof(buffer) - rest);
	*ret_size = size;
	if (size > 0)
		take_bytes(stream, buffer, (size_t)size);
	return size > 0 || (size < 0 && (errno == EAGAIN || errno == EINTR));
}

static void append_rest(struct output_stream *stream)
{
	append_raw(stream, true, stream->rest.data, stream->rest.size);
	strbuf_reset(&stream->rest);
}

static void on_unfinished(struct loop_timer *timer, void *arg)
{
	struct output_stream *stream = arg;
	loop_timer_remove(timer);
	stream->unfinished = NULL;
	append_rest(stream);
	stream->appended(stream->arg);
}

/* From the rest's first byte on, so that what trickles shows too. */
static void time_rest(struct output_stream *stream)
{
	if (stream->rest.size > 0 && stream->unfinished == NULL) {
		stream->unfinished =
			loop_add_timer(stream->loop, UNFINISHED_MS, on_unfinished, stream);
	} else if (stream->rest.size == 0) {
		loop_timer_remove(stream->unfinished);
		stream->unfinished = NULL;
	}
}

static void end_watch(struct output_stream *stream)
{
	loop_fd_remove(stream->watch);
	stream->watch = NULL;
}

static void on_pause_over(struct loop_timer *timer, void *arg)
{
	struct output_stream *stream = arg;
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
	struct output_stream *stream = arg;
	ssize_t size = 0;
	if (!read_some(stream, &size))
		end_watch(stream);
	time_rest(stream);
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

struct output_stream *output_stream_new_fed(struct loop *loop, struct log_ring *ring,
					    const char *container, enum wire_log_source source,
					    output_stream_fn *appended, void *arg)
{
	struct output_stream *stream = xcalloc(1, sizeof(*stream));
	stream->loop = loop;
	stream->fd = -1;
	stream->ring = ring;
	stream->container = xstrdup(container);
	stream->source = source;
	stream->appended = appended;
	stream->arg = arg;
	return stream;
}

void output_stream_take(struct output_stream *stream, const void *bytes, size_t size)
{
	static char buffer[LOG_RING_MAX_RAW];

	for (size_t done = 0; done < size;) {
		size_t rest = stream->rest.size;
		size_t room = sizeof(buffer) - rest;
		size_t piece = size - done < room ? size - done : room;
		if (rest > 0)
			memcpy(buffer, stream->rest.data, rest);
		memcpy(buffer + rest, (const char *)bytes + done, piece);
		take_bytes(stream, buffer, piece);
		done += piece;
	}
	time_rest(stream);
	stream->appended(stream->arg);
}

struct output_stream *output_stream_new(struct loop *loop, int fd, struct log_ring *ring,
					const char *container, enum wire_log_source source,
					output_stream_fn *appended, void *arg)
{
	struct output_stream *stream =
		output_stream_new_fed(loop, ring, container, source, appended, arg);
	stream->fd = fd;
	(void)fcntl(fd, F_SETPIPE_SZ, PIPE_BYTES); /* a terminal has none */
	stream->pause = loop_add_timer(loop, PAUSE_MS, on_pause_over, stream);
	loop_timer_cancel(stream->pause);
	stream->watch = loop_add_fd(loop, fd, LOOP_READ, on_readable, stream);
	return stream;
}

void output_stream_free(struct output_stream *stream)
{
	if (stream == NULL)
		return;
	/* A process that left the pipe to others may still write: so not for ever. */
	ssize_t size = 1;
	for (int i = 0; stream->watch != NULL && size > 0 && i < DRAIN_ROUNDS; i++)
		(void)read_some(stream, &size);
	if (stream->rest.size > 0)
		log_ring_append(stream->ring, stream->container, stream->source, clock_wall_ns(),
				stream->rest.data, stream->rest.size);
	stream->appended(stream->arg);
	loop_fd_remove(stream->watch);
	loop_timer_remove(stream->pause);
	loop_timer_remove(stream->unfinished);
	auto_close(&stream->fd);
	strbuf_clear(&stream->rest);
	free(stream->container);
	free(stream);
}
