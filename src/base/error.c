/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

static const char *const kind_words[] = {
	[ERROR_NONE] = "none",		 [ERROR_USAGE] = "usage",
	[ERROR_INVALID] = "invalid",	 [ERROR_UNSUPPORTED] = "unsupported",
	[ERROR_NOT_FOUND] = "not-found", [ERROR_EXISTS] = "exists",
	[ERROR_DENIED] = "denied",	 [ERROR_BUSY] = "busy",
	[ERROR_NETWORK] = "network",	 [ERROR_TIMEOUT] = "timeout",
	[ERROR_CANCELLED] = "cancelled", [ERROR_CORRUPT] = "corrupt",
	[ERROR_FULL] = "full",		 [ERROR_SYSTEM] = "system",
};

const char *error_kind_word(enum error_kind kind)
{
	return kind_words[kind];
}

enum error_kind error_kind_of_word(const char *word)
{
	for (unsigned i = ERROR_USAGE; i <= ERROR_SYSTEM; i++) {
		if (strcmp(kind_words[i], word) == 0)
			return (enum error_kind)i;
	}
	return ERROR_SYSTEM;
}

bool(error_set_va)(struct error *err, enum error_kind kind, const char *fmt, va_list args)
{
	if (err == NULL)
		return false;
	error_clear(err);
	err->kind = kind;
	err->message = xvasprintf(fmt, args);
	return false;
}

bool(error_set)(struct error *err, enum error_kind kind, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	error_set_va(err, kind, fmt, args);
	va_end(args);
	return false;
}

static enum error_kind kind_of_errno(int errnum)
{
	switch (errnum) {
	case EACCES:
	case EPERM:
	case EROFS:
		return ERROR_DENIED;
	case ENOENT:
		return ERROR_NOT_FOUND;
	case EEXIST:
		return ERROR_EXISTS;
	case ENOSPC:
	case EDQUOT:
		return ERROR_FULL;
	case EBUSY:
	case EADDRINUSE:
		return ERROR_BUSY;
	case ETIMEDOUT:
		return ERROR_TIMEOUT;
	case ECANCELED:
		return ERROR_CANCELLED;
	case ECONNREFUSED:
	case ECONNRESET:
	case ENETUNREACH:
	case EHOSTUNREACH:
	case EPIPE:
		return ERROR_NETWORK;
	default:
		return ERROR_SYSTEM;
	}
}

bool(error_set_errno)(struct error *err, int errnum, const char *fmt, ...)
{
	va_list args;

	if (err == NULL)
		return false;
	va_start(args, fmt);
	char *what = xvasprintf(fmt, args);
	va_end(args);
	error_set(err, kind_of_errno(errnum), "%s: %s", what, strerror(errnum));
	free(what);
	return false;
}

bool(error_prefix)(struct error *err, const char *fmt, ...)
{
	va_list args;

	if (err == NULL)
		return false;
	va_start(args, fmt);
	char *prefix = xvasprintf(fmt, args);
	va_end(args);
	char *message = xasprintf("%s: %s", prefix, err->message ? err->message : "failed");
	free(prefix);
	free(err->message);
	err->message = message;
	return false;
}

bool(error_hint)(struct error *err, const char *fmt, ...)
{
	va_list args;

	if (err == NULL)
		return false;
	va_start(args, fmt);
	char *hint = xvasprintf(fmt, args);
	va_end(args);
	free(err->hint);
	err->hint = hint;
	return false;
}

void error_clear(struct error *err)
{
	if (err == NULL)
		return;
	free(err->message);
	free(err->hint);
	*err = ERROR_INIT;
}

bool(error_move)(struct error *to, struct error *from)
{
	if (to == NULL) {
		error_clear(from);
		return false;
	}
	error_clear(to);
	*to = *from;
	*from = ERROR_INIT;
	return false;
}
