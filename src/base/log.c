/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/path.h"

/* The one piece of process-wide state in base/: where diagnostics go. */
static enum log_level current_level = LOG_LEVEL_NONE;
static int log_fd = STDERR_FILENO;

bool log_open(enum log_level level, const char *path_or_null, struct error *err)
{
	if (path_or_null != NULL) {
		int fd = open(path_or_null, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
		if (fd < 0)
			return error_set_errno(err, errno, "log file %s", path_or_null);
		log_fd = fd;
	}
	current_level = level;
	return true;
}

bool log_is_on(enum log_level level)
{
	return level <= current_level;
}

void log_write(enum log_level level, const char *fmt, ...)
{
	if (!log_is_on(level))
		return;
	char when[RFC3339_SIZE];
	va_list args;
	clock_format_rfc3339(when, clock_wall_ns(), 3);
	va_start(args, fmt);
	AUTO_FREE char *message = xvasprintf(fmt, args);
	va_end(args);
	AUTO_FREE char *line = xasprintf("%s i2kit[%d]: %s\n", when, (int)getpid(), message);
	/* A full disk must not stop the work that is being logged. */
	if (!fd_write_all(log_fd, line, strlen(line), NULL))
		return;
}
