/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static _Noreturn void out_of_memory(void)
{
	static const char message[] = "i2kit: out of memory\n";
	(void)!write(STDERR_FILENO, message, sizeof(message) - 1);
	abort();
}

void *xmalloc(size_t size)
{
	void *ptr = malloc(size ? size : 1);
	if (ptr == NULL)
		out_of_memory();
	return ptr;
}

void *xcalloc(size_t count, size_t size)
{
	void *ptr = calloc(count ? count : 1, size ? size : 1);
	if (ptr == NULL)
		out_of_memory();
	return ptr;
}

void *xreallocarray(void *ptr, size_t count, size_t size)
{
	void *grown = reallocarray(ptr, count ? count : 1, size ? size : 1);
	if (grown == NULL)
		out_of_memory();
	return grown;
}

char *xstrdup(const char *text)
{
	return xmemdup(text, strlen(text) + 1);
}

char *xstrndup(const char *text, size_t size)
{
	size_t length = strnlen(text, size);
	char *copy = xmalloc(length + 1);
	memcpy(copy, text, length);
	copy[length] = '\0';
	return copy;
}

char *xstrdup_or_null(const char *text)
{
	return text == NULL ? NULL : xstrdup(text);
}

void *xmemdup(const void *bytes, size_t size)
{
	void *copy = xmalloc(size);
	if (size > 0)
		memcpy(copy, bytes, size);
	return copy;
}

char *xvasprintf(const char *fmt, va_list args)
{
	char *text = NULL;
	if (vasprintf(&text, fmt, args) < 0)
		out_of_memory();
	return text;
}

char *xasprintf(const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	char *text = xvasprintf(fmt, args);
	va_end(args);
	return text;
}

void *array_grow(void *array, size_t count, size_t element_size)
{
	/* Grow only when count has reached a power of two (1, 2, 4, …); between, there is room. */
	if (count == 0 || (count & (count - 1)) == 0) {
		size_t capacity = count == 0 ? 1 : count;
		if (capacity > SIZE_MAX / 2)
			out_of_memory();
		capacity = count == 0 ? 1 : capacity * 2;
		array = xreallocarray(array, capacity, element_size);
	}
	memset((char *)array + count * element_size, 0, element_size);
	return array;
}
