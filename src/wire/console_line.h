/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_WIRE_CONSOLE_LINE_H
#define I2KIT_WIRE_CONSOLE_LINE_H

/*
 * What an instance says on its serial console, where a cloud has no better place for it to say anything:
 *
 *	i2kit: signed EVENT SECONDS VALUE MAC
 *
 * EVENT: ready, unready, done (all containers ended well), failed, booted. SECONDS: since 1970. VALUE: of
 * booted, the digest of the disk, "sha256:…"; else "-". MAC: HMAC-SHA-256, in hex, of "EVENT SECONDS VALUE
 * INSTANCE" with the release document's cloud.consoleKey as the key. Others write to a console too, and
 * whoever may read it could write what he read there: so a line counts with the right MAC alone, and of
 * several the one with the greatest SECONDS. Pure.
 */

#include <stdint.h>

enum console_event {
	CONSOLE_READY,
	CONSOLE_UNREADY,
	CONSOLE_DONE,
	CONSOLE_FAILED,
	CONSOLE_BOOTED,
};

#define CONSOLE_LINE_BEGIN "i2kit: signed "

/* "EVENT SECONDS VALUE"; value NULL: "-". Owned. */
char *console_line_text(enum console_event event, int64_t seconds, const char *value);
/* What the MAC is of. Owned. */
char *console_line_message(const char *text, const char *instance);

#endif
