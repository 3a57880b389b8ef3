/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_WIRE_FRAME_H
#define I2KIT_WIRE_FRAME_H

/*
 * The framing of the agent channel, doc/formats.md §5, for both ends: messages become frames, bytes
 * become messages again. Pure: neither end's descriptors are known here.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/strbuf.h"

enum wire_type {
	WIRE_HELLO = 1,
	WIRE_RELEASE = 2,
	WIRE_HOSTS = 3,
	WIRE_LOG = 4,
	WIRE_LOG_ACK = 5,
	WIRE_EVENT = 6,
	WIRE_STATS = 7,
	WIRE_STATS_REQUEST = 8,
	WIRE_EXEC_START = 9,
	WIRE_EXEC_STDIN = 10,
	WIRE_EXEC_STDOUT = 11,
	WIRE_EXEC_STDERR = 12,
	WIRE_EXEC_RESIZE = 13,
	WIRE_EXEC_SIGNAL = 14,
	WIRE_EXEC_EXIT = 15,
	WIRE_WINDOW = 16,
	WIRE_TIME = 17,
	WIRE_SHUTDOWN = 19, /* 18 was entropy, which comes with the release */
	WIRE_TUNNEL_OPEN = 20,
	WIRE_TUNNEL_DATA = 21,
	WIRE_TUNNEL_CLOSE = 22,
	WIRE_FILE_PUSH = 23,
	WIRE_PING = 25, /* 24 restarted a container; PING: if the guest's HELLO says "ping" */
	WIRE_PONG = 26,
	WIRE_FILE_TOUCH = 27, /* if the guest's HELLO says "touch" */
	WIRE_TEMPLATE = 28,   /* if the guest's HELLO says "template": get ready to be saved */
	WIRE_TYPE_LAST = WIRE_TEMPLATE,
};
/* "EXEC_START"; "?" for a number that is none. */
const char *wire_type_name(unsigned type);

#define WIRE_VERSION	   2 /* 1: without raw output in LOG */
#define WIRE_HEADER_SIZE   8
#define WIRE_MAX_PAYLOAD   ((size_t)64 << 10)
#define WIRE_MAX_TO_GUEST  ((size_t)16 << 20) /* one message */
#define WIRE_MAX_TO_HOST   ((size_t)1 << 20)
#define WIRE_START_WINDOW  ((uint32_t)256 << 10)
#define WIRE_GUEST_STREAM  0x8000U /* set in the streams that the guest opens */
#define WIRE_MAX_PARTIAL   16	   /* messages that may be under way at once */
#define WIRE_MAGIC	   "i2kit\x7f\x0d\x0a"
#define WIRE_MAGIC_SIZE	   8
#define WIRE_NONCE_SIZE	   16
#define WIRE_GREETING_SIZE (WIRE_MAGIC_SIZE + WIRE_NONCE_SIZE)

/* Appends one message, cut into as many frames as it needs. */
void wire_append(struct strbuf *out, enum wire_type type, uint16_t stream, const void *bytes,
		 size_t size);
void wire_append_text(struct strbuf *out, enum wire_type type, uint16_t stream, const char *text);
/* How many bytes wire_append() adds. */
size_t wire_encoded_size(size_t size);
/* HELLO: the magic, the nonce, then (guest only) JSON. */
void wire_append_hello(struct strbuf *out, const uint8_t nonce[WIRE_NONCE_SIZE],
		       const char *json_or_null);

struct wire_message {
	enum wire_type type;
	uint16_t stream;
	const uint8_t *bytes; /* a NUL follows the last one, for texts */
	size_t size;
};

/*
 * A decoder begins deaf: it throws bytes away until a HELLO begins (on the host: one that carries
 * `nonce`), gives that out as its first message, and then all that follow. A later HELLO makes an
 * end of messages that were half there. After WIRE_BROKEN it is
 * deaf again. Memory is at most max_message and one frame, and what was fed but not taken yet.
 */
struct wire_decoder;
struct wire_decoder *wire_decoder_new(size_t max_message);
void wire_decoder_free(struct wire_decoder *decoder);
/* Deaf again, everything half read forgotten; nonce NULL: any HELLO will do (the guest's way). */
void wire_decoder_expect_hello(struct wire_decoder *decoder,
			       const uint8_t nonce_or_null[WIRE_NONCE_SIZE]);
void wire_decoder_feed(struct wire_decoder *decoder, const void *bytes, size_t size);

enum wire_result {
	WIRE_NEED_MORE, /* nothing whole is there */
	WIRE_MESSAGE,	/* *ret is borrowed until the next call on the decoder */
	WIRE_BROKEN,	/* the peer breaks the protocol; *err says how */
};
MUST_CHECK enum wire_result wire_decoder_next(struct wire_decoder *decoder,
					      struct wire_message *ret, struct error *err);
/* How many bytes were thrown away while deaf. */
uint64_t wire_decoder_skipped(const struct wire_decoder *decoder);

#endif
