/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_OPENSTACK_RELEASE_RELEASE_LOOK_H
#define I2KIT_CLOUD_OPENSTACK_RELEASE_RELEASE_LOOK_H

/* What there is of a scope: the facts of a step. Reads alone. */

#include "cloud/openstack/release/release_run.h"

struct server;
struct console_state;

/* Since when a server is seen that is not ready. */
struct release_watch {
	char *id; /* owned */
	uint64_t since_ms;
};

/* What one server's words mean. Pure; all but member, is_earlier. */
void release_fact_of(const struct server *server, const struct console_state *said,
		     struct fact_server *ret);
MUST_CHECK bool release_look(struct release_run *run, struct release_facts *ret, struct error *err);

#endif
