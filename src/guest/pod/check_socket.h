/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_POD_CHECK_SOCKET_H
#define I2KIT_GUEST_POD_CHECK_SOCKET_H

/* The checks that are a conversation over TCP: connect alone, HTTP/1.1, gRPC health over HTTP/2. */

#include "base/loop.h"
#include "base/strbuf.h"
#include "guest/pod/check_http.h"

struct check_socket;

/*
 * How it went, called once from the loop. location_or_null: of a redirect, which nobody has
 * followed; is_ok then says nothing.
 */
typedef void check_socket_fn(bool is_ok, const char *message, const char *location_or_null,
			     void *arg);

/*
 * target: whom to connect to; its path counts for HTTP alone. fd: a connection that is there
 * already, now owned, or -1. check and target must outlive it.
 */
struct check_socket *check_socket_start(struct loop *loop, const struct check *check,
					const struct http_target *target, int fd,
					check_socket_fn *done, void *arg);
/* No call of done any more. */
void check_socket_free(struct check_socket *socket);

#endif
