/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_AGENT_AGENT_STREAM_H
#define I2KIT_LOCAL_AGENT_AGENT_STREAM_H

/* Streams over an agent's channel: exec sessions and tunnels. */

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct agent;
struct agent_stream;
struct exec_start;

/*
 * Streams: exec sessions and tunnels. Bytes flow under windows both ways: write what
 * agent_stream_room() allows and go on in `writable`; say agent_stream_consumed() when bytes given
 * to `data` have left us, which lets the guest send more. `closed` is the last call; the stream is
 * gone after it. agent_stream_abort() makes no further calls.
 */
struct agent_stream_end {
	bool has_code; /* exec: exit code */
	int code;
	int signal;	   /* exec: ended by it; else 0 */
	const char *error; /* or NULL */
};
struct agent_stream_handler {
	/* is_stderr only for exec without tty. */
	void (*data)(struct agent_stream *stream, bool is_stderr, const void *bytes, size_t size,
		     void *arg);
	void (*writable)(struct agent_stream *stream, void *arg);
	void (*finished)(struct agent_stream *stream, void *arg); /* tunnel: peer sends no more */
	void (*closed)(struct agent_stream *stream, const struct agent_stream_end *end, void *arg);
};

MUST_CHECK struct agent_stream *agent_exec(struct agent *agent, const struct exec_start *start,
					   const struct agent_stream_handler *handler, void *arg,
					   struct error *err); /* NULL on failure */
void agent_stream_resize(struct agent_stream *stream, uint16_t rows, uint16_t columns);
void agent_stream_signal(struct agent_stream *stream, uint8_t signal);

/* A connection to a port inside the pod. What is written before it is made is kept in the guest. */
MUST_CHECK struct agent_stream *agent_tunnel(struct agent *agent, uint16_t port, bool is_udp,
					     const struct agent_stream_handler *handler, void *arg,
					     struct error *err);
void agent_stream_accept(struct agent_stream *stream, const struct agent_stream_handler *handler,
			 void *arg);

size_t agent_stream_room(const struct agent_stream *stream);
/* size is at most what agent_stream_room() says. */
void agent_stream_write(struct agent_stream *stream, const void *bytes, size_t size);
void agent_stream_finish(struct agent_stream *stream); /* no more from us: end of file there */
bool agent_stream_is_finished(const struct agent_stream *stream); /* by us */
void agent_stream_consumed(struct agent_stream *stream, size_t size);
/* Ends it now, both ways. why is told to the guest, or NULL. */
void agent_stream_abort(struct agent_stream *stream, const char *why_or_null);

#endif
