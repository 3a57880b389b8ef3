/* SPDX-License-Identifier: Apache-2.0 */
#include "local/vm/trim.h"

#include <malloc.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "base/path.h"
#include "base/string_list.h"

enum { MAX_MAPS_BYTES = 1 << 20 };

static bool take_hex(const char **at, char end, uintptr_t *ret)
{
	uintptr_t value = 0;
	const char *from = *at;

	for (; **at != '\0' && **at != end; (*at)++) {
		const char *digits = "0123456789abcdef";
		const char *digit = strchr(digits, **at);
		if (digit == NULL || *at - from >= 16)
			return false;
		value = value << 4 | (uintptr_t)(digit - digits);
	}
	if (**at != end || *at == from)
		return false;
	(*at)++;
	*ret = value;
	return true;
}

/*
 * A line of /proc/self/maps. Only what is executable and was never writable: data that the loader
 * relocated and then made read-only would come back without its relocations.
 */
static void give_back(const char *line)
{
	const char *at = line;
	uintptr_t start = 0;
	uintptr_t end = 0;

	if (!take_hex(&at, '-', &start) || !take_hex(&at, ' ', &end) || end <= start ||
	    strncmp(at, "r-xp ", 5) != 0 || strchr(at, '/') == NULL)
		return;
	(void)madvise((void *)start, end - start, MADV_DONTNEED);
}

void trim_memory(void)
{
	AUTO_FREE char *text = NULL;
	AUTO(string_list_clear) struct string_list lines = STRING_LIST_INIT;

	(void)malloc_trim(0);
	if (!file_read("/proc/self/maps", MAX_MAPS_BYTES, &text, NULL, NULL))
		return;
	string_list_split(&lines, text, '\n');
	for (size_t i = 0; i < lines.count; i++)
		give_back(lines.items[i]);
}
