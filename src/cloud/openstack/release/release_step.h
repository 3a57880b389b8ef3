/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_OPENSTACK_RELEASE_RELEASE_STEP_H
#define I2KIT_CLOUD_OPENSTACK_RELEASE_RELEASE_STEP_H

/*
 * What to do next on the way from what there is to what is wanted: pure. Nothing is remembered between two
 * steps but what the cloud itself says, so that a run that was killed anywhere is gone on with by the next.
 *
 *	             ┌────────────── of the wanted release ──────────────┐
 *	port ─▶ server STARTING ─▶ READY ─▶ member ─┐
 *	                                            ├─▶ one of another release: no member ─▶ stop ─▶ delete, its port
 *	                                            └─▶ … until none is left
 *
 * Servers of the wanted release are those whose names say so. All others of a pod are old, whichever release
 * they are of: also what a failed release left.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/string_list.h"
#include "cloud/openstack/release/wanted.h"

enum fact_state {
	FACT_STARTING, /* not ready, or not any more */
	FACT_READY,
	FACT_FAILED, /* it never will be */
	FACT_STOPPED,
};

enum fact_member {
	FACT_NO_MEMBER,
	FACT_SOME_MEMBER, /* of some of its pod's pools */
	FACT_MEMBER,	  /* of all that there are; or there are none */
};

struct fact_server {
	char *id; /* all owned */
	char *name;
	char *pod;
	char *key;     /* its release */
	char *address; /* or NULL */
	char *port;    /* Neutron's id; or NULL */
	char *reason;  /* why it failed; or NULL */
	enum fact_state state;
	enum fact_member member;
	bool is_earlier; /* it was there before this run began: that it fails is not the release's fault */
	bool can_stop; /* it runs */
	bool is_going; /* the cloud is at it: stopping, deleting */
	int64_t created_ns;
};

struct fact_port {
	char *id; /* all owned */
	char *name;
	char *pod;
	bool is_used;
};

struct fact_volume {
	char *id; /* both owned */
	char *claim;
	bool is_free;
};

struct release_facts {
	struct fact_server *servers; /* all owned */
	size_t server_count;
	struct fact_port *ports;
	size_t port_count;
	struct fact_volume *volumes;
	size_t volume_count;
};
void release_facts_clear(struct release_facts *facts);
const struct fact_volume *release_facts_volume(const struct release_facts *facts,
					       const char *claim);

enum release_action {
	RELEASE_MEMBERS, /* these servers, and no others, are members of the pod's pools */
	RELEASE_CREATE,	 /* a server of that name, with the port of that name */
	RELEASE_STOP,	 /* a server */
	RELEASE_DELETE,	 /* a server */
	RELEASE_DELETE_PORT,
};

struct release_step {
	enum release_action action;
	const char *pod; /* borrowed of facts or wanted */
	const char *id;	 /* borrowed; what is stopped or deleted */
	char *name;	 /* owned; of what is created */
	/* Owned; ids of servers, of the wanted release first. */
	struct string_list members;
};

enum release_verdict {
	RELEASE_GOING, /* no step: it waits for the cloud */
	RELEASE_DONE,
	RELEASE_FAILED, /* a server of the wanted release did */
};

struct release_steps {
	struct release_step
		*items; /* owned; in this order, and side by side where of different pods */
	size_t count;
	enum release_verdict verdict;
	const struct fact_server *failed; /* borrowed of facts */
};
void release_steps_clear(struct release_steps *steps);

void release_step_next(const struct release_facts *facts, const struct wanted *wanted,
		       struct release_steps *ret);

#endif
