/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_SUPERVISOR_PROXY_CONNECTION_H
#define I2KIT_LOCAL_SUPERVISOR_PROXY_CONNECTION_H

/*
 * HAProxy's connections to one Service's port. It sends the one end of a socket pair for each; a
 * ready pod gets it through the balancer. While none is ready, the answer is a page (503) that says
 * which pod is waited for, and why. It is written without reading what was asked: HAProxy has read
 * that, and sends nothing here that is no request.
 */

#include "local/plan/proxy_plan.h"

struct supervisor;

struct proxy_line {
	struct supervisor *supervisor;
	char *service;
	uint16_t port;
	int fd; /* ours; HAProxy has the other end */
	struct loop_fd *source;
};

/* Returns the other end, which is the caller's; -1 on failure. The line must not move. */
MUST_CHECK int proxy_line_open(struct proxy_line *line, struct supervisor *supervisor,
			       const struct route_target *target, struct error *err);
void proxy_line_close(struct proxy_line *line);

/* The page, with its head; owned. */
char *proxy_absence_page(const struct supervisor *supervisor, const char *service);

#endif
