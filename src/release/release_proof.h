/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_RELEASE_RELEASE_PROOF_H
#define I2KIT_RELEASE_RELEASE_PROOF_H

/* What this machine knows itself of what a release says: its receipts, or nothing. */

#include "base/error.h"
#include "release/release_statement.h"

enum release_proof {
	PROOF_NONE,	 /* no receipt here of this image with this configuration */
	PROOF_OTHER_RUN, /* one of another run, or one that promote would not take */
	PROOF_RECEIPT,	 /* the very one that is named, and it holds */
};

/* ERROR_CORRUPT: a receipt here says something else of that run, or does not hold. */
MUST_CHECK bool release_proof_find(const struct release_statement *statement,
				   const struct statement_pod *pod, enum release_proof *ret,
				   struct error *err);

#endif
