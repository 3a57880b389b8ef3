/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/frame.h"

#include <string.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/cleanup.h"

#define FLAG_MORE 1U

/* One message that is being put together. */
struct partial {
	uint8_t type;
	uint16_t stream;
	struct strbuf bytes;
};

struct wire_decoder {
	size_t max_message;
	struct strbuf input; /* fed, not decoded yet; what lies before `start` is used up */
	size_t start;
	struct partial partials[WIRE_MAX_PARTIAL];
	size_t partial_count;
	size_t partial_size;   /* bytes in all of them */
	struct strbuf message; /* what the last WIRE_MESSAGE lent out */
	uint8_t greeting[WIRE_GREETING_SIZE];
	size_t greeting_size; /* how much of it to look for */
	bool is_deaf;
	uint64_t skipped;
};

struct frame {
	uint32_t size;
	uint8_t type;
	uint8_t flags;
	uint16_t stream;
	const uint8_t *payload;
};

const char *wire_type_name(unsigned type)
{
	static const char *const names[] = {
		[WIRE_HELLO] = "HELLO",
		[WIRE_RELEASE] = "RELEASE",
		[WIRE_HOSTS] = "HOSTS",
		[WIRE_LOG] = "LOG",
		[WIRE_LOG_ACK] = "LOG_ACK",
		[WIRE_EVENT] = "EVENT",
		[WIRE_STATS] = "STATS",
		[WIRE_STATS_REQUEST] = "STATS_REQUEST",
		[WIRE_EXEC_START] = "EXEC_START",
		[WIRE_EXEC_STDIN] = "EXEC_STDIN",
		[WIRE_EXEC_STDOUT] = "EXEC_STDOUT",
		[WIRE_EXEC_STDERR] = "EXEC_STDERR",
		[WIRE_EXEC_RESIZE] = "EXEC_RESIZE",
		[WIRE_EXEC_SIGNAL] = "EXEC_SIGNAL",
		[WIRE_EXEC_EXIT] = "EXEC_EXIT",
		[WIRE_WINDOW] = "WINDOW",
		[WIRE_TIME] = "TIME",
		[WIRE_SHUTDOWN] = "SHUTDOWN",
		[WIRE_TUNNEL_OPEN] = "TUNNEL_OPEN",
		[WIRE_TUNNEL_DATA] = "TUNNEL_DATA",
		[WIRE_TUNNEL_CLOSE] = "TUNNEL_CLOSE",
		[WIRE_FILE_PUSH] = "FILE_PUSH",
		[WIRE_PING] = "PING",
		[WIRE_PONG] = "PONG",
		[WIRE_FILE_TOUCH] = "FILE_TOUCH",
		[WIRE_TEMPLATE] = "TEMPLATE",
	};
	bool is_known = type <= WIRE_TYPE_LAST && names[type] != NULL;
	return is_known ? names[type] : "?";
}

static void append_frame(struct strbuf *out, enum wire_type type, uint16_t stream, uint8_t flags,
			 const uint8_t *bytes, size_t size)
{
	uint8_t header[WIRE_HEADER_SIZE];
	bytes_put_u32(header, (uint32_t)size);
	header[4] = (uint8_t)type;
	header[5] = flags;
	bytes_put_u16(header + 6, stream);
	strbuf_append_bytes(out, header, sizeof(header));
	strbuf_append_bytes(out, bytes, size);
}

void wire_append(struct strbuf *out, enum wire_type type, uint16_t stream, const void *bytes,
		 size_t size)
{
	const uint8_t *at = bytes;
	for (; size > WIRE_MAX_PAYLOAD; size -= WIRE_MAX_PAYLOAD, at += WIRE_MAX_PAYLOAD)
		append_frame(out, type, stream, FLAG_MORE, at, WIRE_MAX_PAYLOAD);
	append_frame(out, type, stream, 0, at, size);
}

void wire_append_text(struct strbuf *out, enum wire_type type, uint16_t stream, const char *text)
{
	wire_append(out, type, stream, text, strlen(text));
}

size_t wire_encoded_size(size_t size)
{
	size_t frames = size == 0 ? 1 : (size + WIRE_MAX_PAYLOAD - 1) / WIRE_MAX_PAYLOAD;
	return size + frames * WIRE_HEADER_SIZE;
}

void wire_append_hello(struct strbuf *out, const uint8_t nonce[WIRE_NONCE_SIZE],
		       const char *json_or_null)
{
	AUTO(strbuf_clear) struct strbuf payload = STRBUF_INIT;
	strbuf_append_bytes(&payload, WIRE_MAGIC, WIRE_MAGIC_SIZE);
	strbuf_append_bytes(&payload, nonce, WIRE_NONCE_SIZE);
	if (json_or_null != NULL)
		strbuf_append(&payload, json_or_null);
	wire_append(out, WIRE_HELLO, 0, payload.data, payload.size);
}

struct wire_decoder *wire_decoder_new(size_t max_message)
{
	struct wire_decoder *decoder = xcalloc(1, sizeof(*decoder));
	decoder->max_message = max_message;
	wire_decoder_expect_hello(decoder, NULL);
	return decoder;
}

static void drop_partials(struct wire_decoder *decoder)
{
	for (size_t i = 0; i < decoder->partial_count; i++)
		strbuf_clear(&decoder->partials[i].bytes);
	decoder->partial_count = 0;
	decoder->partial_size = 0;
}

void wire_decoder_free(struct wire_decoder *decoder)
{
	if (decoder == NULL)
		return;
	drop_partials(decoder);
	strbuf_clear(&decoder->input);
	strbuf_clear(&decoder->message);
	free(decoder);
}

void wire_decoder_expect_hello(struct wire_decoder *decoder,
			       const uint8_t nonce_or_null[WIRE_NONCE_SIZE])
{
	drop_partials(decoder);
	strbuf_clear(&decoder->input);
	decoder->start = 0;
	decoder->is_deaf = true;
	memcpy(decoder->greeting, WIRE_MAGIC, WIRE_MAGIC_SIZE);
	decoder->greeting_size = WIRE_MAGIC_SIZE;
	if (nonce_or_null != NULL) {
		memcpy(decoder->greeting + WIRE_MAGIC_SIZE, nonce_or_null, WIRE_NONCE_SIZE);
		decoder->greeting_size = WIRE_GREETING_SIZE;
	}
}

uint64_t wire_decoder_skipped(const struct wire_decoder *decoder)
{
	return decoder->skipped;
}

void wire_decoder_feed(struct wire_decoder *decoder, const void *bytes, size_t size)
{
	if (decoder->start == decoder->input.size)
		strbuf_reset(&decoder->input);
	else
		strbuf_consume(&decoder->input, decoder->start);
	decoder->start = 0;
	strbuf_append_bytes(&decoder->input, bytes, size);
}

static void read_header(const uint8_t *at, struct frame *ret)
{
	ret->size = bytes_get_u32(at);
	ret->type = at[4];
	ret->flags = at[5];
	ret->stream = bytes_get_u16(at + 6);
	ret->payload = at + WIRE_HEADER_SIZE;
}

/* Whether a HELLO frame may begin at `at`, where a header and the greeting are whole. */
static bool is_hello_at(const struct wire_decoder *decoder, const uint8_t *at)
{
	struct frame frame;
	read_header(at, &frame);
	return frame.type == WIRE_HELLO && frame.flags == 0 && frame.stream == 0 &&
	       frame.size >= WIRE_GREETING_SIZE && frame.size <= WIRE_MAX_PAYLOAD &&
	       memcmp(frame.payload, decoder->greeting, decoder->greeting_size) == 0;
}

/* Throws away what cannot be the start of a HELLO; true when one begins at `start`. */
static bool find_hello(struct wire_decoder *decoder)
{
	size_t need = WIRE_HEADER_SIZE + decoder->greeting_size;
	const uint8_t *bytes = (const uint8_t *)strbuf_text(&decoder->input);
	for (; decoder->input.size - decoder->start >= need; decoder->start++) {
		if (is_hello_at(decoder, bytes + decoder->start))
			return true;
		decoder->skipped++;
	}
	return false;
}

static struct partial *find_partial(struct wire_decoder *decoder, const struct frame *frame)
{
	for (size_t i = 0; i < decoder->partial_count; i++) {
		struct partial *partial = &decoder->partials[i];
		if (partial->type == frame->type && partial->stream == frame->stream)
			return partial;
	}
	return NULL;
}

static bool check_frame(const struct frame *frame, struct error *err)
{
	if (frame->size > WIRE_MAX_PAYLOAD)
		return error_set(err, ERROR_INVALID, "agent channel: a frame of %u bytes",
				 (unsigned)frame->size);
	if (frame->type < WIRE_HELLO || frame->type > WIRE_TYPE_LAST)
		return error_set(err, ERROR_INVALID, "agent channel: a frame of unknown type %u",
				 frame->type);
	if ((frame->flags & ~FLAG_MORE) != 0)
		return error_set(err, ERROR_INVALID, "agent channel: unknown flags %#x in %s",
				 frame->flags, wire_type_name(frame->type));
	return true;
}

/* Adds a frame to its partial message, made anew where there is none. */
static bool add_to_partial(struct wire_decoder *decoder, const struct frame *frame,
			   struct partial **ret, struct error *err)
{
	struct partial *partial = find_partial(decoder, frame);
	if (partial == NULL) {
		if (decoder->partial_count == WIRE_MAX_PARTIAL)
			return error_set(err, ERROR_INVALID,
					 "agent channel: more than %d messages in pieces at once",
					 WIRE_MAX_PARTIAL);
		partial = &decoder->partials[decoder->partial_count++];
		*partial = (struct partial){.type = frame->type, .stream = frame->stream};
	}
	if (frame->size > decoder->max_message - decoder->partial_size)
		return error_set(err, ERROR_INVALID, "agent channel: %s of more than %zu bytes",
				 wire_type_name(frame->type), decoder->max_message);
	strbuf_append_bytes(&partial->bytes, frame->payload, frame->size);
	decoder->partial_size += frame->size;
	*ret = partial;
	return true;
}

static void take_partial(struct wire_decoder *decoder, struct partial *partial)
{
	strbuf_clear(&decoder->message);
	decoder->partial_size -= partial->bytes.size;
	decoder->message = partial->bytes;
	*partial = decoder->partials[--decoder->partial_count];
}

/* Sets *is_whole and decoder->message when the frame was a message's last. */
static bool take_frame(struct wire_decoder *decoder, const struct frame *frame, bool *is_whole,
		       struct error *err)
{
	if (!check_frame(frame, err))
		return false;
	/* Somebody new speaks: what was under way is never finished. */
	if (frame->type == WIRE_HELLO)
		drop_partials(decoder);
	if ((frame->flags & FLAG_MORE) == 0 && find_partial(decoder, frame) == NULL) {
		if (frame->size > decoder->max_message)
			return error_set(err, ERROR_INVALID, "agent channel: %s of %u bytes",
					 wire_type_name(frame->type), (unsigned)frame->size);
		strbuf_reset(&decoder->message);
		strbuf_append_bytes(&decoder->message, frame->payload, frame->size);
		*is_whole = true;
		return true;
	}
	struct partial *partial = NULL;
	if (!add_to_partial(decoder, frame, &partial, err))
		return false;
	*is_whole = (frame->flags & FLAG_MORE) == 0;
	if (*is_whole)
		take_partial(decoder, partial);
	return true;
}

enum wire_result wire_decoder_next(struct wire_decoder *decoder, struct wire_message *ret,
				   struct error *err)
{
	if (decoder->is_deaf && !find_hello(decoder))
		return WIRE_NEED_MORE;
	decoder->is_deaf = false;
	while (decoder->input.size - decoder->start >= WIRE_HEADER_SIZE) {
		struct frame frame;
		read_header((const uint8_t *)decoder->input.data + decoder->start, &frame);
		/* A length that is refused anyway is not waited for. */
		if (frame.size <= WIRE_MAX_PAYLOAD &&
		    decoder->input.size - decoder->start - WIRE_HEADER_SIZE < frame.size)
			return WIRE_NEED_MORE;
		bool is_whole = false;
		if (!take_frame(decoder, &frame, &is_whole, err)) {
			wire_decoder_expect_hello(decoder, NULL);
			return WIRE_BROKEN;
		}
		decoder->start += WIRE_HEADER_SIZE + frame.size;
		if (!is_whole)
			continue;
		ret->type = (enum wire_type)frame.type;
		ret->stream = frame.stream;
		ret->bytes = (const uint8_t *)strbuf_text(&decoder->message);
		ret->size = decoder->message.size;
		return WIRE_MESSAGE;
	}
	return WIRE_NEED_MORE;
}
