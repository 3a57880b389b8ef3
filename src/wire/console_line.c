/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/console_line.h"

#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"
#include "base/parse.h"
#include "base/string_list.h"

#define WORDS 4 /* EVENT SECONDS VALUE MAC */

static const char *const event_words[CONSOLE_EVENTS] = {
	[CONSOLE_READY] = "ready",   [CONSOLE_UNREADY] = "unready", [CONSOLE_DONE] = "done",
	[CONSOLE_FAILED] = "failed", [CONSOLE_BOOTED] = "booted",
};

/* The MAC is of the instance, too: another's line is not this one's. */
static void sign(const struct console_speaker *speaker, const char *text,
		 char ret[CONSOLE_MAC_SIZE])
{
	AUTO_FREE char *message = xasprintf("%s %s", text, speaker->instance);

	speaker->mac(speaker->key, message, ret);
}

char *console_line_write(const struct console_speaker *speaker, enum console_event event,
			 int64_t seconds, const char *value)
{
	AUTO_FREE char *text = xasprintf("%s %" PRId64 " %s", event_words[event], seconds,
					 value != NULL ? value : "-");
	char mac[CONSOLE_MAC_SIZE];

	sign(speaker, text, mac);
	return xasprintf(CONSOLE_LINE_BEGIN "%s %s", text, mac);
}

/* Says nothing by how long it takes. */
static bool is_same(const char a[CONSOLE_MAC_SIZE], const char *b)
{
	unsigned difference = 0;

	if (strlen(b) != CONSOLE_MAC_SIZE - 1)
		return false;
	for (size_t i = 0; i < CONSOLE_MAC_SIZE - 1; i++)
		difference |= (unsigned char)(a[i] ^ b[i]);
	return difference == 0;
}

static bool read_event(const char *word, enum console_event *ret)
{
	for (unsigned i = 0; i < CONSOLE_EVENTS; i++) {
		if (strcmp(event_words[i], word) != 0)
			continue;
		*ret = (enum console_event)i;
		return true;
	}
	return false;
}

static size_t line_size(const char *bytes, size_t size)
{
	size_t at = 0;

	while (at < size && bytes[at] != '\n' && bytes[at] != '\r' && bytes[at] != '\0')
		at++;
	return at;
}

bool console_line_read(const char *bytes, size_t size, const struct console_speaker *speaker,
		       struct console_line *ret)
{
	AUTO(string_list_clear) struct string_list words = STRING_LIST_INIT;
	struct console_line line = {0};
	char mac[CONSOLE_MAC_SIZE];

	size = line_size(bytes, size);
	if (size >= CONSOLE_LINE_MAX)
		return false;
	AUTO_FREE char *text = xstrndup(bytes, size);
	string_list_split(&words, text, ' ');
	if (words.count != WORDS || !read_event(words.items[0], &line.event) ||
	    !parse_i64(words.items[1], 0, INT64_MAX, &line.seconds))
		return false;
	memcpy(line.value, words.items[2], strlen(words.items[2]) + 1);
	/* All that stands before the MAC, as it stands there. */
	AUTO_FREE char *said = xstrndup(text, size - strlen(words.items[3]) - 1);
	sign(speaker, said, mac);
	if (!is_same(mac, words.items[3]))
		return false;
	*ret = line;
	return true;
}
