/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_BASE_SOCKET_SEND_H
#define I2KIT_BASE_SOCKET_SEND_H

#include "base/strbuf.h"

/*
 * Sends from the front of *out what the socket takes without waiting, and drops that. What is left
 * waits for the socket to be writable. False: the peer has gone.
 */
MUST_CHECK bool socket_send_queued(int fd, struct strbuf *out);

#endif
