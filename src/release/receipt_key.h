/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_RELEASE_RECEIPT_KEY_H
#define I2KIT_RELEASE_RECEIPT_KEY_H

/* The user's signing key, PATH_CONFIG/receipt.key (0600): the seed, base64, on one line. */

#include "base/ed25519.h"
#include "base/error.h"

/* Makes the key where there is none; two processes that do so at once agree on one. */
MUST_CHECK bool receipt_key_load(struct ed25519_key *ret, struct error *err);
/*
 * A new one. Where there is one, ERROR_EXISTS, unless is_replacing: then the old one's public half is
 * trusted as "you, until DATE", so that what it signed still counts, and its secret is gone.
 */
MUST_CHECK bool receipt_key_new(bool is_replacing, struct error *err);

#endif
