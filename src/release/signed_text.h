/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_RELEASE_SIGNED_TEXT_H
#define I2KIT_RELEASE_SIGNED_TEXT_H

/*
 * A signature over a text, as base64 words. Every kind of text that is signed begins with words of
 * its own ("i2kit receipt v2 …", "i2kit release\n"; a stored receipt with '{'), so that a
 * signature of one kind is none of another.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/ed25519.h"
#include "base/error.h"

#define SIGNED_TEXT_KEY_SIZE 45 /* 32 bytes in base64, with NUL */

/* Both owned. */
MUST_CHECK bool signed_text_make(const struct ed25519_key *key, const char *text, char **ret_key,
				 char **ret_signature, struct error *err);
/* As words of a document; false: it is not a key. */
MUST_CHECK bool signed_text_read_key(const char *word, uint8_t ret[ED25519_KEY_SIZE]);
/* Whether the signature is this key's over the text; NULL words are nobody's. */
MUST_CHECK bool signed_text_check(const char *text, const char *key, const char *signature);

#endif
