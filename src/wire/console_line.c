/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/console_line.h"

#include <inttypes.h>
#include <stddef.h>

#include "base/alloc.h"

static const char *const event_words[] = {
	[CONSOLE_READY] = "ready",   [CONSOLE_UNREADY] = "unready", [CONSOLE_DONE] = "done",
	[CONSOLE_FAILED] = "failed", [CONSOLE_BOOTED] = "booted",
};

char *console_line_text(enum console_event event, int64_t seconds, const char *value)
{
	return xasprintf("%s %" PRId64 " %s", event_words[event], seconds,
			 value != NULL ? value : "-");
}

char *console_line_message(const char *text, const char *instance)
{
	return xasprintf("%s %s", text, instance);
}
