/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/machine/number_file.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/parse.h"
#include "base/path.h"

uint64_t number_file_read(const char *path, const char *key)
{
	AUTO_FREE char *text = NULL;
	uint64_t value = 0;
	if (!file_read(path, 65536, &text, NULL, NULL))
		return 0;
	const char *at = strstr(text, key);
	if (at == NULL)
		return 0;
	at += strlen(key);
	at += strspn(at, " ");
	AUTO_FREE char *digits = xstrndup(at, strspn(at, "0123456789"));
	return parse_u64(digits, 0, UINT64_MAX / 1024, &value) ? value : 0;
}
