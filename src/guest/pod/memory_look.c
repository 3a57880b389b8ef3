/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/pod/memory_look.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/parse.h"
#include "base/path.h"
#include "guest/machine/number_file.h"

static uint64_t read_number(const char *group, const char *name, const char *key)
{
	AUTO_FREE char *path = path_join(group, name);
	return number_file_read(path, key);
}

/* "full avg10=0.00 … total=1234", behind the line of "some", which has a total, too. */
static uint64_t read_stalled_us(const char *group)
{
	AUTO_FREE char *path = path_join(group, "memory.pressure");
	AUTO_FREE char *text = NULL;
	uint64_t number = 0;

	if (!file_read(path, 4096, &text, NULL, NULL))
		return 0;
	char *at = strstr(text, "full ");
	at = at != NULL ? strstr(at, "total=") : NULL;
	if (at == NULL)
		return 0;
	at += strlen("total=");
	at[strcspn(at, "\n")] = '\0';
	return parse_u64(at, 0, UINT64_MAX, &number) ? number : 0;
}

void memory_look_read(const char *group, struct memory_look *ret)
{
	*ret = (struct memory_look){
		.limit = read_number(group, "memory.max", ""),
		.current = read_number(group, "memory.current", ""),
		.cache = read_number(group, "memory.stat", "\nactive_file ") +
			 read_number(group, "memory.stat", "\ninactive_file "),
		.stalled_us = read_stalled_us(group),
	};
}
