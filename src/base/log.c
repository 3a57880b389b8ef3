/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/path.h"

/* The one piece of process-wide state in base/: where diagnostics go. */
static enum log_level current_level = LOG_LEVEL_NONE;
static int log_fd = STDERR_FILENO;
static char *log_path = NULL;
static uint64_t log_max = 0; /* 0: no limit */
static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;

bool log_open(enum log_level level, const char *path_or_null, struct error *err)
{
	if (path_or_null != NULL) {
		int fd = open(path_or_null, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
		if (fd < 0)
			return error_set_errno(err, errno, "log file %s", path_or_null);
		log_fd = fd;
		free(log_path);
		log_path = xstrdup(path_or_null);
	}
	current_level = level;
	return true;
}

void log_limit(uint64_t bytes)
{
	log_max = bytes;
}

/* With the lock held. A file that cannot be begun anew goes on as it is. */
static void begin_anew(void)
{
	AUTO_FREE char *former = xasprintf("%s.1", log_path);
	struct stat full, standard;

	if (fstat(log_fd, &full) < 0 || !S_ISREG(full.st_mode) ||
	    (uint64_t)full.st_size < log_max || rename(log_path, former) < 0)
		return;
	int fd = open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return;
	if (fstat(STDERR_FILENO, &standard) == 0 && standard.st_ino == full.st_ino &&
	    standard.st_dev == full.st_dev)
		(void)dup2(fd, STDERR_FILENO);
	(void)close(log_fd);
	log_fd = fd;
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
	(void)pthread_mutex_lock(&log_lock);
	/* A full disk must not stop the work that is being logged. */
	if (fd_write_all(log_fd, line, strlen(line), NULL) && log_max > 0 && log_path != NULL)
		begin_anew();
	(void)pthread_mutex_unlock(&log_lock);
}
