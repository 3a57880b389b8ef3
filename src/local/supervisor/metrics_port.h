/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_SUPERVISOR_METRICS_PORT_H
#define I2KIT_LOCAL_SUPERVISOR_METRICS_PORT_H

/*
 * The port that answers GET /metrics, and nothing else: one request a connection, at most
 * METRICS_CONNECTIONS at once (the oldest that has not asked yet makes room), METRICS_PATIENCE_MS
 * for all of it. Whoever may connect sees names and numbers of the project, no secrets.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/loop.h"

enum { METRICS_CONNECTIONS = 16, METRICS_PATIENCE_MS = 10000, METRICS_PORT = 9464 };

struct metrics_port;

/* The text of now; owned by the caller after. */
typedef char *metrics_text_fn(void *arg);

/*
 * where: "127.0.0.1:9464", "[::1]:9464", or an address alone: then METRICS_PORT or the next free
 * one. patience_ms 0: METRICS_PATIENCE_MS. NULL on failure.
 */
MUST_CHECK struct metrics_port *metrics_port_open(struct loop *loop, const char *where,
						  unsigned patience_ms, metrics_text_fn *text,
						  void *arg, struct error *err);
void metrics_port_close(struct metrics_port *port); /* NULL is fine */
DEFINE_AUTO_PTR(metrics_port, metrics_port_close)
/* "127.0.0.1:9464", as it listens. */
const char *metrics_port_address(const struct metrics_port *port);

#endif
