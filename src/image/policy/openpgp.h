/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_POLICY_OPENPGP_H
#define I2KIT_IMAGE_POLICY_OPENPGP_H

/*
 * OpenPGP by gpgv(1), which knows no keys but those of the ring it is given, asks nobody and has no
 * configuration. It runs behind whatever fence this process is behind.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define OPENPGP_PROGRAM	      "gpgv"
#define OPENPGP_KEY_MAX_BYTES ((size_t)1 << 20)

/* Whether the bytes look like public keys of OpenPGP, armoured or not; else perhaps of sigstore. */
bool openpgp_is_key(const char *bytes, size_t size);

/*
 * Public keys as bytes for a ring: armour (RFC 9580 section 6) is taken off, several blocks in one
 * text are joined. Owned.
 */
MUST_CHECK bool openpgp_read_keys(const char *bytes, size_t size, uint8_t **ret, size_t *ret_size,
				  struct error *err);

struct openpgp_message {
	char *text; /* owned: what was signed; NUL-terminated */
	size_t size;
	char fingerprint[129]; /* of the primary key, hexadecimal */
};
void openpgp_message_clear(struct openpgp_message *message);

/*
 * Opens a signed message (not a signature apart from it). ERROR_DENIED unless it has exactly one
 * signature, which is good and by a key of the ring that is neither revoked nor expired.
 */
MUST_CHECK bool openpgp_open(const void *ring, size_t ring_size, const void *signature,
			     size_t signature_size, struct openpgp_message *ret, struct error *err);

/* What gpgv --status-fd says; pure. fingerprint as above. */
MUST_CHECK bool openpgp_read_status(const char *status, char fingerprint[129], struct error *err);

#endif
