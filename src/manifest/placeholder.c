/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/placeholder.h"

#include <ctype.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/string_list.h"
#include "manifest/app.h"
#include "manifest/config_reference.h"

enum { PLACEHOLDER_MAX = 200 };

/* In lower case, without the characters between words. */
static const char *const words[] = {
	"changeme", "changeit",	 "changethis",	"pleasechange",	 "pleasechangeme", "replaceme",
	"replace",  "replaceit", "replacethis", "pleasereplace", "todo",	   "tobedone",
	"tbd",	    "fixme",	 "fillme",	"fillmein",	 "placeholder",	   "dummy",
	"redacted", "insertme",	 "setme",	"editme",	 "example",
};

/* "Change_Me!" → "changeme". */
static void squeeze(const char *bytes, size_t size, char out[PLACEHOLDER_MAX + 1])
{
	size_t length = 0;
	for (size_t i = 0; i < size; i++) {
		if (isalnum((unsigned char)bytes[i]))
			out[length++] = (char)tolower((unsigned char)bytes[i]);
	}
	out[length] = '\0';
}

static bool is_between(const char *bytes, size_t size, const char *begin, const char *end)
{
	size_t head = strlen(begin);
	size_t tail = strlen(end);
	return size >= head + tail && memcmp(bytes, begin, head) == 0 &&
	       memcmp(bytes + size - tail, end, tail) == 0;
}

/* "xxxx", "****", "....": three or more of them and nothing else. */
static bool is_one_character(const char *bytes, size_t size)
{
	return size >= 3 && strchr("xX*.-_?", bytes[0]) != NULL &&
	       strspn(bytes, (const char[]){bytes[0], '\0'}) >= size;
}

bool placeholder_is(const char *bytes, size_t size)
{
	char text[PLACEHOLDER_MAX + 1];

	while (size > 0 && isspace((unsigned char)bytes[size - 1]))
		size--;
	while (size > 0 && isspace((unsigned char)bytes[0])) {
		bytes++;
		size--;
	}
	if (size == 0 || size > PLACEHOLDER_MAX || memchr(bytes, '\0', size) != NULL)
		return false;
	if (is_between(bytes, size, "<", ">") || is_between(bytes, size, "${", "}") ||
	    is_between(bytes, size, "{{", "}}") || is_between(bytes, size, "$(", ")") ||
	    is_one_character(bytes, size))
		return true;
	squeeze(bytes, size, text);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strcmp(text, words[i]) == 0)
			return true;
	}
	/* your-password-here, REPLACE_ME_WITH_A_TOKEN, changeme123 are of the same kind. */
	return strncmp(text, "changeme", 8) == 0 || strncmp(text, "replaceme", 9) == 0 ||
	       strncmp(text, "replacewith", 11) == 0 ||
	       (strncmp(text, "your", 4) == 0 &&
		(strchr("-_ ", bytes[4]) != NULL || strstr(text, "here") != NULL));
}

bool placeholders_refuse(const struct app *app, struct error *err)
{
	AUTO(string_list_clear) struct string_list used = STRING_LIST_INIT;
	AUTO(string_list_clear) struct string_list found = STRING_LIST_INIT;

	for (size_t i = 0; i < app->pod_count; i++)
		config_references(&app->pods[i], true, &used);
	for (size_t i = 0; i < app->config_map_count; i++) {
		const struct config_map *map = &app->config_maps[i];
		if (!map->is_secret || !string_list_has(&used, map->name))
			continue;
		for (size_t k = 0; k < map->entry_count; k++) {
			const struct config_entry *entry = &map->entries[k];
			if (!placeholder_is(entry->bytes, entry->size))
				continue;
			AUTO_FREE char *place = xasprintf("%s.%s", map->name, entry->key);
			string_list_add(&found, place);
		}
	}
	if (found.count == 0)
		return true;
	AUTO_FREE char *list = string_list_join(&found, ", ");
	error_set(err, ERROR_DENIED, "%s in Secrets that go into the cloud: %.400s",
		  found.count == 1 ? "a placeholder" : "placeholders", list);
	return error_hint(
		err, "give the real value: --secret %.100s=VALUE, or --secret-file %.100s=FILE",
		found.items[0], found.items[0]);
}
