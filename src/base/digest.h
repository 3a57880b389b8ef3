/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_BASE_DIGEST_H
#define I2KIT_BASE_DIGEST_H

/*
 * A SHA-256 digest as a value: copied by "=", compared by digest_equal(), written as OCI does,
 * "sha256:" and 64 lower-case hex digits. Computing one is base/sha256.h's.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

#define DIGEST_BYTES	32
#define DIGEST_HEX_SIZE 65		      /* 64 digits and NUL */
#define DIGEST_SIZE	(7 + DIGEST_HEX_SIZE) /* "sha256:", the digits and NUL */

/* All zero: none. No text is read as that one, so that what is given is never taken for absent. */
struct digest {
	uint8_t bytes[DIGEST_BYTES];
};

bool digest_is_set(const struct digest *digest);
bool digest_equal(const struct digest *a, const struct digest *b);

/* False, with *ret as it was, for NULL and whatever else is not the text of a digest. */
MUST_CHECK bool digest_parse(const char *text, struct digest *ret);
/* The same of its 64 digits alone: how files are named. */
MUST_CHECK bool digest_parse_hex(const char *hex, struct digest *ret);
/* Whether digest_parse() would read it. */
bool digest_is_valid(const char *text);

/* "xxxxxxxx-xxxx-8xxx-…", a UUID of version 8 (RFC 9562, the maker's own) of the first 16 bytes. */
#define UUID_SIZE 37
void digest_uuid(const struct digest *digest, char out[UUID_SIZE]);

/* Both return out; NULL and none are "". */
const char *digest_text(const struct digest *digest, char out[DIGEST_SIZE]);
const char *digest_hex(const struct digest *digest, char out[DIGEST_HEX_SIZE]);

/* The same as an expression, whose text lives until the enclosing block ends. */
#define DIGEST_TEXT(digest) digest_text((digest), (char[DIGEST_SIZE]){0})
#define DIGEST_HEX(digest)  digest_hex((digest), (char[DIGEST_HEX_SIZE]){0})

#endif
