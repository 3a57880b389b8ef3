/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_AGENT_AGENT_PARTS_H
#define I2KIT_LOCAL_AGENT_AGENT_PARTS_H

/* What agent.c, agent_receive.c and agent_stream.c share. Nobody else includes this. */

#include "base/budget.h"
#include "base/strbuf.h"
#include "local/agent/agent.h"
#include "wire/frame.h"

enum stream_kind { STREAM_EXEC, STREAM_TUNNEL, STREAM_GUEST_TUNNEL };

struct agent_stream {
	struct agent *agent;
	enum stream_kind kind;
	uint16_t id;
	const struct agent_stream_handler *handler; /* NULL: nobody cares any more */
	void *arg;
	uint32_t send_window;	 /* what we may send */
	uint32_t receive_window; /* what the guest may send */
	uint32_t owed;		 /* consumed, not given back yet */
	bool is_send_finished;
	bool is_receive_finished;
	bool is_datagrams;
};

struct agent {
	struct loop *loop;
	char *name;
	char *path; /* NULL: one connection, not made again */
	struct agent_handler handler;
	void *arg;
	enum agent_state state;
	int fd;
	struct loop_fd *source;
	unsigned events;
	struct loop_timer *timer;  /* CONNECTING: try again; GREETING: give up */
	unsigned connect_failures; /* in a row, and … */
	unsigned violations;	   /* … since the last greeting */
	uint8_t nonce[WIRE_NONCE_SIZE];
	struct wire_decoder *decoder;
	struct strbuf out;
	size_t out_sent; /* of out, already with the kernel */
	uint64_t log_position;
	uint64_t log_acked;
	struct agent_stream *streams[AGENT_MAX_STREAMS]; /* by the low bits of their id */
	unsigned next_slot;
	unsigned next_generation;
	struct agent_stream *guest_streams[AGENT_MAX_GUEST_STREAMS];
	size_t guest_stream_count;
	bool owes_windows;
	bool answers_pings;
	bool takes_touches;
	bool takes_holds;
	bool takes_templates;
	unsigned unanswered;	  /* PINGs since anything was heard */
	struct budget budget;	  /* of what it says, in bytes of JSON */
	struct loop_timer *pause; /* until it is listened to again */
	bool is_paused;
	struct agent_counters counters;
	unsigned busy; /* calls under way that use it after a handler ran */
	bool is_freed;
};

/* Queued bytes not yet with the kernel. */
size_t agent_queued(const struct agent *agent);
/* Writes what the socket takes and asks for what it must wait for. Calls no handler. */
void agent_flush(struct agent *agent);
/* Queues a message; ERROR_FULL beyond AGENT_MAX_QUEUE_BYTES. */
MUST_CHECK bool agent_send(struct agent *agent, enum wire_type type, uint16_t stream,
			   const void *bytes, size_t size, struct error *err);
/* For the small messages whose number the guest cannot drive: not refused. */
void agent_send_small(struct agent *agent, enum wire_type type, uint16_t stream, const void *bytes,
		      size_t size);

/* Handles one message; false: the guest broke the protocol (*err), or the agent has been freed. */
MUST_CHECK bool agent_receive(struct agent *agent, const struct wire_message *message,
			      struct error *err);

MUST_CHECK bool agent_stream_receive(struct agent *agent, const struct wire_message *message,
				     struct error *err);
void agent_streams_close_all(struct agent *agent, const char *why);
void agent_streams_give_windows(struct agent *agent);

#endif
