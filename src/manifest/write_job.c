/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/write_job.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "manifest/job_spec.h"
#include "manifest/yaml_writer.h"

static void write_exit_codes(struct yaml_writer *writer, const struct job_failure_rule *rule)
{
	if (rule->code_count == 0)
		return;
	yaml_write_map(writer, "onExitCodes");
	yaml_write_text(writer, "containerName", rule->container);
	yaml_write_text(writer, "operator", rule->is_not_in ? "NotIn" : "In");
	yaml_write_map(writer, "values");
	for (size_t i = 0; i < rule->code_count; i++) {
		AUTO_FREE char *code = xasprintf("%d", rule->codes[i]);
		yaml_write_item_number(writer, code);
	}
	yaml_write_end(writer);
	yaml_write_end(writer);
}

static void write_failure_policy(struct yaml_writer *writer, const struct job_spec *job)
{
	yaml_write_map(writer, "podFailurePolicy");
	yaml_write_map(writer, "rules");
	for (size_t i = 0; i < job->failure_rule_count; i++) {
		const struct job_failure_rule *rule = &job->failure_rules[i];
		yaml_write_item(writer);
		yaml_write_text(writer, "action", job_rule_action_words[rule->action]);
		write_exit_codes(writer, rule);
		yaml_write_map(writer, "onPodConditions");
		for (size_t k = 0; k < rule->conditions.count; k++) {
			const char *text = rule->conditions.items[k];
			const char *status = strrchr(text, '=');
			AUTO_FREE char *type = xstrndup(text, (size_t)(status - text));
			yaml_write_item(writer);
			yaml_write_text(writer, "type", type);
			yaml_write_text(writer, "status", status + 1);
			yaml_write_end(writer);
		}
		yaml_write_end(writer);
		yaml_write_end(writer);
	}
	yaml_write_end(writer);
	yaml_write_end(writer);
}

static void write_success_policy(struct yaml_writer *writer, const struct job_spec *job)
{
	yaml_write_map(writer, "successPolicy");
	yaml_write_map(writer, "rules");
	for (size_t i = 0; i < job->success_rule_count; i++) {
		const struct job_success_rule *rule = &job->success_rules[i];
		AUTO_FREE char *indexes = index_ranges_text(rule->ranges, rule->range_count);
		yaml_write_item(writer);
		if (rule->has_count)
			yaml_write_number(writer, "succeededCount", rule->count);
		yaml_write_text(writer, "succeededIndexes", rule->has_indexes ? indexes : NULL);
		yaml_write_end(writer);
	}
	yaml_write_end(writer);
	yaml_write_end(writer);
}

static void write_limits(struct yaml_writer *writer, const struct job_spec *job)
{
	uint32_t usual = job->has_index_limit ? INT32_MAX : JOB_BACKOFF_LIMIT;
	if (job->has_deadline)
		yaml_write_number(writer, "activeDeadlineSeconds", job->deadline_s);
	if (job->backoff_limit != usual)
		yaml_write_number(writer, "backoffLimit", job->backoff_limit);
	if (job->has_index_limit)
		yaml_write_number(writer, "backoffLimitPerIndex", job->index_limit);
	if (job->has_max_failed)
		yaml_write_number(writer, "maxFailedIndexes", job->max_failed_indexes);
	if (job->has_ttl)
		yaml_write_number(writer, "ttlSecondsAfterFinished", job->ttl_s);
	if (job->is_suspended)
		yaml_write_bool(writer, "suspend", true);
}

void write_job(struct yaml_writer *writer, const struct job_spec *job)
{
	write_limits(writer, job);
	if (job->is_indexed)
		yaml_write_text(writer, "completionMode", "Indexed");
	if (job->has_completions && (job->completions != 1 || job->is_indexed))
		yaml_write_number(writer, "completions", job->completions);
	/* Without completions it is what makes them unlimited. */
	if (job->parallelism != 1 || !job->has_completions)
		yaml_write_number(writer, "parallelism", job->parallelism);
	if (job->awaits_end && job->failure_rule_count == 0)
		yaml_write_text(writer, "podReplacementPolicy", "Failed");
	write_failure_policy(writer, job);
	write_success_policy(writer, job);
}
