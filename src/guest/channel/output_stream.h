/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_CHANNEL_OUTPUT_STREAM_H
#define I2KIT_GUEST_CHANNEL_OUTPUT_STREAM_H

/*
 * One output of a container: a pipe (or terminal) that is read as it fills, cut into lines and put
 * into the ring. While the host keeps up with storing, a full ring makes the writer wait a little;
 * when the host does not, the pipe is drained all the same and old lines are lost and counted.
 */

#include "base/loop.h"
#include "guest/channel/log_ring.h"

struct output_stream;

/* Told after lines were appended. */
typedef void output_stream_fn(void *arg);

/* Owns fd from here on. */
struct output_stream *output_stream_new(struct loop *loop, int fd, struct log_ring *ring,
					const char *container, enum wire_log_source source,
					output_stream_fn *appended, void *arg);
/* The same of bytes that somebody else reads, and hands over by output_stream_take(). */
struct output_stream *output_stream_new_fed(struct loop *loop, struct log_ring *ring,
					    const char *container, enum wire_log_source source,
					    output_stream_fn *appended, void *arg);
void output_stream_take(struct output_stream *stream, const void *bytes, size_t size);
/* Reads what is left (without waiting), closes. NULL is fine. */
void output_stream_free(struct output_stream *stream);

#endif
