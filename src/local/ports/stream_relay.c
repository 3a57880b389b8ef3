/* SPDX-License-Identifier: Apache-2.0 */
#include "local/ports/stream_relay.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "local/agent/agent_stream.h"
#include "local/ports/relay.h"

#define CHUNK_BYTES ((size_t)64 << 10)

/*
 * Socket → tunnel is limited by the tunnel's window; tunnel → socket by the window we give, as only
 * what has left for the socket is given back. So `pending` never holds more than one window.
 */
struct stream_relay {
	struct loop *loop;
	int fd;
	struct loop_fd *source;
	unsigned events;
	struct agent_stream *stream; /* NULL before it is attached and after it closed */
	struct strbuf pending;	     /* from the tunnel, for the socket */
	bool is_read_done;	     /* the socket has ended */
	bool is_peer_finished;	     /* the tunnel has ended, this way */
	bool is_write_done;	     /* and the socket was told */
	bool is_closed;		     /* the stream has gone */
	bool is_hung_up; /* the socket's peer takes nothing; what it sent may be unread */
	bool has_failed;
	bool was_refused;
	struct loop_idle *ending;
	uint64_t *count_in;
	uint64_t *count_out;
	relay_done_fn *done;
	void *arg;
};

static void release(struct stream_relay *relay)
{
	loop_fd_remove(relay->source);
	if (relay->stream != NULL)
		agent_stream_abort(relay->stream, relay->has_failed ? "reset" : NULL);
	if (relay->has_failed)
		relay_reset_fd(relay->fd);
	else
		(void)close(relay->fd);
	strbuf_clear(&relay->pending);
	free(relay);
}

void stream_relay_cut(struct stream_relay *relay)
{
	if (relay == NULL)
		return;
	if (relay->ending != NULL)
		loop_idle_remove(relay->ending);
	else
		relay->has_failed = true;
	release(relay);
}

static void end_now(void *arg)
{
	struct stream_relay *relay = arg;
	relay_done_fn *done = relay->done;
	void *done_arg = relay->arg;
	enum relay_end how = relay->was_refused	 ? RELAY_REFUSED
			     : relay->has_failed ? RELAY_CUT
						 : RELAY_CLEAN;

	release(relay);
	done(how, done_arg);
}

static void end(struct stream_relay *relay, bool has_failed)
{
	if (relay->ending != NULL)
		return;
	relay->has_failed = has_failed;
	loop_fd_remove(relay->source);
	relay->source = NULL;
	relay->ending = loop_add_idle(relay->loop, end_now, relay);
}

static void ask(struct stream_relay *relay)
{
	unsigned events = 0;

	if (!relay->is_read_done && relay->stream != NULL && agent_stream_room(relay->stream) > 0)
		events |= LOOP_READ;
	if (relay->pending.size > 0)
		events |= LOOP_WRITE;
	if (relay->source == NULL || relay->events == events)
		return;
	relay->events = events;
	loop_fd_set_events(relay->source, events);
}

/* Ends the relay once nothing is left to do. */
static void settle(struct stream_relay *relay)
{
	if (relay->pending.size == 0 && relay->is_peer_finished && !relay->is_write_done) {
		(void)shutdown(relay->fd, SHUT_WR);
		relay->is_write_done = true;
	}
	if (relay->is_write_done && (relay->is_read_done || relay->is_closed))
		end(relay, false);
	else
		ask(relay);
}

static void write_pending(struct stream_relay *relay)
{
	while (relay->pending.size > 0) {
		ssize_t put = send(relay->fd, relay->pending.data, relay->pending.size,
				   MSG_NOSIGNAL | MSG_DONTWAIT);
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0 && errno == EAGAIN)
			return;
		if (put <= 0) {
			end(relay, true);
			return;
		}
		strbuf_consume(&relay->pending, (size_t)put);
		if (relay->count_out != NULL)
			*relay->count_out += (uint64_t)put;
		if (relay->stream != NULL)
			agent_stream_consumed(relay->stream, (size_t)put);
	}
}

static void read_socket(struct stream_relay *relay)
{
	static char bytes[CHUNK_BYTES];
	size_t room;
	ssize_t got;

	while (relay->stream != NULL && !relay->is_read_done &&
	       (room = agent_stream_room(relay->stream)) > 0) {
		got = recv(relay->fd, bytes, room < sizeof(bytes) ? room : sizeof(bytes),
			   MSG_DONTWAIT);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && errno == EAGAIN)
			return;
		if (got < 0) {
			end(relay, true);
			return;
		}
		if (got == 0) {
			relay->is_read_done = true;
			agent_stream_finish(relay->stream);
			return;
		}
		if (relay->count_in != NULL)
			*relay->count_in += (uint64_t)got;
		agent_stream_write(relay->stream, bytes, (size_t)got);
	}
}

static void hang_up(struct stream_relay *relay)
{
	int problem = 0;
	socklen_t size = sizeof(problem);

	(void)getsockopt(relay->fd, SOL_SOCKET, SO_ERROR, &problem, &size);
	if (problem != 0 || relay->pending.size > 0) {
		end(relay, true);
		return;
	}
	loop_fd_remove(relay->source);
	relay->source = NULL;
	relay->is_hung_up = true;
	relay->is_write_done = true;
	read_socket(relay);
}

static void on_socket(struct loop_fd *source, int fd, unsigned events, void *arg)
{
	struct stream_relay *relay = arg;
	(void)source;
	(void)fd;

	if ((events & LOOP_WRITE) != 0)
		write_pending(relay);
	if (relay->ending == NULL && (events & LOOP_READ) != 0)
		read_socket(relay);
	if (relay->ending == NULL && (events & LOOP_HANGUP) != 0)
		hang_up(relay);
	if (relay->ending == NULL)
		settle(relay);
}

static void on_data(struct agent_stream *stream, bool is_stderr, const void *bytes, size_t size,
		    void *arg)
{
	struct stream_relay *relay = arg;
	(void)is_stderr;

	if (relay->is_write_done) {
		agent_stream_consumed(stream, size);
		return;
	}
	strbuf_append_bytes(&relay->pending, bytes, size);
	write_pending(relay);
	if (relay->ending == NULL)
		settle(relay);
}

static void on_writable(struct agent_stream *stream, void *arg)
{
	struct stream_relay *relay = arg;
	(void)stream;

	/* Nobody else tells us to read on. */
	if (relay->is_hung_up && relay->ending == NULL)
		read_socket(relay);
	if (relay->ending == NULL)
		settle(relay);
}

static void on_finished(struct agent_stream *stream, void *arg)
{
	struct stream_relay *relay = arg;
	(void)stream;

	relay->is_peer_finished = true;
	if (relay->ending == NULL)
		settle(relay);
}

static void on_closed(struct agent_stream *stream, const struct agent_stream_end *how, void *arg)
{
	struct stream_relay *relay = arg;
	(void)stream;

	relay->stream = NULL;
	relay->is_closed = true;
	relay->is_peer_finished = true;
	if (relay->ending != NULL)
		return;
	/* As strerror() of the guest has it. */
	relay->was_refused = how->error != NULL && strcmp(how->error, "Connection refused") == 0;
	if (how->error != NULL)
		end(relay, true);
	else
		settle(relay);
}

const struct agent_stream_handler stream_relay_handler = {
	.data = on_data,
	.writable = on_writable,
	.finished = on_finished,
	.closed = on_closed,
};

struct stream_relay *stream_relay_start(const struct relay_options *options, int fd)
{
	struct stream_relay *relay = xcalloc(1, sizeof(*relay));
	const int on = 1;
	int flags = fcntl(fd, F_GETFL);

	if (flags >= 0)
		(void)fcntl(fd, F_SETFL, flags | O_NONBLOCK);
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	relay->loop = options->loop;
	relay->fd = fd;
	relay->count_in = options->count_in;
	relay->count_out = options->count_out;
	relay->done = options->done;
	relay->arg = options->arg;
	relay->source = loop_add_fd(relay->loop, fd, 0, on_socket, relay);
	return relay;
}

void stream_relay_attach(struct stream_relay *relay, struct agent_stream *stream)
{
	relay->stream = stream;
	ask(relay);
}

void stream_relay_forget(struct stream_relay *relay)
{
	loop_fd_remove(relay->source);
	strbuf_clear(&relay->pending);
	free(relay);
}
