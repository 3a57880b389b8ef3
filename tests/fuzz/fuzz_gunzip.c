/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A gzip stream, in pieces of the size that the first byte says. The library under it is assembly,
 * which no sanitizer sees into: each piece ends at a page that must not be touched.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/cleanup.h"
#include "image/unpack/gunzip.h"

#define ROOM	   65536u
#define PAGE	   4096u
#define OUTPUT_MAX ((size_t)64 << 20)

struct input {
	const uint8_t *bytes;
	size_t size, piece;
	uint8_t *room;
};

static ssize_t give(void *arg, const void **ret, struct error *err)
{
	struct input *input = arg;
	size_t count = input->size < input->piece ? input->size : input->piece;
	(void)err;
	*ret = input->room + ROOM - count;
	memcpy(input->room + ROOM - count, input->bytes, count);
	input->bytes += count;
	input->size -= count;
	return (ssize_t)count;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static uint8_t *room;
	AUTO(error_clear) struct error err = ERROR_INIT;
	if (room == NULL) {
		room = mmap(NULL, ROOM + PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			    -1, 0);
		if (room == MAP_FAILED || mprotect(room + ROOM, PAGE, PROT_NONE) != 0)
			abort();
	}
	if (size == 0)
		return 0;
	struct input input = {.bytes = bytes + 1,
			      .size = size - 1,
			      .piece = bytes[0] == 0 ? ROOM : bytes[0],
			      .room = room};
	AUTO_PTR(gunzip) struct gunzip *gunzip = gunzip_new(give, &input);
	const void *out;
	ssize_t count;
	size_t total = 0;
	while ((count = gunzip_next(gunzip, &out, &err)) > 0 && total < OUTPUT_MAX)
		total += (size_t)count;
	if (count < 0 ? err.message == NULL : err.message != NULL)
		abort();
	return 0;
}
