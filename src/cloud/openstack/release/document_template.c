/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/openstack/release/document_template.h"

#include <string.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/cleanup.h"
#include "base/strbuf.h"

char *template_address(size_t index)
{
	return xasprintf("255.2%02zu.2%02zu.1%02zu", index / 2500 % 50, index / 50 % 50,
			 index % 50);
}

char *template_volume(size_t index)
{
	return xasprintf(TEMPLATE_UUID, index % 10000);
}

static char *replace(const char *text, const char *what, const char *by)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	size_t size = strlen(what);

	for (const char *at = strstr(text, what); at != NULL; at = strstr(text, what)) {
		strbuf_append_bytes(&out, text, (size_t)(at - text));
		strbuf_append(&out, by);
		text = at + size;
	}
	strbuf_append(&out, text);
	return strbuf_take(&out);
}

static void replace_in(char **text, const char *what, const char *by)
{
	char *now = replace(*text, what, by);

	free(*text);
	*text = now;
}

char *template_fill(const char *text, const struct template_values *values)
{
	AUTO_FREE char *now = replace(text, TEMPLATE_KEY, values->console_key);

	for (size_t i = 0; i < values->addresses->count; i++) {
		AUTO_FREE char *word = template_address(i);
		replace_in(&now, word, values->addresses->items[i]);
	}
	for (size_t i = 0; i < values->volumes->count; i++) {
		AUTO_FREE char *word = template_volume(i);
		replace_in(&now, word, values->volumes->items[i]);
	}
	return base64_encode(now, strlen(now));
}
