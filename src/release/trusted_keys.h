/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_RELEASE_TRUSTED_KEYS_H
#define I2KIT_RELEASE_TRUSTED_KEYS_H

/*
 * Public keys whose receipts count. Lines of a file, or words of environment.yml:
 * BASE64KEY[ NAME]; empty lines and those that begin with '#' are passed over.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/ed25519.h"
#include "base/error.h"
#include "base/string_list.h"

/* How the name of a key begins that this user has replaced; the day follows. */
#define TRUSTED_KEYS_RETIRED "you, until "

struct trusted_key {
	uint8_t key[ED25519_KEY_SIZE];
	char *name; /* owned; "" where it has none */
};

struct trusted_keys {
	struct trusted_key *items; /* owned */
	size_t count;
};
void trusted_keys_clear(struct trusted_keys *keys);

/* Adds one line, the blanks at its end passed over. ERROR_INVALID: it begins with no key, its name is
 * none (UTF-8, all of it seen), or the key is there under another: that would be two people. */
MUST_CHECK bool trusted_keys_add(struct trusted_keys *keys, const char *line, struct error *err);
/* Adds those that are not there yet. */
void trusted_keys_merge(struct trusted_keys *keys, const struct trusted_keys *from);
/* Adds those of a file's text. Errors are WHAT:LINE. */
MUST_CHECK bool trusted_keys_add_text(struct trusted_keys *keys, const char *text, const char *what,
				      struct error *err);
/* Adds those of a file (key_file.h); one that is not there has none. Errors are PATH:LINE. */
MUST_CHECK bool trusted_keys_add_file(struct trusted_keys *keys, const char *path,
				      struct error *err);
/* Appends keys to a file, which is made with that mode; one without a name gets it. ret_is_new: of each,
 * it was not there so. ERROR_EXISTS: a key has another name there; then nothing is written. */
MUST_CHECK bool trusted_keys_append_all(const char *path, const struct trusted_keys *added,
					mode_t mode, bool *ret_is_new, struct error *err);
/* The same of one line. */
MUST_CHECK bool trusted_keys_append_file(const char *path, const char *line, mode_t mode,
					 bool *ret_is_new, struct error *err);
/* Adds those of this user: PATH_CONFIG/receipt.trusted, and the user's own keys as "you". */
MUST_CHECK bool trusted_keys_add_own(struct trusted_keys *keys, struct error *err);
/* This user's keys alone, the ones they have replaced too, all as "you". */
MUST_CHECK bool trusted_keys_of_user(struct trusted_keys *ret, struct error *err);
/* The key's name; NULL: it is not trusted. Borrowed. */
const char *trusted_keys_name(const struct trusted_keys *keys, const uint8_t *key);

#endif
