/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_BASE_LOG_H
#define I2KIT_BASE_LOG_H

/*
 * Diagnostics for the person who debugs i2kit: off unless -v or --log-file asks. Results and errors
 * never go this way. Secrets never go this way either.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

enum log_level {
	LOG_LEVEL_NONE,
	LOG_LEVEL_VERBOSE, /* -v: what is done */
	LOG_LEVEL_DEBUG,   /* -vv: how */
};

/* Lines go to stderr, or to the file (appended, 0600) where a path is given. */
MUST_CHECK bool log_open(enum log_level level, const char *path_or_null, struct error *err);
/*
 * The file is never larger than this: when it is full it becomes PATH.1, in place of the one
 * before, and a new one begins. stderr follows where it led to the same file.
 */
void log_limit(uint64_t bytes);
bool log_is_on(enum log_level level);
void log_write(enum log_level level, const char *fmt, ...) PRINTF_LIKE(2, 3);

#define log_verbose(...) log_write(LOG_LEVEL_VERBOSE, __VA_ARGS__)
#define log_debug(...)	 log_write(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
