/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_BASE_MESSAGE_SOCKET_H
#define I2KIT_BASE_MESSAGE_SOCKET_H

/*
 * Messages between two processes of ours on a stream socket: a length of four bytes, little-endian,
 * and as many bytes. Blocking. What was sent and received may be secret, and is wiped.
 */

#include <stddef.h>

#include "base/error.h"
#include "base/strbuf.h"

/* Empties the buffer. */
MUST_CHECK bool message_send(int fd, struct strbuf *bytes, struct error *err);
/* More than max bytes are ERROR_INVALID, and so is an end in the middle; *ret is owned. */
MUST_CHECK bool message_receive(int fd, size_t max, char **ret, size_t *ret_size,
				struct error *err);

/* A descriptor through a socket of AF_UNIX, with one byte. */
MUST_CHECK bool message_send_fd(int socket_fd, int fd, struct error *err);
/*
 * Without waiting, from a program of others, which may send a byte more. False: the other end has
 * gone. *ret -1: nothing has come.
 */
bool message_take_fd(int socket_fd, int *ret);
/* -1: the other end has gone, or sent none. */
int message_receive_fd(int socket_fd);

#endif
