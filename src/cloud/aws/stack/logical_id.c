/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/aws/stack/logical_id.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/strbuf.h"

char *stack_logical_id(const char *name, const char *suffix)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	for (const char *c = name; *c != '\0'; c++) {
		if (*c == '-' || *c == '.')
			strbuf_append_char(&out, *c == '-' ? 'X' : 'Y');
		else
			strbuf_append_char(&out, c == name ? (char)toupper((unsigned char)*c) : *c);
	}
	strbuf_append(&out, suffix);
	return strbuf_take(&out);
}

char *stack_logical_name(const char *id, const char *suffix)
{
	size_t size = strlen(id);
	size_t end = strlen(suffix);
	if (size <= end || strcmp(id + size - end, suffix) != 0)
		return NULL;
	AUTO_FREE char *name = xstrndup(id, size - end);
	for (char *c = name; *c != '\0'; c++) {
		bool is_first = c == name;
		if (is_first)
			*c = (char)tolower((unsigned char)*c);
		else if (*c == 'X' || *c == 'Y')
			*c = *c == 'X' ? '-' : '.';
		else if (isupper((unsigned char)*c) != 0)
			return NULL;
	}
	return TAKE_PTR(name);
}

char *stack_group_id(const char *pod)
{
	return stack_logical_id(pod, "Group");
}
