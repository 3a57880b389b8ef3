/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_PORTS_LISTEN_SOCKET_H
#define I2KIT_LOCAL_PORTS_LISTEN_SOCKET_H

#include <stdbool.h>

#include "base/error.h"
#include "local/ports/socket_address.h"

#define LISTEN_MOVE_BY 8000 /* 80 → 8080, 443 → 8443 */

/*
 * When another port will do: port + LISTEN_MOVE_BY (where there is none, as far below), or the
 * first free one of the 1000 after it.
 */
enum listen_move {
	LISTEN_MOVE_NEVER,
	LISTEN_MOVE_PRIVILEGED, /* below 1024, and we may not bind it */
	LISTEN_MOVE_TAKEN, /* likewise, and where somebody holds it: nobody asked for this one */
};

/*
 * A bound (and for TCP listening) non-blocking socket; *address gets the port that was found where
 * it was 0 or had to move. -1 on failure; a port that somebody holds is ERROR_EXISTS with that
 * process's name; service is named in the hint.
 */
struct listen_options {
	const char *service;
	bool is_udp;
	enum listen_move move;
	uint16_t target_port; /* in the pod, for the hint; 0: the same */
	int namespace_fd;     /* the network namespace to listen in; -1: ours */
};
/* What to publish on when that port is not to be had. */
unsigned listen_other_port(unsigned port);
MUST_CHECK int listen_socket_open(const struct listen_options *options,
				  struct socket_address *address, struct error *err);

#endif
