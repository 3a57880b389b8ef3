/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_SUPERVISOR_LIFECYCLE_H
#define I2KIT_LOCAL_SUPERVISOR_LIFECYCLE_H

/*
 * What becomes of one VM: the decisions of the step machine that supervisor_parts.h draws, without
 * a clock, a thread or a socket. Whoever runs it (instance.c, instance_watch.c) tells what is
 * known and does what is answered.
 */

#include "local/plan/state.h"

struct lifecycle_facts {
	enum instance_state state;
	bool is_leaving;      /* asked to go */
	bool is_replaced;     /* asked to go and come again */
	bool is_ended;	      /* its pod said that it is over */
	bool has_succeeded;   /* with is_ended */
	bool is_working;      /* a thread makes or ends its domain right now */
	bool is_of_job;	      /* each end of it counts */
	bool is_greeted;      /* its guest spoke since the VM was made */
	bool is_warm;	      /* it went on from a template, and that is not settled yet */
	bool is_held;	      /* it waits for another pod, as it was told to */
	bool is_paused;	      /* libvirt says so: it is not its guest's fault that it is silent */
	bool is_emulated;     /* without KVM everything takes longer */
	unsigned unanswered;  /* agent_ping() */
	uint64_t in_state_ms; /* for so long */
};

/* A VM exists, is being made, or is on its way out. */
bool lifecycle_is_alive(enum instance_state state);

/* Its domain is not there (any more). */
enum lifecycle_end {
	LIFECYCLE_IGNORE,  /* nobody thought that it was, or a thread is at it and says so itself */
	LIFECYCLE_FORGET,  /* it was asked to go */
	LIFECYCLE_RESTART, /* it was asked to come again: at once */
	LIFECYCLE_SUCCEED, /* its pod is over: kept for people to see */
	LIFECYCLE_FAIL,	   /* likewise */
	LIFECYCLE_LOSE,	   /* nobody wanted that, and its Job decides what comes of it */
	LIFECYCLE_BACK_OFF, /* nobody wanted that: again after a pause */
};
enum lifecycle_end lifecycle_gone(const struct lifecycle_facts *facts);

/*
 * A VM that went on from a template and did not get as far as its first container, or whose guest
 * is not heard of: another one boots in its place, at once.
 */
bool lifecycle_gives_up_warmth(const struct lifecycle_facts *facts, bool is_gone);
/* From the start of a VM that goes on to its guest's first word: 20 ms on a quiet machine. */
#define LIFECYCLE_WARM_MS ((uint64_t)8000)

/* The thread that makes its domain is back. */
enum lifecycle_made {
	LIFECYCLE_TALK,	   /* connect its agent */
	LIFECYCLE_DESTROY, /* it was asked to go meanwhile */
	LIFECYCLE_DROP,	   /* not made, and not wanted any more */
	LIFECYCLE_RETRY,   /* not made: again after a pause */
};
enum lifecycle_made lifecycle_made(const struct lifecycle_facts *facts, bool is_made);

/* Whether it goes on as it should: looked at every few seconds. */
enum lifecycle_health {
	LIFECYCLE_FINE,
	LIFECYCLE_SILENT, /* no answer for a while: nobody is sent there */
	LIFECYCLE_HUNG,	  /* no answer for too long: another VM in its place */
	LIFECYCLE_LATE,	  /* its guest was not heard of in time, or does not get on: likewise */
};
enum lifecycle_health lifecycle_health(const struct lifecycle_facts *facts);

#define LIFECYCLE_PING_MS      5000
#define LIFECYCLE_SILENT_PINGS 3
#define LIFECYCLE_HUNG_PINGS   9
/* From the VM's start to the first word of its guest, and from there to its first container. */
#define LIFECYCLE_GREET_MS ((uint64_t)120000)
#define LIFECYCLE_BOOT_MS  ((uint64_t)300000)

/* Before the next start, after so many in a row that did not become ready. */
uint64_t lifecycle_pause_ms(unsigned failures);

/* One that starts takes one of few places, but not for ever. */
bool lifecycle_takes_place(const struct lifecycle_facts *facts);
#define LIFECYCLE_PLACE_MS ((uint64_t)30000)

#endif
