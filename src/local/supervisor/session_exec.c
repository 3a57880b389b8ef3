/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/socket_send.h"
#include "local/agent/agent_stream.h"
#include "local/supervisor/session_parts.h"
#include "wire/frame.h"

#define READ_BYTES ((size_t)16 << 10)
/* A read may complete one frame begun before: room for both, so that no input must be kept. */
#define ROOM_BYTES (READ_BYTES + WIRE_MAX_PAYLOAD)

/*
 * One client's exec. Output waits in `out` until the client's socket takes it and only then is the
 * guest allowed more, so `out` holds a window at most.
 */
struct exec_session {
	struct exec_session *next;
	struct session_parts *parts;
	struct agent_stream *stream; /* NULL after it ended */
	struct wire_decoder *decoder;
	int fd;
	struct loop_fd *source;
	unsigned events;
	struct strbuf out;
	size_t owed; /* bytes of process output within out */
	struct loop_idle *ending;
	bool has_told; /* EXEC_EXIT is in out, or was */
	session_ended_fn *ended;
	void *arg;
};

static void release(struct exec_session *session)
{
	struct exec_session **link = &session->parts->execs;

	while (*link != session)
		link = &(*link)->next;
	*link = session->next;
	session->parts->count--;
	if (session->stream != NULL)
		agent_stream_abort(session->stream, NULL);
	if (session->ending != NULL)
		loop_idle_remove(session->ending);
	loop_fd_remove(session->source);
	(void)close(session->fd);
	wire_decoder_free(session->decoder);
	session_ended_fn *ended = session->ended;
	void *arg = session->arg;
	bool has_ended = session->has_told && session->out.size == 0;
	strbuf_clear(&session->out);
	free(session);
	if (ended != NULL)
		ended(has_ended, arg);
}

void exec_session_cut_all(struct session_parts *parts)
{
	while (parts->execs != NULL)
		release(parts->execs);
}

static void end_now(void *arg)
{
	struct exec_session *session = arg;

	session->ending = NULL;
	release(session);
}

static void end(struct exec_session *session)
{
	if (session->ending == NULL)
		session->ending = loop_add_idle(session->parts->loop, end_now, session);
}

static void ask(struct exec_session *session)
{
	unsigned events = 0;

	/*
	 * After the end only what is left to say matters, and whether the client still listens; after
	 * the end of its input signals and sizes come, which take no room.
	 */
	if (session->stream != NULL && (agent_stream_is_finished(session->stream) ||
					agent_stream_room(session->stream) >= ROOM_BYTES))
		events |= LOOP_READ;
	if (session->out.size > 0)
		events |= LOOP_WRITE;
	if (events != session->events) {
		session->events = events;
		loop_fd_set_events(session->source, events);
	}
}

static void flush(struct exec_session *session)
{
	if (!socket_send_queued(session->fd, &session->out)) {
		end(session);
		return;
	}
	/* Frame headers are in the count of out, so give back when all has gone. */
	if (session->out.size == 0 && session->stream != NULL && session->owed > 0) {
		agent_stream_consumed(session->stream, session->owed);
		session->owed = 0;
	}
	if (session->out.size == 0 && session->stream == NULL)
		end(session);
	ask(session);
}

static bool take_message(struct exec_session *session, const struct wire_message *message)
{
	struct agent_stream *stream = session->stream;

	if (message->type == WIRE_HELLO)
		return true;
	if (stream == NULL)
		return true;
	if (message->type == WIRE_EXEC_STDIN) {
		if (message->size == 0)
			agent_stream_finish(stream);
		else if (message->size <= agent_stream_room(stream))
			agent_stream_write(stream, message->bytes, message->size);
		else
			return false;
		return true;
	}
	if (message->type == WIRE_EXEC_RESIZE && message->size == 4) {
		agent_stream_resize(stream, bytes_get_u16(message->bytes),
				    bytes_get_u16(message->bytes + 2));
		return true;
	}
	if (message->type == WIRE_EXEC_SIGNAL && message->size == 1) {
		agent_stream_signal(stream, message->bytes[0]);
		return true;
	}
	return false;
}

static bool read_client(struct exec_session *session)
{
	char bytes[READ_BYTES];
	struct wire_message message;
	enum wire_result result;
	ssize_t got = recv(session->fd, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (got <= 0)
		return false;
	wire_decoder_feed(session->decoder, bytes, (size_t)got);
	while ((result = wire_decoder_next(session->decoder, &message, NULL)) == WIRE_MESSAGE) {
		if (!take_message(session, &message))
			return false;
	}
	return result == WIRE_NEED_MORE;
}

static void on_client(struct loop_fd *source, int fd, unsigned events, void *arg)
{
	struct exec_session *session = arg;
	(void)source;
	(void)fd;

	if ((events & LOOP_READ) != 0 && !read_client(session)) {
		end(session);
		return;
	}
	if ((events & LOOP_HANGUP) != 0 && (events & LOOP_READ) == 0) {
		/* Gone; a source that cannot be answered would wake us for ever. */
		loop_fd_remove(session->source);
		session->source = NULL;
		release(session);
		return;
	}
	flush(session);
}

static void on_data(struct agent_stream *stream, bool is_stderr, const void *bytes, size_t size,
		    void *arg)
{
	struct exec_session *session = arg;
	(void)stream;

	wire_append(&session->out, is_stderr ? WIRE_EXEC_STDERR : WIRE_EXEC_STDOUT, 0, bytes, size);
	session->owed += size;
	flush(session);
}

static void on_writable(struct agent_stream *stream, void *arg)
{
	(void)stream;
	ask(arg);
}

static void on_closed(struct agent_stream *stream, const struct agent_stream_end *how, void *arg)
{
	AUTO(exec_exit_clear)
	struct exec_exit exit = {.has_code = how->error == NULL && how->signal == 0,
				 .code = how->code,
				 .signal = how->signal,
				 .error = xstrdup_or_null(how->error)};
	AUTO_FREE char *json = exec_exit_write(&exit);
	struct exec_session *session = arg;
	(void)stream;

	wire_append_text(&session->out, WIRE_EXEC_EXIT, 0, json);
	session->stream = NULL;
	session->has_told = true;
	flush(session);
}

static const struct agent_stream_handler handler = {
	.data = on_data, .writable = on_writable, .closed = on_closed};

bool exec_session_start(struct session_parts *parts, int fd, struct agent *agent,
			const struct exec_start *exec, const char *answer, session_ended_fn *ended,
			void *arg, struct error *err)
{
	static const uint8_t nonce[WIRE_NONCE_SIZE];
	struct exec_session *session = xcalloc(1, sizeof(*session));

	session->stream = agent_exec(agent, exec, &handler, session, err);
	if (session->stream == NULL) {
		free(session);
		return false;
	}
	session->parts = parts;
	session->ended = ended;
	session->arg = arg;
	session->fd = fd;
	session->decoder = wire_decoder_new(WIRE_MAX_PAYLOAD);
	session->events = LOOP_READ;
	session->source = loop_add_fd(parts->loop, fd, session->events, on_client, session);
	session->next = parts->execs;
	parts->execs = session;
	parts->count++;
	strbuf_append(&session->out, answer);
	wire_append_hello(&session->out, nonce, NULL);
	flush(session);
	return true;
}
