/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_TUI_RUNE_H
#define I2KIT_TUI_RUNE_H

#include <stddef.h>

/* One code point as UTF-8, and back. */

/* Returns how many bytes it has. */
size_t rune_encode(unsigned code, char out[4]);
/* Of the well-formed sequence of `width` bytes (base/utf8.h) at text. */
unsigned rune_decode(const char *text, size_t width);

#endif
