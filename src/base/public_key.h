/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_BASE_PUBLIC_KEY_H
#define I2KIT_BASE_PUBLIC_KEY_H

/*
 * Public keys as sigstore has them: PEM of SubjectPublicKeyInfo (RFC 5280). ECDSA with SHA-256 (its
 * signatures are ASN.1), Ed25519 (RFC 8032), RSA with PKCS #1 v1.5 and SHA-256 of 2048 bits and more.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"
#include "base/digest.h"
#include "base/error.h"

struct public_key;

/* NULL and *err (ERROR_INVALID) for anything else. */
MUST_CHECK struct public_key *public_key_read(const char *pem, size_t size, struct error *err);
void public_key_free(struct public_key *key);
DEFINE_AUTO_PTR(public_key, public_key_free)

/* The SHA-256 of its DER: how it is named to people. */
struct digest public_key_digest(const struct public_key *key);
/* Whether the signature is this key's over these bytes. */
MUST_CHECK bool public_key_verify(const struct public_key *key, const void *bytes, size_t size,
				  const void *signature, size_t signature_size);

#endif
