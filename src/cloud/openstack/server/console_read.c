/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/openstack/server/console_read.h"

#include <string.h>

#include "base/sha256.h"

static void mac_hex(const char *key, const char *text, char ret[CONSOLE_MAC_SIZE])
{
	uint8_t raw[SHA256_SIZE];

	sha256_hmac(key, strlen(key), text, strlen(text), raw);
	sha256_hex(raw, ret);
}

/* Of two in one second the later one on the console counts. */
static void take(const struct console_line *line, struct console_state *ret)
{
	struct digest booted;

	if (line->event != CONSOLE_BOOTED) {
		if (ret->has_state && line->seconds < ret->state_seconds)
			return;
		ret->has_state = true;
		ret->state = line->event;
		ret->state_seconds = line->seconds;
	} else if (digest_parse(line->value, &booted) &&
		   (!ret->has_booted || line->seconds >= ret->booted_seconds)) {
		ret->has_booted = true;
		ret->booted = booted;
		ret->booted_seconds = line->seconds;
	}
}

void console_read(const char *text, size_t size, const char *key, const char *uuid,
		  struct console_state *ret)
{
	const size_t begin = strlen(CONSOLE_LINE_BEGIN);
	const struct console_speaker speaker = {key, uuid, mac_hex};
	const char *end = text + size;

	*ret = (struct console_state){0};
	for (const char *at = text; at < end;) {
		struct console_line line;
		const char *found = memmem(at, (size_t)(end - at), CONSOLE_LINE_BEGIN, begin);
		if (found == NULL)
			return;
		/* Another may begin within what follows: a line that was broken off. */
		at = found + begin;
		if (console_line_read(at, (size_t)(end - at), &speaker, &line))
			take(&line, ret);
	}
}
