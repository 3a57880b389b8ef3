/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_ANSWER_TEXT_H
#define I2KIT_CLOUD_ANSWER_TEXT_H

/* What stands as text in a cloud's answer, whichever cloud. Pure. */

#include <stdbool.h>
#include <stdint.h>

/* Words from the network, safe to print, on one line, at most 2,048 bytes. Owned; NULL stays NULL. */
char *answer_text_printable(const char *text);
/* "Wed, 25 Nov 2026 02:31:23 GMT" in seconds since 1970; false, *ret untouched, when it is none. */
bool answer_text_date(const char *text, int64_t *ret_s);

#endif
