/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_PORTS_STREAM_FORWARD_H
#define I2KIT_LOCAL_PORTS_STREAM_FORWARD_H

/* Joins connections one by one to a port inside a pod, through its agent. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/loop.h"

struct agent;
struct stream_forwards;

struct stream_forwards *stream_forwards_new(struct loop *loop);
void stream_forwards_free(struct stream_forwards *forwards); /* cuts them */
size_t stream_forwards_count(const struct stream_forwards *forwards);

struct stream_forward_to {
	struct agent
		*agent; /* where there is one: its tunnel also reaches ports bound to localhost */
	uint16_t port;
};
/* On success owns fd; `answer` is written to it first. */
MUST_CHECK bool stream_forward_start(struct stream_forwards *forwards, int fd,
				     const struct stream_forward_to *to, const char *answer,
				     struct error *err);

#endif
