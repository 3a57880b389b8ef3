/* SPDX-License-Identifier: Apache-2.0 */
#include "local/agent/agent_stream.h"

#include <assert.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/cleanup.h"
#include "local/agent/agent_parts.h"

#define SLOT_MASK	(AGENT_MAX_STREAMS - 1U)
#define GENERATIONS	(0x8000U / AGENT_MAX_STREAMS)
#define GIVE_BACK_BYTES (AGENT_WINDOW_BYTES / 4) /* fewer are not worth a message */
#define MAX_TEXT	1024

static struct agent_stream *find(const struct agent *agent, uint16_t id)
{
	struct agent_stream *stream;

	if ((id & WIRE_GUEST_STREAM) == 0) {
		stream = agent->streams[id & SLOT_MASK];
		return stream != NULL && stream->id == id ? stream : NULL;
	}
	for (size_t i = 0; i < agent->guest_stream_count; i++) {
		if (agent->guest_streams[i]->id == id)
			return agent->guest_streams[i];
	}
	return NULL;
}

static void forget(struct agent_stream *stream)
{
	struct agent *agent = stream->agent;

	if (stream->kind != STREAM_GUEST_TUNNEL) {
		agent->streams[stream->id & SLOT_MASK] = NULL;
	} else {
		size_t i = 0;
		while (agent->guest_streams[i] != stream)
			i++;
		agent->guest_streams[i] = agent->guest_streams[--agent->guest_stream_count];
	}
	free(stream);
}

static void close_stream(struct agent_stream *stream, const struct agent_stream_end *end)
{
	const struct agent_stream_handler *handler = stream->handler;

	stream->handler = NULL;
	if (handler != NULL && handler->closed != NULL)
		handler->closed(stream, end, stream->arg);
	forget(stream);
}

static struct agent_stream *any_stream(const struct agent *agent)
{
	if (agent->guest_stream_count > 0)
		return agent->guest_streams[0];
	for (size_t i = 0; i < AGENT_MAX_STREAMS; i++) {
		if (agent->streams[i] != NULL)
			return agent->streams[i];
	}
	return NULL;
}

void agent_streams_close_all(struct agent *agent, const char *why)
{
	const struct agent_stream_end end = {.error = why};
	struct agent_stream *stream;

	/* Looked for anew each time: a handler may end others. */
	while ((stream = any_stream(agent)) != NULL)
		close_stream(stream, &end);
	agent->owes_windows = false;
}

static struct agent_stream *make_stream(struct agent *agent, enum stream_kind kind, uint16_t id)
{
	struct agent_stream *stream = xcalloc(1, sizeof(*stream));

	stream->agent = agent;
	stream->kind = kind;
	stream->id = id;
	stream->send_window = WIRE_START_WINDOW;
	stream->receive_window = WIRE_START_WINDOW;
	return stream;
}

/*
 * Numbers go round through all slots, then through the generations, so that a late frame of an
 * ended stream meets no new one.
 */
static struct agent_stream *add_stream(struct agent *agent, enum stream_kind kind,
				       struct error *err)
{
	if (agent->state != AGENT_UP) {
		(void)error_set(err, ERROR_NETWORK, "%s: the guest's agent is not connected",
				agent->name);
		return NULL;
	}
	for (unsigned i = 0; i < AGENT_MAX_STREAMS; i++) {
		unsigned slot = agent->next_slot;
		unsigned id = agent->next_generation * AGENT_MAX_STREAMS + slot;

		agent->next_slot = (slot + 1) & SLOT_MASK;
		if (agent->next_slot == 0)
			agent->next_generation = (agent->next_generation + 1) % GENERATIONS;
		if (agent->streams[slot] != NULL || id == 0)
			continue;
		agent->streams[slot] = make_stream(agent, kind, (uint16_t)id);
		return agent->streams[slot];
	}
	(void)error_set(err, ERROR_FULL, "%s: %d sessions are open already", agent->name,
			AGENT_MAX_STREAMS);
	return NULL;
}

/* A stream that was asked for with `request`, or NULL. */
static struct agent_stream *start_stream(struct agent *agent, enum stream_kind kind,
					 enum wire_type type, const char *request,
					 struct error *err)
{
	struct agent_stream *stream = add_stream(agent, kind, err);

	if (stream == NULL || agent_send(agent, type, stream->id, request, strlen(request), err))
		return stream;
	forget(stream);
	return NULL;
}

struct agent_stream *agent_exec(struct agent *agent, const struct exec_start *start,
				const struct agent_stream_handler *handler, void *arg,
				struct error *err)
{
	AUTO_FREE char *request = exec_start_write(start, err);
	struct agent_stream *stream = NULL;

	if (request != NULL)
		stream = start_stream(agent, STREAM_EXEC, WIRE_EXEC_START, request, err);
	if (stream == NULL)
		return NULL;
	stream->handler = handler;
	stream->arg = arg;
	return stream;
}

struct agent_stream *agent_tunnel(struct agent *agent, uint16_t port, bool is_udp,
				  const struct agent_stream_handler *handler, void *arg,
				  struct error *err)
{
	const struct tunnel_open open = {.port = port, .is_udp = is_udp};
	AUTO_FREE char *request = tunnel_open_write(&open);
	struct agent_stream *stream =
		start_stream(agent, STREAM_TUNNEL, WIRE_TUNNEL_OPEN, request, err);

	if (stream == NULL)
		return NULL;
	stream->is_datagrams = is_udp;
	stream->handler = handler;
	stream->arg = arg;
	return stream;
}

void agent_stream_accept(struct agent_stream *stream, const struct agent_stream_handler *handler,
			 void *arg)
{
	stream->handler = handler;
	stream->arg = arg;
}

void agent_stream_resize(struct agent_stream *stream, uint16_t rows, uint16_t columns)
{
	uint8_t bytes[4];

	bytes_put_u16(bytes, rows);
	bytes_put_u16(bytes + 2, columns);
	agent_send_small(stream->agent, WIRE_EXEC_RESIZE, stream->id, bytes, sizeof(bytes));
}

void agent_stream_signal(struct agent_stream *stream, uint8_t signal)
{
	agent_send_small(stream->agent, WIRE_EXEC_SIGNAL, stream->id, &signal, 1);
}

size_t agent_stream_room(const struct agent_stream *stream)
{
	return stream->is_send_finished ? 0 : stream->send_window;
}

void agent_stream_write(struct agent_stream *stream, const void *bytes, size_t size)
{
	assert(size <= agent_stream_room(stream));
	if (size == 0)
		return;
	stream->send_window -= (uint32_t)size;
	agent_send_small(stream->agent,
			 stream->kind == STREAM_EXEC ? WIRE_EXEC_STDIN : WIRE_TUNNEL_DATA,
			 stream->id, bytes, size);
}

void agent_stream_finish(struct agent_stream *stream)
{
	if (stream->is_send_finished)
		return;
	stream->is_send_finished = true;
	agent_send_small(stream->agent,
			 stream->kind == STREAM_EXEC ? WIRE_EXEC_STDIN : WIRE_TUNNEL_CLOSE,
			 stream->id, "", 0);
}

bool agent_stream_is_finished(const struct agent_stream *stream)
{
	return stream->is_send_finished;
}

void agent_stream_consumed(struct agent_stream *stream, size_t size)
{
	stream->owed += (uint32_t)size;
	if (stream->owed >= GIVE_BACK_BYTES) {
		stream->agent->owes_windows = true;
		if (stream->agent->busy == 0)
			agent_flush(stream->agent);
	}
}

static void give_window(struct agent_stream *stream)
{
	uint8_t bytes[4];

	if (stream->owed < GIVE_BACK_BYTES)
		return;
	bytes_put_u32(bytes, stream->owed);
	stream->receive_window += stream->owed;
	stream->owed = 0;
	wire_append(&stream->agent->out, WIRE_WINDOW, stream->id, bytes, sizeof(bytes));
}

void agent_streams_give_windows(struct agent *agent)
{
	agent->owes_windows = false;
	for (size_t i = 0; i < AGENT_MAX_STREAMS; i++) {
		if (agent->streams[i] != NULL)
			give_window(agent->streams[i]);
	}
	for (size_t i = 0; i < agent->guest_stream_count; i++)
		give_window(agent->guest_streams[i]);
}

void agent_stream_abort(struct agent_stream *stream, const char *why)
{
	bool is_over = stream->is_send_finished && stream->is_receive_finished;

	stream->handler = NULL;
	if (stream->kind == STREAM_EXEC) {
		/* Its number is taken until the guest says that the process has ended. */
		agent_stream_finish(stream);
		agent_stream_signal(stream, SIGHUP);
		return;
	}
	if (!is_over) {
		const char *text = why != NULL ? why : "closed";
		agent_send_small(stream->agent, WIRE_TUNNEL_CLOSE, stream->id, text, strlen(text));
	}
	forget(stream);
}

/* ---- from the guest ---- */

static bool receive_data(struct agent_stream *stream, const struct wire_message *message,
			 struct error *err)
{
	bool is_exec_data = message->type != WIRE_TUNNEL_DATA;

	if (is_exec_data != (stream->kind == STREAM_EXEC) || stream->is_receive_finished)
		return error_set(err, ERROR_INVALID, "%s does not belong to this stream",
				 wire_type_name(message->type));
	/* A datagram cannot be sent in part: the last one may go over. */
	if (message->size > stream->receive_window && !stream->is_datagrams)
		return error_set(err, ERROR_INVALID, "more bytes than the window allows");
	stream->receive_window -= message->size < stream->receive_window ? (uint32_t)message->size
									 : stream->receive_window;
	if (stream->handler != NULL && stream->handler->data != NULL)
		stream->handler->data(stream, message->type == WIRE_EXEC_STDERR, message->bytes,
				      message->size, stream->arg);
	else
		agent_stream_consumed(stream, message->size);
	return true;
}

static bool receive_window(struct agent_stream *stream, const struct wire_message *message,
			   struct error *err)
{
	uint32_t more;

	if (message->size != 4)
		return error_set(err, ERROR_INVALID, "WINDOW of %zu bytes", message->size);
	more = bytes_get_u32(message->bytes);
	/* Never more than the start: who gives back what was not sent is lying. */
	if (more > WIRE_START_WINDOW - stream->send_window)
		return error_set(err, ERROR_INVALID, "WINDOW gives more than was taken");
	stream->send_window += more;
	if (stream->handler != NULL && stream->handler->writable != NULL)
		stream->handler->writable(stream, stream->arg);
	return true;
}

/* Text of the guest, cut; harmless to keep, not to print. */
static void copy_text(char out[MAX_TEXT], const void *bytes, size_t size)
{
	size = size < MAX_TEXT - 1 ? size : MAX_TEXT - 1;
	memcpy(out, bytes, size);
	out[size] = '\0';
}

static bool receive_close(struct agent_stream *stream, const struct wire_message *message,
			  struct error *err)
{
	char text[MAX_TEXT];
	struct agent_stream_end end = {0};

	if (stream->kind == STREAM_EXEC || (stream->is_receive_finished && message->size == 0))
		return error_set(err, ERROR_INVALID, "TUNNEL_CLOSE does not belong here");
	if (message->size > 0) {
		copy_text(text, message->bytes, message->size);
		end.error = text;
		close_stream(stream, &end);
		return true;
	}
	stream->is_receive_finished = true;
	if (stream->is_send_finished) {
		close_stream(stream, &end);
		return true;
	}
	if (stream->handler != NULL && stream->handler->finished != NULL)
		stream->handler->finished(stream, stream->arg);
	return true;
}

static bool receive_exit(struct agent_stream *stream, const struct wire_message *message,
			 struct error *err)
{
	AUTO(exec_exit_clear) struct exec_exit exit = {0};
	struct agent_stream_end end = {0};
	char text[MAX_TEXT];

	if (stream->kind != STREAM_EXEC)
		return error_set(err, ERROR_INVALID, "EXEC_EXIT does not belong here");
	if (!exec_exit_read(message->bytes, message->size, &exit, err))
		return false;
	end.has_code = exit.has_code;
	end.code = exit.code;
	end.signal = exit.signal;
	if (exit.error != NULL) {
		copy_text(text, exit.error, strlen(exit.error));
		end.error = text;
	} else if (!end.has_code && end.signal == 0) {
		end.error = "the guest did not say how it ended";
	}
	close_stream(stream, &end);
	return true;
}

static void refuse(struct agent *agent, uint16_t id, const char *why)
{
	agent_send_small(agent, WIRE_TUNNEL_CLOSE, id, why, strlen(why));
}

static bool receive_open(struct agent *agent, const struct wire_message *message, struct error *err)
{
	AUTO(tunnel_open_clear) struct tunnel_open open = {0};
	struct agent_stream *stream;

	if ((message->stream & WIRE_GUEST_STREAM) == 0 || find(agent, message->stream) != NULL)
		return error_set(err, ERROR_INVALID, "TUNNEL_OPEN with a wrong stream");
	if (!tunnel_open_read(message->bytes, message->size, &open, err))
		return false;
	if (open.service == NULL)
		return error_set(err, ERROR_INVALID, "TUNNEL_OPEN without a service");
	if (agent->guest_stream_count >= AGENT_MAX_GUEST_STREAMS) {
		refuse(agent, message->stream, "too many connections");
		return true;
	}
	stream = make_stream(agent, STREAM_GUEST_TUNNEL, message->stream);
	agent->guest_streams[agent->guest_stream_count++] = stream;
	if (agent->handler.tunnel != NULL)
		agent->handler.tunnel(agent, stream, open.service, open.port, agent->arg);
	/* The handler may have ended it already, or the whole agent. */
	if (agent->is_freed)
		return false;
	stream = find(agent, message->stream);
	if (stream != NULL && stream->handler == NULL) {
		refuse(agent, message->stream, "no such service");
		forget(stream);
	}
	return true;
}

bool agent_stream_receive(struct agent *agent, const struct wire_message *message,
			  struct error *err)
{
	struct agent_stream *stream;
	bool is_good;

	if (message->type == WIRE_TUNNEL_OPEN)
		return receive_open(agent, message, err);
	stream = find(agent, message->stream);
	/* On its way when we ended the stream. */
	if (stream == NULL)
		return true;
	if (message->type == WIRE_WINDOW)
		is_good = receive_window(stream, message, err);
	else if (message->type == WIRE_TUNNEL_CLOSE)
		is_good = receive_close(stream, message, err);
	else if (message->type == WIRE_EXEC_EXIT)
		is_good = receive_exit(stream, message, err);
	else
		is_good = receive_data(stream, message, err);
	return is_good && !agent->is_freed;
}
