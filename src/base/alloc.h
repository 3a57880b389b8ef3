/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_BASE_ALLOC_H
#define I2KIT_BASE_ALLOC_H

/*
 * Allocation that does not return NULL: a process that cannot get the few bytes it asks for here
 * aborts with one line. Sizes that come from outside are bounded before they reach these.
 */

#include <stdarg.h>
#include <stddef.h>

#include "base/error.h"

void *xmalloc(size_t size) __attribute__((malloc, returns_nonnull));
void *xcalloc(size_t count, size_t size) __attribute__((malloc, returns_nonnull));
void *xreallocarray(void *ptr, size_t count, size_t size) __attribute__((returns_nonnull));
char *xstrdup(const char *text) __attribute__((malloc, returns_nonnull));
char *xstrndup(const char *text, size_t size) __attribute__((malloc, returns_nonnull));
/* NULL stays NULL. */
char *xstrdup_or_null(const char *text);
void *xmemdup(const void *bytes, size_t size) __attribute__((malloc, returns_nonnull));
char *xasprintf(const char *fmt, ...) PRINTF_LIKE(1, 2) __attribute__((malloc, returns_nonnull));
char *xvasprintf(const char *fmt, va_list args) PRINTF_LIKE(1, 0)
	__attribute__((malloc, returns_nonnull));

/*
 * A growing array is a pointer `x` and a count `x_count` in its owner; ARRAY_APPEND makes room for
 * one more zeroed element and yields its address:  ARRAY_APPEND(pod->ports, pod->port_count)->port
 * = 80; Capacity is not stored: it is the next power of two, so growth stays amortised.
 */
void *array_grow(void *array, size_t count, size_t element_size) __attribute__((returns_nonnull));
#define ARRAY_APPEND(array, count)                                                                 \
	((array) = array_grow((array), (count), sizeof(*(array))), &(array)[(count)++])

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

#endif
