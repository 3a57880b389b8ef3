/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "fuzz.h"
#include "guest/documents/elf_needed.h"

/* Any file of an image: names, if any, are short and not empty. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;
	/* On the heap, where reading past its end is seen. */
	AUTO_FREE uint8_t *exact = size > 0 ? xmemdup(bytes, size) : NULL;
	elf_needed_add(exact, size, &names);
	for (size_t i = 0; i < names.count; i++) {
		if (names.items[i][0] == '\0' || strlen(names.items[i]) > 255)
			abort();
	}
	return 0;
}
