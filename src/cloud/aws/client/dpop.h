/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_CLIENT_DPOP_H
#define I2KIT_CLOUD_AWS_CLIENT_DPOP_H

/* Demonstrating Proof of Possession, RFC 9449, as the AWS command line does it for `aws login`. */

#include <stdint.h>

#include "base/error.h"
#include "base/es256.h"

/*
 * The proof, a JSON Web Token, that who POSTs to the URL now (seconds since 1970) has the key. Owned;
 * NULL and *err when it cannot be signed.
 */
MUST_CHECK char *dpop_make(const struct es256_key *key, const char *url, int64_t now_s,
			   struct error *err);

#endif
