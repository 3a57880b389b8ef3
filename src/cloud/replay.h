/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_REPLAY_H
#define I2KIT_CLOUD_REPLAY_H

/*
 * What was signed once stays signed: an old receipt is as good as a new one, but for its age. So a
 * promotion does not bring an older one in the place of a newer one, and what runs is held against
 * the signed records of releases: going back takes rollback's word.
 */

#include "cloud/promote.h"
#include "cloud/provider.h"
#include "release/trusted_keys.h"

/* What the pods that the cloud has are signed as a part of; others' digests that are none are left
 * out. project and environment are borrowed. */
struct release_scope cloud_pods_scope(const struct cloud_pod_status *pods, size_t count,
				      const char *project, const char *environment_or_null);
/* False: its digests are none. */
MUST_CHECK bool cloud_pod_release(const struct cloud_pod_status *pod, struct release_id *ret);

/*
 * After the gate: each pod whose receipt is older than that of what the cloud runs in its place is a
 * line in *ret. Unless forced, that is ERROR_DENIED; forced, the pod's tag says so.
 */
MUST_CHECK bool replay_check_promotion(struct promotion *promotion, const char *environment_or_null,
				       bool is_forced, const struct cloud_status *status,
				       const struct trusted_keys *trusted, struct string_list *ret,
				       struct error *err);

/*
 * ERROR_CORRUPT when what runs is not what the newest record says, when nobody trusted signed that
 * record, or when it brought back older receipts and does not say that it was a rollback. Without
 * any record, or while another release is under way, nothing is said.
 */
MUST_CHECK bool replay_check_records(const struct cloud_status *status,
				     const struct cloud_record_list *records, const char *project,
				     const char *environment_or_null,
				     const struct trusted_keys *trusted, struct error *err);

#endif
