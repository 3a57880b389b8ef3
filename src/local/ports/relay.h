/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_PORTS_RELAY_H
#define I2KIT_LOCAL_PORTS_RELAY_H

/*
 * Joins two byte streams until both have ended. Between two sockets the bytes go through pipes with
 * splice(2) and are not copied into this process; between a socket and a tunnel they are, under the
 * tunnel's window. The end of one direction is passed on (half close) and the other one goes on; an
 * error on either side resets the other, so that a cut answer never looks like a whole one.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/loop.h"

struct agent_stream;
struct relay;
struct relay_pipes; /* a stock of pipes; must outlive the relays */

struct relay_pipes *relay_pipes_new(void);
void relay_pipes_free(struct relay_pipes *pipes);

/* Called once, from the loop, never from relay_…() itself; the relay is gone after it. */
enum relay_end {
	RELAY_CLEAN,
	RELAY_CUT,
	RELAY_REFUSED, /* through a tunnel: nothing listens at its other end */
};
typedef void relay_done_fn(enum relay_end end, void *arg);

struct relay_options {
	struct loop *loop;
	struct relay_pipes *pipes;
	uint64_t *count_in;  /* bytes from the first to the second are added here; or NULL */
	uint64_t *count_out; /* and back */
	relay_done_fn *done;
	void *arg;
};

/* Both owned from here on; connected stream sockets, made non-blocking. */
struct relay *relay_sockets(const struct relay_options *options, int first_fd, int second_fd);

/* Ends it now, both sides reset, without calling done. */
void relay_cut(struct relay *relay);

/*
 * Before a TCP socket connects or listens: how much of what comes in may wait for a peer of ours
 * that does not read. The kernel would let it grow to megabytes for each connection.
 */
void relay_bound_buffer(int fd);

/* Closes so that the peer sees a reset where its protocol has one. */
void relay_reset_fd(int fd);

#endif
