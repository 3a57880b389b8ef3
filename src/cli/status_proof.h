/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLI_STATUS_PROOF_H
#define I2KIT_CLI_STATUS_PROOF_H

/* What the cloud's word about a release is worth: receipts, and the disks that instances booted. */

#include "cloud/provider.h"
#include "release/release_scope.h"
#include "release/trusted_keys.h"

/* By whom, and as a part of what, receipts are to be signed. All borrowed. */
struct proof_scope {
	struct release_scope release;
	const struct trusted_keys *trusted;
};
struct proof_scope status_proof_scope(const struct cloud_status *status,
				      const struct cloud_scope *scope,
				      const struct trusted_keys *trusted);

/* "ready 2/2 kvm 2026-11-25T02:06:26Z, by Ada", "none", "WRONG SIGNATURE" …; owned. */
char *status_proof_receipt(const struct proof_scope *scope, const struct cloud_pod_status *pod);
/* Whether that is nothing to rely on. */
bool status_proof_is_bad(const struct proof_scope *scope, const struct cloud_pod_status *pod);
/* "booted digest equal", "BOOTED ANOTHER DISK" …; static, "" for one that has not said it yet. */
const char *status_proof_boot(const struct cloud_status *status,
			      const struct cloud_instance *instance);

/*
 * False, with the first thing that is not proved: a receipt that is missing, changed or a stranger's; an
 * instance with another image or disk than its release's, or that did not say within five minutes of its
 * launch what it booted. While a release is under way, other images are no surprise.
 */
MUST_CHECK bool status_proof_check(const struct proof_scope *scope,
				   const struct cloud_status *status, int64_t now_ns,
				   struct error *err);

#endif
