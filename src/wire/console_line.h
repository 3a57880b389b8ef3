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
 * several the one with the greatest SECONDS. Both ends are here; each brings its own HMAC. Pure.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/error.h"

enum console_event {
	CONSOLE_READY,
	CONSOLE_UNREADY,
	CONSOLE_DONE,
	CONSOLE_FAILED,
	CONSOLE_BOOTED,
};
#define CONSOLE_EVENTS (CONSOLE_BOOTED + 1)

#define CONSOLE_LINE_BEGIN "i2kit: signed "
#define CONSOLE_LINE_MAX   256 /* what follows it, at most */
#define CONSOLE_MAC_SIZE   65  /* 64 digits and NUL */

/* The HMAC-SHA-256 of a text, in hex. */
typedef void console_mac_fn(const char *key, const char *text, char ret[CONSOLE_MAC_SIZE]);

/* Who says it, and how it is signed. All borrowed. */
struct console_speaker {
	const char *key;
	const char *instance;
	console_mac_fn *mac;
};

/* The whole line, without an end of line; value NULL: "-". Owned. */
char *console_line_write(const struct console_speaker *speaker, enum console_event event,
			 int64_t seconds, const char *value);

struct console_line {
	enum console_event event;
	int64_t seconds;
	char value[CONSOLE_LINE_MAX];
};
/*
 * What follows CONSOLE_LINE_BEGIN, up to the end of its line or of the text. False: it is not the speaker's,
 * or not whole.
 */
MUST_CHECK bool console_line_read(const char *bytes, size_t size,
				  const struct console_speaker *speaker, struct console_line *ret);

#endif
