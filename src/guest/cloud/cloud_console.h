/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_CLOUD_CLOUD_CONSOLE_H
#define I2KIT_GUEST_CLOUD_CLOUD_CONSOLE_H

/*
 * What an instance says of itself on its console (wire/console_line.h): when it changes, and again every ten
 * minutes, since a cloud keeps the last of a console alone.
 */

#include "base/cleanup.h"
#include "wire/console_line.h"

struct cloud_console;

/* key, instance: copied. fd: where to, not owned. */
struct cloud_console *cloud_console_new(int fd, const char *key, const char *instance);
void cloud_console_free(struct cloud_console *console);
DEFINE_AUTO_PTR(cloud_console, cloud_console_free)

/* NULL console: nothing. value: of CONSOLE_BOOTED, the digest; else NULL. */
void cloud_console_say(struct cloud_console *console, enum console_event event, const char *value,
		       int64_t wall_ns);
/* Says again what is due. NULL console: nothing. */
void cloud_console_step(struct cloud_console *console, uint64_t now_ms, int64_t wall_ns);

#endif
