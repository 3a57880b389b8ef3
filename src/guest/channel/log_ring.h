/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_CHANNEL_LOG_RING_H
#define I2KIT_GUEST_CHANNEL_LOG_RING_H

/*
 * Log lines that the host has not stored yet, as LOG payloads ready to send. Bounded: when it is
 * full, the oldest are dropped and counted per container. Sequences count the bytes of each boot.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/log_record.h"

struct log_ring;

struct log_ring *log_ring_new(size_t max_bytes);
void log_ring_free(struct log_ring *ring);

#define LOG_RING_MAX_RAW ((size_t)60 << 10)

/* One line, without its newline. */
void log_ring_append(struct log_ring *ring, const char *container, enum wire_log_source source,
		     int64_t wall_ns, const void *text, size_t size);
/* Whole lines with their newlines, or (is_partial) the beginning of a long one. At most
 * LOG_RING_MAX_RAW bytes, at least one. */
void log_ring_append_raw(struct log_ring *ring, const char *container, enum wire_log_source source,
			 bool is_partial, int64_t wall_ns, const void *text, size_t size);

/* The next payload that was not sent, borrowed until the next call; false when all were. */
bool log_ring_next(struct log_ring *ring, const void **ret, size_t *ret_size);
/* All up to this sequence are stored on the host. */
void log_ring_acknowledge(struct log_ring *ring, uint64_t sequence);
/* What was sent and not acknowledged is to be sent again: a new host process listens. */
void log_ring_rewind(struct log_ring *ring);

/* All of it goes, counts too: what comes is of another life. */
void log_ring_forget(struct log_ring *ring);

/* Of the newest record; what comes has a higher one. */
uint64_t log_ring_sequence(const struct log_ring *ring);
size_t log_ring_bytes(const struct log_ring *ring);
/* Nearly full: whoever can wait with producing should. */
bool log_ring_is_pressed(const struct log_ring *ring);

/* One container's losses since the last call; false when there are none (left). */
struct log_loss {
	char container[256];
	uint64_t lines;
	uint64_t bytes;
};
bool log_ring_take_loss(struct log_ring *ring, struct log_loss *ret);

#endif
