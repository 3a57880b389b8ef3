/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_LISTEN_SOCKET_H
#define I2KIT_LOCAL_LISTEN_SOCKET_H

#include <stdbool.h>

#include "base/error.h"
#include "local/socket_address.h"

#define LISTEN_MOVE_BY 8000 /* 80 → 8080, 443 → 8443 */

/*
 * A bound (and for TCP listening) non-blocking socket; *address gets the port that was found where
 * it was 0 or had to move: a port below 1024 that we may not bind moves, with may_move, to
 * port + LISTEN_MOVE_BY or the first free one of the 1000 after it. -1 on failure; a port that
 * somebody holds is ERROR_EXISTS with that process's name; service is named in the hint.
 */
MUST_CHECK int listen_socket_open(const char *service, bool is_udp, bool may_move,
				  struct socket_address *address, struct error *err);

#endif
