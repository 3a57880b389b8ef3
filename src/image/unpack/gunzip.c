/* SPDX-License-Identifier: Apache-2.0 */
#include "image/unpack/gunzip.h"

#include <string.h>

#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>

#include "base/alloc.h"

/* RFC 1952 §2.3: of a header's FLG. */
enum {
	HAS_CHECKSUM = 0x02,
	HAS_EXTRA = 0x04,
	HAS_NAME = 0x08,
	HAS_COMMENT = 0x10,
	RESERVED = 0xe0
};
enum { DEFLATE = 8, HEADER_TEXT_MAX = 64 << 10 };

/* Stays in a core's own cache between being made, hashed and copied. */
#define OUTPUT_SIZE ((size_t)128 << 10)

struct gunzip {
	gunzip_read_fn *read;
	void *arg;
	bool is_at_end;	   /* of the input */
	bool is_in_stream; /* its end is still to come */
	bool has_begun;	   /* at least one stream */
	uint32_t header_crc;
	struct inflate_state state;
	uint8_t output[OUTPUT_SIZE];
};

bool gunzip_is_gzip(const void *bytes, size_t size)
{
	return size >= 2 && memcmp(bytes, "\x1f\x8b", 2) == 0;
}

struct gunzip *gunzip_new(gunzip_read_fn *read, void *arg)
{
	struct gunzip *gunzip = xcalloc(1, sizeof(*gunzip));
	gunzip->read = read;
	gunzip->arg = arg;
	isal_inflate_init(&gunzip->state);
	return gunzip;
}

void gunzip_free(struct gunzip *gunzip)
{
	free(gunzip);
}

static bool fill(struct gunzip *gunzip, struct error *err)
{
	struct inflate_state *state = &gunzip->state;
	const void *bytes;
	if (state->avail_in > 0 || gunzip->is_at_end)
		return true;
	ssize_t size = gunzip->read(gunzip->arg, &bytes, err);
	if (size < 0)
		return false;
	gunzip->is_at_end = size == 0;
	state->next_in = (uint8_t *)(uintptr_t)bytes; /* is only read */
	state->avail_in = (uint32_t)size;
	return true;
}

enum taken { TAKEN_BYTE, TAKEN_END, TAKEN_ERROR };

static enum taken take_byte(struct gunzip *gunzip, uint8_t *ret, struct error *err)
{
	struct inflate_state *state = &gunzip->state;
	if (!fill(gunzip, err))
		return TAKEN_ERROR;
	if (state->avail_in == 0)
		return TAKEN_END;
	*ret = *state->next_in++;
	state->avail_in--;
	gunzip->header_crc = crc32_gzip_refl(gunzip->header_crc, ret, 1);
	return TAKEN_BYTE;
}

static bool take_header_byte(struct gunzip *gunzip, uint8_t *ret, struct error *err)
{
	enum taken taken = take_byte(gunzip, ret, err);
	if (taken == TAKEN_END)
		return error_set(err, ERROR_CORRUPT, "its gzip data is cut short");
	return taken == TAKEN_BYTE;
}

static bool set_header_error(struct error *err)
{
	return error_set(err, ERROR_CORRUPT, "its gzip header is malformed");
}

/* A number of 16 bits, little-endian. */
static bool take_short(struct gunzip *gunzip, uint32_t *ret, struct error *err)
{
	uint8_t low, high;
	if (!take_header_byte(gunzip, &low, err) || !take_header_byte(gunzip, &high, err))
		return false;
	*ret = (uint32_t)(high << 8 | low);
	return true;
}

static bool skip_bytes(struct gunzip *gunzip, uint32_t count, struct error *err)
{
	uint8_t byte;
	while (count-- > 0) {
		if (!take_header_byte(gunzip, &byte, err))
			return false;
	}
	return true;
}

static bool skip_text(struct gunzip *gunzip, struct error *err)
{
	uint8_t byte = 1;
	for (uint32_t size = 0; byte != 0; size++) {
		if (size > HEADER_TEXT_MAX)
			return set_header_error(err);
		if (!take_header_byte(gunzip, &byte, err))
			return false;
	}
	return true;
}

/*
 * What follows the two magic bytes. ISA-L reads headers too, but only those whose extra field, name
 * and comment lie in one piece of the input, and its versions differ in what they forgive.
 */
static bool take_header(struct gunzip *gunzip, struct error *err)
{
	uint8_t method, flags;
	uint32_t extra_size = 0, checksum = 0;
	if (!take_header_byte(gunzip, &method, err) || !take_header_byte(gunzip, &flags, err))
		return false;
	if (method != DEFLATE || (flags & RESERVED) != 0)
		return set_header_error(err);
	enum { TIME_FLAGS_SYSTEM = 6 };
	if (!skip_bytes(gunzip, TIME_FLAGS_SYSTEM, err) ||
	    ((flags & HAS_EXTRA) != 0 && !take_short(gunzip, &extra_size, err)) ||
	    !skip_bytes(gunzip, extra_size, err) ||
	    ((flags & HAS_NAME) != 0 && !skip_text(gunzip, err)) ||
	    ((flags & HAS_COMMENT) != 0 && !skip_text(gunzip, err)))
		return false;
	if ((flags & HAS_CHECKSUM) == 0)
		return true;
	uint32_t expected = gunzip->header_crc & 0xffff;
	if (!take_short(gunzip, &checksum, err))
		return false;
	return checksum == expected || set_header_error(err);
}

/* The two bytes that a stream begins with; *ret_is_there: they are these. */
static bool take_magic(struct gunzip *gunzip, bool *ret_is_there, struct error *err)
{
	static const uint8_t magic[] = {0x1f, 0x8b};
	*ret_is_there = false;
	for (size_t i = 0; i < ARRAY_SIZE(magic); i++) {
		uint8_t byte;
		enum taken taken = take_byte(gunzip, &byte, err);
		if (taken == TAKEN_ERROR)
			return false;
		if (taken == TAKEN_END && i > 0 && !gunzip->has_begun)
			return error_set(err, ERROR_CORRUPT, "its gzip data is cut short");
		if (taken == TAKEN_END || byte != magic[i])
			return true;
	}
	*ret_is_there = true;
	return true;
}

/* At the beginning, or between two streams: goes on behind the header of the next, if any. */
static bool begin_stream(struct gunzip *gunzip, struct error *err)
{
	struct inflate_state *state = &gunzip->state;
	bool is_there;
	gunzip->header_crc = 0;
	if (!take_magic(gunzip, &is_there, err))
		return false;
	if (!is_there) {
		/* What follows the last stream is left alone; before the first it is an error. */
		return gunzip->has_begun || (gunzip->is_at_end && state->avail_in == 0) ||
		       set_header_error(err);
	}
	if (!take_header(gunzip, err))
		return false;
	uint8_t *next_in = state->next_in;
	uint32_t avail_in = state->avail_in;
	isal_inflate_reset(state);
	state->next_in = next_in;
	state->avail_in = avail_in;
	state->crc_flag = ISAL_GZIP_NO_HDR_VER;
	gunzip->is_in_stream = true;
	gunzip->has_begun = true;
	return true;
}

static bool set_inflate_error(struct error *err, int code)
{
	switch (code) {
	case ISAL_INCORRECT_CHECKSUM:
		return error_set(err, ERROR_CORRUPT, "its gzip checksum is wrong");
	case ISAL_INVALID_WRAPPER:
	case ISAL_UNSUPPORTED_METHOD:
		return error_set(err, ERROR_CORRUPT, "its gzip header is malformed");
	default:
		return error_set(err, ERROR_CORRUPT, "its gzip data is malformed");
	}
}

/* One call of the library; *ret_size bytes of output are there. */
static bool step(struct gunzip *gunzip, size_t *ret_size, struct error *err)
{
	struct inflate_state *state = &gunzip->state;
	if (!fill(gunzip, err))
		return false;
	/* Even without input: what is left may still be inside the library. */
	uint32_t input = state->avail_in;
	state->next_out = gunzip->output;
	state->avail_out = OUTPUT_SIZE;
	int code = isal_inflate(state);
	*ret_size = OUTPUT_SIZE - state->avail_out;
	if (code < 0 || code == ISAL_NEED_DICT)
		return set_inflate_error(err, code);
	if (state->block_state == ISAL_BLOCK_FINISH)
		gunzip->is_in_stream = false;
	else if (*ret_size == 0 && state->avail_in == input)
		return error_set(err, ERROR_CORRUPT, "its gzip data is %s",
				 gunzip->is_at_end ? "cut short" : "malformed");
	return true;
}

ssize_t gunzip_next(struct gunzip *gunzip, const void **ret, struct error *err)
{
	size_t size = 0;
	while (size == 0) {
		if (!gunzip->is_in_stream && !begin_stream(gunzip, err))
			return -1;
		if (!gunzip->is_in_stream)
			return 0;
		if (!step(gunzip, &size, err))
			return -1;
	}
	*ret = gunzip->output;
	return (ssize_t)size;
}
