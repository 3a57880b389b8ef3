/* SPDX-License-Identifier: Apache-2.0 */
#include "image/unpack/gunzip.h"

#include <string.h>

#include <isa-l/igzip_lib.h>

#include "base/alloc.h"

/* Stays in a core's own cache between being made, hashed and copied. */
#define OUTPUT_SIZE ((size_t)128 << 10)

struct gunzip {
	gunzip_read_fn *read;
	void *arg;
	bool is_at_end;	   /* of the input */
	bool is_in_stream; /* its end is still to come */
	bool has_begun;	   /* at least one stream */
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

/* At the beginning, or between two streams: whether there is another. */
static bool begin_stream(struct gunzip *gunzip, struct error *err)
{
	struct inflate_state *state = &gunzip->state;
	if (!fill(gunzip, err))
		return false;
	/* The second byte may be in the next piece; a first one like this decides well enough. */
	if (state->avail_in == 0 || state->next_in[0] != 0x1f ||
	    (gunzip->has_begun && state->avail_in > 1 && state->next_in[1] != 0x8b))
		return true;
	isal_inflate_reset(state);
	state->crc_flag = ISAL_GZIP;
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
