/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_BASE_ED25519_H
#define I2KIT_BASE_ED25519_H

/* Signatures by RFC 8032 (Ed25519), raw keys as the RFC has them. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define ED25519_KEY_SIZE       32 /* private seed and public key alike */
#define ED25519_SIGNATURE_SIZE 64

struct ed25519_key {
	uint8_t seed[ED25519_KEY_SIZE]; /* secret: 0600 files only, never a log */
	uint8_t public_key[ED25519_KEY_SIZE];
};

MUST_CHECK bool ed25519_generate(struct ed25519_key *ret, struct error *err);
/* The key of a seed that was kept. */
MUST_CHECK bool ed25519_from_seed(const uint8_t seed[ED25519_KEY_SIZE], struct ed25519_key *ret,
				  struct error *err);
MUST_CHECK bool ed25519_sign(const struct ed25519_key *key, const void *bytes, size_t size,
			     uint8_t out[ED25519_SIGNATURE_SIZE], struct error *err);
/* Whether the signature is this public key's over these bytes. */
MUST_CHECK bool ed25519_verify(const uint8_t public_key[ED25519_KEY_SIZE], const void *bytes,
			       size_t size, const uint8_t signature[ED25519_SIGNATURE_SIZE]);

/* A private key behind a passphrase, as PEM: PKCS #8 (RFC 5958), scrypt and AES-256. *ret is owned. */
MUST_CHECK bool ed25519_seal(const struct ed25519_key *key, const char *passphrase, char **ret,
			     struct error *err);
/* ERROR_DENIED: another passphrase opens it; ERROR_CORRUPT: it is no such key. */
MUST_CHECK bool ed25519_unseal(const char *pem, size_t size, const char *passphrase,
			       struct ed25519_key *ret, struct error *err);

#endif
