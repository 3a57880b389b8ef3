/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_LOGS_LOG_COLOUR_H
#define I2KIT_LOCAL_LOGS_LOG_COLOUR_H

/*
 * Of all that programs write to a terminal, colours alone are harmless: "ESC [ 1 ; 31 m", SGR of
 * ECMA-48 §8.3.117. Whoever shows a log passes or draws these and shows the rest as text.
 */

#include <stddef.h>

/* The length of a colour sequence that begins here; else 0. Longer ones than 32 bytes are none. */
size_t log_colour_sequence(const char *text, size_t size);

#endif
