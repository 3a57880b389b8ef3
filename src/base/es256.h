/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_BASE_ES256_H
#define I2KIT_BASE_ES256_H

/* JSON Web Signatures' ES256: ECDSA on the curve P-256 with SHA-256, RFC 7518 section 3.4. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/error.h"

#define ES256_NUMBER_SIZE    32 /* of a coordinate, and of each half of a signature */
#define ES256_SIGNATURE_SIZE 64

struct es256_key;

/*
 * A private key in DER, as RFC 5915 (EC PRIVATE KEY) or PKCS #8 has it. NULL and *err
 * (ERROR_INVALID) when it is none, or of another curve.
 */
MUST_CHECK struct es256_key *es256_key_read(const void *der, size_t size, struct error *err);
/* The same from PEM, whatever its label says. */
MUST_CHECK struct es256_key *es256_key_read_pem(const char *pem, struct error *err);
void es256_key_free(struct es256_key *key);
DEFINE_AUTO_PTR(es256_key, es256_key_free)

/* The public point, big-endian. */
void es256_key_point(const struct es256_key *key, uint8_t x[ES256_NUMBER_SIZE],
		     uint8_t y[ES256_NUMBER_SIZE]);
/* r and s, one behind the other. */
MUST_CHECK bool es256_sign(const struct es256_key *key, const void *bytes, size_t size,
			   uint8_t out[ES256_SIGNATURE_SIZE], struct error *err);

#endif
