/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/cleanup.h"
#include "fuzz.h"
#include "local/template/memory_split.h"

struct memory {
	const uint8_t *from;
	size_t size;
};

static bool take_page(uint64_t at, const uint8_t *bytes_or_null, void *arg, struct error *err)
{
	const struct memory *memory = arg;

	(void)err;
	if (at % MEMORY_PAGE_SIZE != 0 || at >= MEMORY_MAX_BYTES)
		abort();
	if (bytes_or_null != NULL &&
	    (bytes_or_null < memory->from ||
	     bytes_or_null + MEMORY_PAGE_SIZE > memory->from + memory->size))
		abort();
	return true;
}

/* A page that is handed out lies within memory and stream; what is left names no memory twice. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	AUTO(strbuf_clear) struct strbuf rest = STRBUF_INIT;
	struct memory memory = {.from = bytes, .size = size};
	const struct memory_sink sink = {.page = take_page, .arg = &memory};
	uint64_t memory_bytes = 0;

	if (memory_split(bytes, size, &sink, &rest, &memory_bytes, NULL) &&
	    (memory_bytes == 0 || memory_bytes % MEMORY_PAGE_SIZE != 0))
		abort();
	return 0;
}
