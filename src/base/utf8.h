/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_BASE_UTF8_H
#define I2KIT_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The byte length (1–4) of the well-formed UTF-8 sequence (Unicode 15, table 3-7) at text, or 0
 * when the bytes there are not one. NUL counts as a sequence of one byte.
 */
size_t utf8_width(const char *text, size_t size);

/* Whether all bytes are well-formed; *ret_offset (may be NULL) is where they cease to be. */
bool utf8_is_valid(const char *text, size_t size, size_t *ret_offset);

#endif
