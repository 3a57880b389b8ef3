/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/cloud/cloud_console.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/path.h"
#include "guest/cloud/cloud_sign.h"

#define AGAIN_MS (UINT64_C(10) * 60 * 1000)
#define NS_PER_S INT64_C(1000000000)

struct cloud_console {
	int fd;
	char *key;
	char *instance;
	bool has_state;
	enum console_event state; /* all but CONSOLE_BOOTED */
	char *booted;		  /* the digest; NULL: not known yet */
	uint64_t again_ms;	  /* 0: with the next step it begins to count */
};

struct cloud_console *cloud_console_new(int fd, const char *key, const char *instance)
{
	struct cloud_console *console = xcalloc(1, sizeof(*console));

	console->fd = fd;
	console->key = xstrdup(key);
	console->instance = xstrdup(instance);
	return console;
}

void cloud_console_free(struct cloud_console *console)
{
	if (console == NULL)
		return;
	explicit_bzero(console->key, strlen(console->key));
	free(console->key);
	free(console->instance);
	free(console->booted);
	free(console);
}

/* One write a line, so that another's words come before or after it; a line of the kernel's may be open. */
static void say(const struct cloud_console *console, enum console_event event, const char *value,
		int64_t wall_ns)
{
	const struct console_speaker speaker = {console->key, console->instance, cloud_hmac_hex};
	AUTO_FREE char *line = console_line_write(&speaker, event, wall_ns / NS_PER_S, value);
	AUTO_FREE char *bytes = xasprintf("\n%s\n", line);
	(void)!fd_write_all(console->fd, bytes, strlen(bytes), NULL);
}

void cloud_console_say(struct cloud_console *console, enum console_event event, const char *value,
		       int64_t wall_ns)
{
	if (console == NULL)
		return;
	if (event == CONSOLE_BOOTED) {
		free(console->booted);
		console->booted = xstrdup(value);
	} else {
		console->has_state = true;
		console->state = event;
	}
	say(console, event, value, wall_ns);
}

void cloud_console_step(struct cloud_console *console, uint64_t now_ms, int64_t wall_ns)
{
	if (console == NULL)
		return;
	if (console->again_ms == 0)
		console->again_ms = now_ms + AGAIN_MS;
	if (now_ms < console->again_ms)
		return;
	console->again_ms = now_ms + AGAIN_MS;
	if (console->booted != NULL)
		say(console, CONSOLE_BOOTED, console->booted, wall_ns);
	if (console->has_state)
		say(console, console->state, NULL, wall_ns);
}
