/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_SUPERVISOR_CONTROL_REQUEST_H
#define I2KIT_LOCAL_SUPERVISOR_CONTROL_REQUEST_H

/* What clients ask of the control socket, one JSON object a line; doc/formats.md §8. Both ends. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/strbuf.h"

enum control_op {
	CONTROL_STATUS,
	CONTROL_WATCH,
	CONTROL_EVENTS,
	CONTROL_STATS,
	CONTROL_APPLY,
	CONTROL_DOWN,
	/* Of a pod or an instance, from here on. */
	CONTROL_SCALE,
	CONTROL_STOP,
	CONTROL_RESTART,
	CONTROL_KILL,
	CONTROL_PAUSE,
	CONTROL_UNPAUSE,
	CONTROL_RUN_NOW, /* a CronJob, beside its schedule */
};

struct control_request {
	enum control_op op;
	uint64_t id;	      /* repeated by the answer; 0: none is awaited */
	char *name;	      /* SCALE and what follows it; owned */
	uint32_t replicas;    /* SCALE */
	bool with_volumes;    /* DOWN */
	bool is_forced;	      /* DOWN: no container is waited for */
	unsigned interval_ms; /* STATS; 0: no more */
};
void control_request_clear(struct control_request *request);

#define CONTROL_MIN_INTERVAL_MS 500
#define CONTROL_MAX_INTERVAL_MS 60000

/* A line, its end included. */
void control_request_write(const struct control_request *request, struct strbuf *out);
/*
 * ret->id is filled in as far as it can be had, also with an error: somebody waits for an answer.
 */
MUST_CHECK bool control_request_read(const char *line, size_t size, struct control_request *ret,
				     struct error *err);

#endif
