/* SPDX-License-Identifier: Apache-2.0 */
#include "image/unpack/lzo.h"

#include <string.h>

/* How many literals came before an instruction below 16: that is what it depends on. */
enum { AFTER_NONE = 0, AFTER_MANY = 4 };

struct unpacking {
	const uint8_t *at;
	const uint8_t *end;
	uint8_t *out;
	size_t count;
	size_t room;
	unsigned literals;
	bool is_bad;
};

struct match {
	size_t length;
	size_t distance;
	unsigned literals; /* behind it */
	bool is_end;
};

static unsigned take(struct unpacking *unpacking)
{
	if (unpacking->at < unpacking->end)
		return *unpacking->at++;
	unpacking->is_bad = true;
	return 0;
}

/* Numbers that do not fit their bits: zero, then 255 for each byte of zero, then the rest. */
static size_t take_length(struct unpacking *unpacking, unsigned bits, unsigned mask)
{
	size_t length = mask;
	unsigned byte = bits & mask;

	if (byte != 0)
		return byte;
	while (!unpacking->is_bad && (byte = take(unpacking)) == 0)
		length += 255;
	return length + byte;
}

static void copy_literals(struct unpacking *unpacking, size_t count)
{
	if (count > (size_t)(unpacking->end - unpacking->at) ||
	    count > unpacking->room - unpacking->count) {
		unpacking->is_bad = true;
		return;
	}
	memcpy(unpacking->out + unpacking->count, unpacking->at, count);
	unpacking->at += count;
	unpacking->count += count;
}

/* Byte by byte: what is copied may overlap what it is copied from. */
static void copy_match(struct unpacking *unpacking, const struct match *match)
{
	if (match->distance > unpacking->count ||
	    match->length > unpacking->room - unpacking->count) {
		unpacking->is_bad = true;
		return;
	}
	for (size_t i = 0; i < match->length; i++, unpacking->count++)
		unpacking->out[unpacking->count] =
			unpacking->out[unpacking->count - match->distance];
}

/* Instructions from 16 to 63: a length in the bits of `mask`, and two bytes of distance. */
static void take_far(struct unpacking *unpacking, unsigned code, unsigned mask, size_t nearest,
		     struct match *ret)
{
	ret->length = take_length(unpacking, code, mask) + 2;
	unsigned low = take(unpacking);
	unsigned both = low | take(unpacking) << 8;
	ret->distance = nearest + (both >> 2);
	ret->literals = both & 3;
}

static struct match take_match(struct unpacking *unpacking, unsigned code)
{
	struct match match = {.literals = code & 3};

	if (code >= 64) {
		match.length = (code >> 5) + 1;
		match.distance = ((size_t)take(unpacking) << 3) + ((code >> 2) & 7) + 1;
	} else if (code >= 32) {
		take_far(unpacking, code, 31, 1, &match);
	} else if (code >= 16) {
		size_t nearest = 16384 + ((size_t)(code & 8) << 11);
		take_far(unpacking, code, 7, nearest, &match);
		match.is_end = match.distance == 16384;
	} else {
		bool is_after_many = unpacking->literals == AFTER_MANY;
		match.length = is_after_many ? 3 : 2;
		match.distance =
			((size_t)take(unpacking) << 2) + (code >> 2) + (is_after_many ? 2049 : 1);
	}
	return match;
}

/* The first byte may be a run of literals by itself. */
static void take_first(struct unpacking *unpacking)
{
	unsigned byte = unpacking->at < unpacking->end ? *unpacking->at : 0;

	if (byte <= 17)
		return;
	unpacking->at++;
	size_t count = byte - 17;
	copy_literals(unpacking, count);
	unpacking->literals = count < AFTER_MANY ? (unsigned)count : AFTER_MANY;
}

bool lzo_unpack(const uint8_t *bytes, size_t size, uint8_t *out, size_t room, size_t *ret_size)
{
	struct unpacking unpacking = {.at = bytes, .end = bytes + size, .out = out, .room = room};

	take_first(&unpacking);
	while (!unpacking.is_bad) {
		unsigned code = take(&unpacking);
		if (code < 16 && unpacking.literals == AFTER_NONE) {
			copy_literals(&unpacking, take_length(&unpacking, code, 15) + 3);
			unpacking.literals = AFTER_MANY;
			continue;
		}
		struct match match = take_match(&unpacking, code);
		if (match.is_end && !unpacking.is_bad) {
			*ret_size = unpacking.count;
			return unpacking.at == unpacking.end;
		}
		copy_match(&unpacking, &match);
		copy_literals(&unpacking, match.literals);
		unpacking.literals = match.literals;
	}
	return false;
}
