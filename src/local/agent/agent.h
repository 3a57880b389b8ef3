/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_AGENT_AGENT_H
#define I2KIT_LOCAL_AGENT_AGENT_H

/*
 * The host's end of the channel to one VM (doc/formats.md §5): a unix socket that QEMU listens on,
 * connected by us, connected again with growing pauses whenever it breaks.
 *
 *	CONNECTING → GREETING (HELLO sent, rests of older frames thrown away) → UP → CONNECTING …
 *
 * The guest is untrusted. What it sends is checked before a handler sees it, and what it makes us
 * keep is bounded (AGENT_MAX_…), so that a hostile guest harms its own pod and nothing else. A
 * guest that breaks the protocol is disconnected and greeted again after a pause, and counted.
 *
 * All pointers a handler gets are borrowed for the call. A handler may call anything here, also
 * agent_free() on the agent that called it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/loop.h"
#include "local/agent/log_entry.h"
#include "wire/event.h"
#include "wire/request.h"
#include "wire/stats.h"

#define AGENT_MAX_QUEUE_BYTES	((size_t)40 << 20) /* towards the guest; a release may be 16 MiB */
#define AGENT_MAX_STREAMS	1024		   /* opened by the host */
#define AGENT_MAX_GUEST_STREAMS 256		   /* opened by the guest */
/*
 * What a guest says of itself (EVENT, STATS) costs work: beyond a first heap it is listened to at
 * this pace, and its channel waits meanwhile. Each message costs AGENT_MESSAGE_COST beside its
 * size.
 */
#define AGENT_SAYS_AT_ONCE    ((int64_t)512 << 10)
#define AGENT_SAYS_PER_SECOND ((int64_t)32 << 10)
#define AGENT_MESSAGE_COST    128
#define AGENT_WINDOW_BYTES    ((size_t)256 << 10)

struct agent;
struct agent_stream;

enum agent_state { AGENT_CONNECTING, AGENT_GREETING, AGENT_UP };

/* Any of these may be NULL. */
struct agent_handler {
	/* HELLO was answered: state is what the guest says of itself, boot_id tells boots apart (""
	 * when not given). */
	void (*up)(struct agent *agent, const char *state, const char *boot_id, void *arg);
	/*
	 * The guest answered HELLO in a way that is not ours (another version): it will again, however
	 * often it is asked. Counted and greeted anew as after any breach of the protocol.
	 */
	void (*refused)(struct agent *agent, const char *why, void *arg);
	/* TEMPLATE was answered; refusal_or_null: why it cannot be one. */
	void (*templated)(struct agent *agent, const char *refusal_or_null, void *arg);
	/* It was up and is not any more; streams were closed before. */
	void (*down)(struct agent *agent, const char *why, void *arg);
	void (*event)(struct agent *agent, const struct guest_event *event, void *arg);
	void (*stats)(struct agent *agent, const struct guest_stats *stats, void *arg);
	/* True: they are stored (or counted as lost) and may be acknowledged. */
	bool (*log)(struct agent *agent, const struct log_entry *entries, size_t count, void *arg);
	/*
	 * A container connected to a service (session mode). Take the stream with
	 * agent_stream_accept() within the call, or it is closed.
	 */
	void (*tunnel)(struct agent *agent, struct agent_stream *stream, const char *service,
		       uint16_t port, void *arg);
};

/* Starts connecting at once. Copies path, name (for log lines) and *handler. */
struct agent *agent_new(struct loop *loop, const char *name, const char *socket_path,
			const struct agent_handler *handler, void *arg);
/* The same over a connected socket, which it owns; does not reconnect. For tests. */
struct agent *agent_new_fd(struct loop *loop, const char *name, int fd,
			   const struct agent_handler *handler, void *arg);
void agent_free(struct agent *agent); /* closes its streams first; NULL is fine */
enum agent_state agent_get_state(const struct agent *agent);
bool agent_is_up(const struct agent *agent);
/* Its guest, which has greeted, holds its containers back when it is told to. */
bool agent_takes_holds(const struct agent *agent);

struct agent_counters {
	uint64_t received_bytes;
	uint64_t sent_bytes;
	uint64_t log_lines;
	uint64_t repeated_lines; /* sent again by the guest, already stored */
	uint64_t violations;	 /* of the protocol */
	uint64_t connects;
	size_t streams;
};
void agent_get_counters(const struct agent *agent, struct agent_counters *ret);

/*
 * Lines of this boot up to this sequence are stored already (log_store_guest_position()): they are
 * acknowledged and not handed on again. Call from `up`.
 */
void agent_set_log_position(struct agent *agent, uint64_t sequence);

/*
 * Asks whether the guest lives, and says how many times that was asked since anything was heard of
 * it: 0 when it speaks, is not connected, or is of an image that does not know the question.
 */
unsigned agent_ping(struct agent *agent);

/* Messages. ERROR_NETWORK while not up, ERROR_FULL when the guest does not read. */
MUST_CHECK bool agent_send_release(struct agent *agent, const char *json, struct error *err);
MUST_CHECK bool agent_send_hosts(struct agent *agent, const char *json, struct error *err);
MUST_CHECK bool agent_send_time(struct agent *agent, int64_t wall_ns, struct error *err);
MUST_CHECK bool agent_request_stats(struct agent *agent, uint32_t interval_ms, struct error *err);
/* ERROR_UNSUPPORTED: its guest does not know of templates. */
MUST_CHECK bool agent_send_template(struct agent *agent, struct error *err);
/* grace_s < 0: the pod's own. */
MUST_CHECK bool agent_send_shutdown(struct agent *agent, int64_t grace_s, struct error *err);

/* One changed file of a pushed hostPath volume; bytes NULL: deleted. At most 15 MiB. */
struct agent_file {
	const char *volume;
	const char *path; /* below the volume, no ".." */
	unsigned mode;
	const void *bytes; /* NULL: it is gone */
	size_t size;
};
MUST_CHECK bool agent_push_file(struct agent *agent, const struct agent_file *file,
				struct error *err);
/*
 * A path of a shared volume changed here: who watches it there is to be woken. An older guest is
 * not told, which is no failure.
 */
MUST_CHECK bool agent_touch_file(struct agent *agent, const char *volume, const char *path,
				 struct error *err);

#endif
