/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_SUPERVISOR_SESSION_NAMES_H
#define I2KIT_LOCAL_SUPERVISOR_SESSION_NAMES_H

/* How guests reach each other without a network of the project. */

#include <stdint.h>

#include "base/error.h"

struct agent_stream;
struct balancer_port;
struct instance;
struct release;
struct pod_plan;
struct supervisor;

/* Session mode: a port of one instance that guests reach by its name (session_names.c). */
struct direct_port {
	char *instance;
	uint16_t port;
	struct balancer_port *balanced; /* without a listener */
};
/* Where `pod`'s replica is in every guest: on its loopback. Owned. */
char *session_instance_address(const struct supervisor *supervisor, const char *pod,
			       unsigned replica);
void session_add_proxies(const struct supervisor *supervisor, const struct pod_plan *viewer,
			 struct release *ret);
/* False: no instance of that name has that port. */
MUST_CHECK bool session_tunnel(const struct instance *from, struct agent_stream *stream,
			       const char *instance, uint16_t port);
void session_directs_close(struct supervisor *supervisor);

#endif
