/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/channel/say.h"

#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"

/* As in base/log.c, the one piece of process-wide state: where diagnostics go. */
static int console = -1;
static struct log_ring *log_ring;

void say_open(void)
{
	console = open("/dev/console", O_WRONLY | O_NOCTTY | O_CLOEXEC);
}

void say_set_ring(struct log_ring *ring)
{
	log_ring = ring;
}

void say(const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	AUTO_FREE char *text = xvasprintf(fmt, args);
	va_end(args);
	AUTO_FREE char *line = xasprintf("i2kit: %s\n", text);
	if (console >= 0)
		(void)!write(console, line, strlen(line));
	if (log_ring != NULL)
		log_ring_append(log_ring, "init", WIRE_LOG_INIT, clock_wall_ns(), text,
				strlen(text));
}
