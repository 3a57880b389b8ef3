/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_WIRE_EVENT_H
#define I2KIT_WIRE_EVENT_H

/*
 * An EVENT message, doc/formats.md §5: what happened in a pod. The guest writes it; the supervisor
 * and the guest's own cloud agent read it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum guest_event_type {
	GUEST_EVENT_BOOT,
	GUEST_EVENT_CONTAINER,
	GUEST_EVENT_PROBE,
	GUEST_EVENT_READY,
	GUEST_EVENT_LOSS,
	GUEST_EVENT_POD,
	GUEST_EVENT_FULL,  /* what containers write to has no room left */
	GUEST_EVENT_OTHER, /* a newer guest's: nothing else of it is known */
};

struct guest_event {
	enum guest_event_type type;
	uint64_t sequence;
	int64_t time_ns;       /* the guest's clock */
	const char *container; /* CONTAINER, PROBE, LOSS; else NULL */
	const char *stage;     /* BOOT */
	uint64_t uptime_ms;    /* BOOT */
	const char *state;     /* CONTAINER: waiting, running, terminated */
	const char *reason;    /* CONTAINER, POD; or NULL */
	const char *message;   /* CONTAINER, PROBE; or NULL. FULL */
	bool has_exit_code;    /* CONTAINER, POD */
	int exit_code;	       /* 0–255 */
	int signal;	       /* CONTAINER; 0: none */
	unsigned restarts;     /* CONTAINER */
	/*
	 * CONTAINER running: the sequence that the guest's log had before the container began; all
	 * that it writes comes behind it, wherever this event comes among its lines.
	 */
	bool has_log_sequence;
	uint64_t log_sequence;
	uint64_t next_ms;  /* CONTAINER: start comes in so many ms; 0: not given */
	const char *probe; /* PROBE: startup, readiness, liveness */
	bool is_ok;	   /* PROBE: ok; READY: ready */
	uint64_t lines;	   /* LOSS */
	uint64_t bytes;	   /* LOSS */
	const char *phase; /* POD: Pending, Running, Succeeded, Failed */
};

#define GUEST_EVENT_MAX_TEXT 1024

/* Where the texts of an event lie that was read. */
struct guest_event_texts {
	char bytes[7][GUEST_EVENT_MAX_TEXT + 1];
	size_t count;
};

/* Owned. */
char *guest_event_write(const struct guest_event *event);
/*
 * The guest is not trusted: names are names, words are of those above, and texts are valid UTF-8
 * without control characters but \n and \t, cut where they are longer than GUEST_EVENT_MAX_TEXT.
 */
MUST_CHECK bool guest_event_read(const void *bytes, size_t size, struct guest_event_texts *texts,
				 struct guest_event *ret, struct error *err);

#endif
