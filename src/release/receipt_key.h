/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_RELEASE_RECEIPT_KEY_H
#define I2KIT_RELEASE_RECEIPT_KEY_H

/* The user's signing key, PATH_CONFIG/receipt.key (0600): the seed, base64, on one line. */

#include "base/ed25519.h"
#include "base/error.h"

/* Makes the key where there is none; two processes that do so at once agree on one. */
MUST_CHECK bool receipt_key_load(struct ed25519_key *ret, struct error *err);

#endif
