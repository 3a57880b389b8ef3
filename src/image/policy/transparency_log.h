/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_POLICY_TRANSPARENCY_LOG_H
#define I2KIT_IMAGE_POLICY_TRANSPARENCY_LOG_H

/*
 * The promise of a Rekor log that it has an entry of a signature: the signed entry timestamp (SET) that
 * cosign puts beside the signature as annotation dev.sigstore.cosign/bundle.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/public_key.h"

/* What the entry must be about. */
struct log_subject {
	const void *payload;
	size_t payload_size;
	const void *signature;
	size_t signature_size;
	const struct public_key *key; /* that made the signature */
};

/* ERROR_DENIED says why this log's key does not vouch for it. */
MUST_CHECK bool transparency_log_check(const char *bundle, size_t size,
				       const struct public_key *log_key,
				       const struct log_subject *subject, struct error *err);

#endif
