/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_POD_CHECK_SOCKET_H
#define I2KIT_GUEST_POD_CHECK_SOCKET_H

/* The checks that are a conversation over TCP: connect alone, HTTP/1.1, gRPC health over HTTP/2. */

#include "base/loop.h"
#include "base/strbuf.h"
#include "guest/pod/checks.h"

struct check_socket;

/*
 * address: where to connect when the check names no host. fd: a connection that is there already,
 * now owned, or -1.
 */
struct check_socket *check_socket_start(struct loop *loop, const struct check *check,
					const char *address, int fd, check_done_fn *done,
					void *arg);
/* No call of done any more. */
void check_socket_free(struct check_socket *socket);

/* Pure parts. */
void http_request_make(const struct check *check, const char *host, struct strbuf *ret);
/* What an answer's first bytes say: 0 more are needed, else the status, -1 nonsense. */
int http_status_parse(const char *bytes, size_t size);
void grpc_request_make(const struct check *check, const char *host, struct strbuf *ret);
/* 0 more needed, 1 SERVING, 2 another state, -1 nonsense or refused. */
int grpc_answer_parse(const uint8_t *bytes, size_t size);

#endif
