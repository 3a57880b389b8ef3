/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_JOB_SPEC_H
#define I2KIT_MANIFEST_JOB_SPEC_H

/*
 * How often, how many at once and how far a Job's pods run: what of its spec is not the template.
 * As in https://kubernetes.io/docs/concepts/workloads/controllers/job/, defaults filled in.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/string_list.h"

#define JOB_BACKOFF_LIMIT 6
#define JOB_INDEXES_MAX	  100000 /* here */

/* What becomes of a failed pod. */
enum job_rule_action { JOB_IGNORE, JOB_FAIL_INDEX, JOB_COUNT, JOB_FAIL, JOB_RULE_ACTIONS };
extern const char *const job_rule_action_words[JOB_RULE_ACTIONS];

/* podFailurePolicy: the first that matches decides. Conditions, or exit codes where there are none. */
struct job_failure_rule {
	enum job_rule_action action;
	char *container; /* exit codes: of that one alone; NULL: of any */
	bool is_not_in;	 /* exit codes: all but these */
	int32_t *codes;	 /* sorted */
	size_t code_count;
	struct string_list conditions; /* "DisruptionTarget=True" */
};

struct index_range {
	uint32_t first;
	uint32_t last;
};

/* successPolicy: the Job is done when one of them holds. */
struct job_success_rule {
	bool has_count;
	uint32_t count;
	bool has_indexes;
	struct index_range *ranges; /* ascending */
	size_t range_count;
};

struct job_spec {
	bool has_completions; /* without: as many as it takes until one has succeeded */
	uint32_t completions;
	uint32_t parallelism; /* in a plan: pod_plan.replicas, which `scale` changes */
	bool is_indexed;
	uint32_t backoff_limit; /* failed pods that are not one too many */
	bool has_index_limit;
	uint32_t index_limit; /* backoffLimitPerIndex */
	bool has_max_failed;
	uint32_t max_failed_indexes;
	bool has_deadline;
	uint64_t deadline_s;
	bool has_ttl;
	uint32_t ttl_s;
	bool is_suspended;
	bool awaits_end; /* podReplacementPolicy: Failed: not before the old pod is gone */
	struct job_failure_rule *failure_rules;
	size_t failure_rule_count;
	struct job_success_rule *success_rules;
	size_t success_rule_count;
};
void job_spec_clear(struct job_spec *spec);
void job_spec_copy(struct job_spec *to, const struct job_spec *from);

/* "0,2-5": ascending, below completions; false and *why (static) otherwise. */
bool index_ranges_parse(const char *text, uint32_t completions, struct index_range **ret,
			size_t *ret_count, const char **why);
/* The other way; owned. */
char *index_ranges_text(const struct index_range *ranges, size_t count);

#endif
