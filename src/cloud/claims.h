/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_CLAIMS_H
#define I2KIT_CLOUD_CLAIMS_H

/*
 * The claims of a pod, one for each disk that a provider makes for it. A disk belongs to its claim
 * and not to the pod that happens to use it: renaming a pod keeps the disk.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "manifest/app.h"

struct cloud_claim {
	const char *volume; /* borrowed; what the pod's mounts call it */
	/* Owned; a PersistentVolumeClaim's own name, and of a claim template what Kubernetes calls
	 * the claim that it makes of it: TEMPLATE-STATEFULSET-ORDINAL. */
	char *name;
	uint64_t size_bytes; /* at least 1 GiB */
};

struct cloud_claim_list {
	struct cloud_claim *items; /* owned; each claim once */
	size_t count;
};
void cloud_claim_list_clear(struct cloud_claim_list *list);

/* Of replica 0: a pod with claims has one replica in a cloud. Pure. */
void cloud_claims_of_pod(const struct app *app, const struct pod_spec *pod,
			 struct cloud_claim_list *ret);
/* That no two pods would write to one disk. */
MUST_CHECK bool cloud_claims_check(const struct app *app, struct error *err);

#endif
