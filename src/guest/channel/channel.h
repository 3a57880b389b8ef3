/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_CHANNEL_CHANNEL_H
#define I2KIT_GUEST_CHANNEL_CHANNEL_H

/*
 * The guest's end of the agent channel: the virtio-serial port, greeting, sending and receiving.
 * Nothing is sent before the host's HELLO; what is queued when the host goes away is dropped.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/loop.h"
#include "wire/frame.h"

struct channel;

struct channel_handler {
	/* The HELLO's JSON, owned by the caller of it; nonce: the host's, WIRE_NONCE_SIZE bytes. */
	char *(*greeting)(const uint8_t *nonce, void *arg);
	void (*up)(void *arg);
	void (*down)(void *arg);
	void (*message)(const struct wire_message *message, void *arg);
	/* The queue is short again: time to queue logs and stream data. */
	void (*drained)(void *arg);
};

/* Owns fd. */
struct channel *channel_new(struct loop *loop, int fd, const struct channel_handler *handler,
			    void *arg);
void channel_free(struct channel *channel);
bool channel_is_up(const struct channel *channel);
/* Queued; dropped while not up. */
void channel_send(struct channel *channel, enum wire_type type, uint16_t stream, const void *bytes,
		  size_t size);
void channel_send_text(struct channel *channel, enum wire_type type, uint16_t stream,
		       const char *text);
/* Whether bulk data should wait. */
bool channel_is_full(const struct channel *channel);
/* Writes as much as goes at once; true when nothing is left. */
bool channel_flush(struct channel *channel);
/* Waits until all is written or the time is over. For the last words before power off. */
void channel_drain(struct channel *channel, unsigned timeout_ms);

#endif
