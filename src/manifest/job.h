/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_JOB_H
#define I2KIT_MANIFEST_JOB_H

/* The spec of a Job around its template; the targets are a struct workload. */

#include "manifest/loader.h"

struct pod_spec;

extern const struct field_set failure_policy_fields;
extern const struct field_set success_policy_fields;
field_fn read_backoff_limit;
field_fn read_index_limit; /* backoffLimitPerIndex */
field_fn read_max_failed;  /* maxFailedIndexes */
field_fn read_completion_mode;
field_fn read_completions;
field_fn read_parallelism;
field_fn read_job_deadline;
field_fn read_ttl;
field_fn read_suspend;
field_fn read_replacement; /* podReplacementPolicy */
field_fn read_failure_policy;
field_fn read_success_policy;
/* Once all of it is read: defaults, and what does not go together. */
void job_complete(struct loader *loader, const struct yaml_node *root, struct pod_spec *pod);

#endif
