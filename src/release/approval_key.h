/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_RELEASE_APPROVAL_KEY_H
#define I2KIT_RELEASE_APPROVAL_KEY_H

/*
 * The key that this user approves releases with. The receipts' key is used by programs that nobody
 * sits before, so it has no passphrase; who wants one makes a second key for approvals:
 * PATH_CONFIG/approval.key (0600, PEM), its public half in approval.pub (base64). Without one the
 * receipts' key approves.
 */

#include "base/ed25519.h"
#include "base/error.h"

/* The passphrase is $I2KIT_KEY_PASSPHRASE, or asked for; a new one is asked for twice. */
typedef char *approval_ask_fn(const char *question, struct error *err);

/* ERROR_NOT_FOUND: the public half is there and the key is not. ERROR_CORRUPT: they are no pair. */
MUST_CHECK bool approval_key_load(approval_ask_fn *ask, struct ed25519_key *ret, struct error *err);
/* ERROR_EXISTS where there is one, unless is_replacing. */
MUST_CHECK bool approval_key_new(approval_ask_fn *ask, bool is_replacing, struct error *err);
/* Asks nobody. *ret_is_there false: the receipts' key approves. */
MUST_CHECK bool approval_key_public(uint8_t ret[ED25519_KEY_SIZE], bool *ret_is_there,
				    struct error *err);

#endif
