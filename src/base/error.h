/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_BASE_ERROR_H
#define I2KIT_BASE_ERROR_H

/*
 * An error is a value on the stack of the verb that runs. Every function that can fail returns
 * bool, takes a `struct error *err` as its last argument and fills it exactly once, where the
 * failure is known best; callers on the way up add where they were with error_prefix().
 * err may be NULL where the caller does not care.
 */

#include <stdarg.h>
#include <stdbool.h>

#define MUST_CHECK	       __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))

enum error_kind {
	ERROR_NONE = 0,
	ERROR_USAGE,	   /* the command line is wrong: exit status 2 */
	ERROR_INVALID,	   /* input is malformed or means nothing: manifest, image, frame, answer */
	ERROR_UNSUPPORTED, /* understood, and not done by i2kit */
	ERROR_NOT_FOUND,
	ERROR_EXISTS,
	ERROR_DENIED, /* permission or credentials */
	ERROR_BUSY,   /* somebody else holds it */
	ERROR_NETWORK,
	ERROR_TIMEOUT,
	ERROR_CANCELLED,
	ERROR_CORRUPT, /* bytes do not match their digest or format */
	ERROR_FULL,    /* disk or quota full */
	ERROR_SYSTEM,  /* a system call or library failed */
};

struct error {
	enum error_kind kind;
	char *message; /* owned; one line, no trailing period or newline */
	char *hint;    /* owned, or NULL; what to type to get out of it */
};

#define ERROR_INIT ((struct error){0})

/* "not-found", for a socket or a file: the order of the enum is one program's own. */
const char *error_kind_word(enum error_kind kind);
/* ERROR_SYSTEM for a word of a newer program. */
enum error_kind error_kind_of_word(const char *word);

/* Each of these returns false, so that making an error also returns it. */
bool error_set(struct error *err, enum error_kind kind, const char *fmt, ...) PRINTF_LIKE(3, 4);
bool error_set_va(struct error *err, enum error_kind kind, const char *fmt, va_list args)
	PRINTF_LIKE(3, 0);
/* Appends ": strerror(errnum)"; the kind follows from errnum (EACCES → denied, ENOSPC → full …). */
bool error_set_errno(struct error *err, int errnum, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Puts "prefix: " before the message. */
bool error_prefix(struct error *err, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Sets or replaces the hint. */
bool error_hint(struct error *err, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Frees and zeroes. */
void error_clear(struct error *err);
/* Moves *from to *to (whose old value is freed); returns false. */
bool error_move(struct error *to, struct error *from);

#ifdef __clang_analyzer__
/* It sees one file at a time and would follow the path on which an error is no failure. */
static inline bool error_is_false(bool ignored)
{
	(void)ignored;
	return false;
}
#define error_set(...)	     error_is_false(error_set(__VA_ARGS__))
#define error_set_va(...)    error_is_false(error_set_va(__VA_ARGS__))
#define error_set_errno(...) error_is_false(error_set_errno(__VA_ARGS__))
#define error_prefix(...)    error_is_false(error_prefix(__VA_ARGS__))
#define error_hint(...)	     error_is_false(error_hint(__VA_ARGS__))
#define error_move(...)	     error_is_false(error_move(__VA_ARGS__))
#endif

#endif
