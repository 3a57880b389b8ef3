/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/job.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "manifest/app.h"
#include "manifest/name_rules.h"
#include "manifest/pod.h"
#include "manifest/read_value.h"
#include "manifest/workload.h"
#include "manifest/yaml_node.h"

/* Kubernetes' own limits. */
enum {
	RULES_MAX = 20,
	CODES_MAX = 255,
	INDEXED_PARALLELISM_MAX = 100000,
	MANY_COMPLETIONS = 100000, /* above it per-index limits are bounded */
	MANY_PARALLELISM_MAX = 10000,
	MANY_FAILED_MAX = 10000,
	INDEXES_TEXT_MAX = 64 * 1024,
};

static struct job_spec *job_of(void *target)
{
	return &((struct workload *)target)->pod->job;
}

void read_backoff_limit(struct loader *loader, const struct yaml_node *node, void *target)
{
	read_u32(loader, node, &job_of(target)->backoff_limit);
}

void read_index_limit(struct loader *loader, const struct yaml_node *node, void *target)
{
	job_of(target)->has_index_limit = true;
	read_u32(loader, node, &job_of(target)->index_limit);
}

void read_max_failed(struct loader *loader, const struct yaml_node *node, void *target)
{
	job_of(target)->has_max_failed = true;
	read_u32(loader, node, &job_of(target)->max_failed_indexes);
}

void read_completion_mode(struct loader *loader, const struct yaml_node *node, void *target)
{
	unsigned mode = 0;
	read_choice(loader, node, &mode);
	job_of(target)->is_indexed = mode == 1;
}

void read_completions(struct loader *loader, const struct yaml_node *node, void *target)
{
	job_of(target)->has_completions = true;
	read_u32(loader, node, &job_of(target)->completions);
}

void read_parallelism(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct pod_spec *pod = ((struct workload *)target)->pod;
	pod->replicas_mark = loader_mark(loader, node);
	read_u32(loader, node, &pod->job.parallelism);
}

void read_job_deadline(struct loader *loader, const struct yaml_node *node, void *target)
{
	job_of(target)->has_deadline = true;
	read_u64(loader, node, &job_of(target)->deadline_s);
}

void read_ttl(struct loader *loader, const struct yaml_node *node, void *target)
{
	job_of(target)->has_ttl = true;
	read_u32(loader, node, &job_of(target)->ttl_s);
}

void read_suspend(struct loader *loader, const struct yaml_node *node, void *target)
{
	read_bool(loader, node, &job_of(target)->is_suspended);
}

void read_replacement(struct loader *loader, const struct yaml_node *node, void *target)
{
	unsigned policy = 0;
	read_choice(loader, node, &policy);
	job_of(target)->awaits_end = policy == 1;
}

/* --- podFailurePolicy ----------------------------------------------------------------------- */

static bool is_empty_item(struct loader *loader, const struct yaml_node *node, const char *hint)
{
	if (yaml_is_null(node))
		loader_error(loader, node, hint, "an item without value");
	return yaml_is_null(node);
}

static void read_action(struct loader *loader, const struct yaml_node *node, void *target)
{
	unsigned action = 0;
	read_choice(loader, node, &action);
	((struct job_failure_rule *)target)->action = (enum job_rule_action)action;
}

static void read_operator(struct loader *loader, const struct yaml_node *node, void *target)
{
	unsigned operator= 0;
	read_choice(loader, node, &operator);
	((struct job_failure_rule *)target)->is_not_in = operator== 1;
}

static void read_code(struct loader *loader, const struct yaml_node *node,
		      struct job_failure_rule *rule)
{
	if (!yaml_is_null(node) && (node->kind != YAML_SCALAR || node->type != YAML_INTEGER ||
				    node->integer < INT32_MIN || node->integer > INT32_MAX)) {
		loader_error(loader, node, "values: [3, 42]", "values: %s is not an exit code",
			     yaml_describe(node));
		return;
	}
	int32_t code = yaml_is_null(node) ? 0 : (int32_t)node->integer;
	if (rule->code_count > 0 && rule->codes[rule->code_count - 1] >= code)
		loader_error(loader, node, "values: [3, 42]", "values: they ascend, each once");
	*ARRAY_APPEND(rule->codes, rule->code_count) = code;
}

static void read_codes(struct loader *loader, const struct yaml_node *node, void *target)
{
	if (node->item_count > CODES_MAX)
		loader_error(loader, node, "fewer of them", "values: at most %d exit codes",
			     CODES_MAX);
	for (size_t i = 0; i < node->item_count && i <= CODES_MAX; i++)
		read_code(loader, node->items[i], target);
}

static const struct field exit_code_list[] = {
	{"containerName", FIELD_USED, read_text, offsetof(struct job_failure_rule, container), NULL,
	 "of that container alone"},
	{"operator", FIELD_USED, read_operator, 0, NULL, NULL, .choices = "In|NotIn"},
	{"values", FIELD_USED, read_codes, 0, NULL, "exit codes, ascending", .is_list = true,
	 .takes = "list of numbers"}};
static const struct field_set exit_code_fields = {"onExitCodes", exit_code_list,
						  ARRAY_SIZE(exit_code_list)};

static bool has_code(const struct job_failure_rule *rule, int32_t code)
{
	for (size_t i = 0; i < rule->code_count; i++) {
		if (rule->codes[i] == code)
			return true;
	}
	return false;
}

static void read_exit_codes(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct job_failure_rule *rule = target;
	const struct yaml_node *values = yaml_get(node, "values");
	loader_read_map(loader, node, &exit_code_fields, rule);
	if (node->kind != YAML_MAP)
		return;
	loader_wants_text(loader, node, "operator", "operator: In");
	if (yaml_is_null(values))
		loader_missing(loader, node, "values", "values: [3, 42]");
	else if (values->kind == YAML_LIST && values->item_count == 0)
		loader_error(loader, values, "values: [3, 42]", "values: there is none");
	else if (yaml_is_text(yaml_get(node, "operator"), "In") && has_code(rule, 0))
		loader_error(loader, values, "a pod that ends with 0 has not failed",
			     "values: 0 does not go with operator: In");
}

struct pod_condition {
	char *type;
	unsigned status;
};

static const struct field condition_list[] = {
	{"status", FIELD_USED, read_choice, offsetof(struct pod_condition, status), NULL, NULL,
	 .choices = "True|False|Unknown"},
	{"type", FIELD_USED, read_text, offsetof(struct pod_condition, type), NULL,
	 "DisruptionTarget: its VM ended and nobody had asked it to"}};
static const struct field_set condition_fields = {"onPodConditions", condition_list,
						  ARRAY_SIZE(condition_list)};

static void read_condition(struct loader *loader, const struct yaml_node *node,
			   struct job_failure_rule *rule)
{
	static const char *const states[] = {"True", "False", "Unknown"};
	struct pod_condition condition = {0};
	if (is_empty_item(loader, node, "type: DisruptionTarget"))
		return;
	loader_read_map(loader, node, &condition_fields, &condition);
	AUTO_FREE char *type = condition.type;
	if (node->kind != YAML_MAP ||
	    !loader_wants_text(loader, node, "type", "type: DisruptionTarget"))
		return;
	if (type != NULL && !label_key_is_valid(type))
		loader_error(loader, yaml_get(node, "type"), "type: DisruptionTarget",
			     "type: '%.80s' is not a valid name", type);
	string_list_addf(&rule->conditions, "%s=%s", type ? type : "", states[condition.status]);
}

static void read_conditions(struct loader *loader, const struct yaml_node *node, void *target)
{
	if (node->item_count > RULES_MAX)
		loader_error(loader, node, "fewer of them", "onPodConditions: at most %d",
			     RULES_MAX);
	for (size_t i = 0; i < node->item_count && i <= RULES_MAX; i++)
		read_condition(loader, node->items[i], target);
}

static const struct field failure_rule_list[] = {
	{"action", FIELD_USED, read_action, 0, NULL, NULL,
	 .choices = "Ignore|FailIndex|Count|FailJob"},
	{"onExitCodes", FIELD_USED, read_exit_codes, 0, &exit_code_fields, NULL},
	{"onPodConditions", FIELD_USED, read_conditions, 0, &condition_fields, NULL,
	 .is_list = true}};
static const struct field_set failure_rule_fields = {"podFailurePolicy rule", failure_rule_list,
						     ARRAY_SIZE(failure_rule_list)};

static void read_failure_rule(struct loader *loader, const struct yaml_node *node,
			      struct job_spec *job)
{
	const struct yaml_node *codes = yaml_get(node, "onExitCodes");
	const struct yaml_node *conditions = yaml_get(node, "onPodConditions");
	bool has_codes = codes != NULL && !yaml_is_null(codes);
	bool has_conditions = conditions != NULL && conditions->item_count > 0;
	struct job_failure_rule *rule = ARRAY_APPEND(job->failure_rules, job->failure_rule_count);
	if (is_empty_item(loader, node, "action: FailJob"))
		return;
	loader_read_map(loader, node, &failure_rule_fields, rule);
	if (node->kind != YAML_MAP)
		return;
	loader_wants_text(loader, node, "action", "action: FailJob");
	if (has_codes == has_conditions)
		loader_error(loader, node, "onExitCodes: {operator: In, values: [42]}",
			     has_codes ? "onExitCodes and onPodConditions exclude each other"
				       : "a rule wants onExitCodes or onPodConditions");
}

/* --- successPolicy -------------------------------------------------------------------------- */

static void read_rules(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct job_spec *job = target;
	if (node->item_count > RULES_MAX)
		loader_error(loader, node, "fewer of them", "rules: at most %d", RULES_MAX);
	for (size_t i = 0; i < node->item_count && i <= RULES_MAX; i++)
		read_failure_rule(loader, node->items[i], job);
}

static const struct field failure_policy_list[] = {
	{"rules", FIELD_USED, read_rules, 0, &failure_rule_fields, "the first that fits decides",
	 .is_list = true}};
const struct field_set failure_policy_fields = {"podFailurePolicy", failure_policy_list,
						ARRAY_SIZE(failure_policy_list)};

void read_failure_policy(struct loader *loader, const struct yaml_node *node, void *target)
{
	loader_read_map(loader, node, &failure_policy_fields, job_of(target));
}

static void read_count(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct job_success_rule *rule = target;
	rule->has_count = true;
	read_u32(loader, node, &rule->count);
}

/* Checked against completions when those are known (job_complete). */
static void read_indexes(struct loader *loader, const struct yaml_node *node, void *target)
{
	AUTO_FREE char *text = NULL;
	((struct job_success_rule *)target)->has_indexes = true;
	read_text(loader, node, &text);
}

static const struct field success_rule_list[] = {{"succeededCount", FIELD_USED, read_count, 0, NULL,
						  "so many of them are enough", .takes = "number"},
						 {"succeededIndexes", FIELD_USED, read_indexes, 0,
						  NULL, "as in 0,2-5; alone: all of them",
						  .takes = "text"}};
static const struct field_set success_rule_fields = {"successPolicy rule", success_rule_list,
						     ARRAY_SIZE(success_rule_list)};

static void read_success_rules(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct job_spec *job = target;
	if (node->item_count > RULES_MAX)
		loader_error(loader, node, "fewer of them", "rules: at most %d", RULES_MAX);
	for (size_t i = 0; i < node->item_count && i <= RULES_MAX; i++) {
		struct job_success_rule *rule =
			ARRAY_APPEND(job->success_rules, job->success_rule_count);
		if (is_empty_item(loader, node->items[i], "succeededCount: 1"))
			continue;
		loader_read_map(loader, node->items[i], &success_rule_fields, rule);
		if (node->items[i]->kind == YAML_MAP && !rule->has_count && !rule->has_indexes)
			loader_error(loader, node->items[i], "succeededCount: 1",
				     "a rule wants succeededCount or succeededIndexes");
	}
}

static const struct field success_policy_list[] = {{"rules", FIELD_USED, read_success_rules, 0,
						    &success_rule_fields, "one is enough",
						    .is_list = true}};
const struct field_set success_policy_fields = {"successPolicy", success_policy_list,
						ARRAY_SIZE(success_policy_list)};

void read_success_policy(struct loader *loader, const struct yaml_node *node, void *target)
{
	loader_read_map(loader, node, &success_policy_fields, job_of(target));
	const struct yaml_node *rules = yaml_get(node, "rules");
	if (node->kind == YAML_MAP && yaml_is_null(rules))
		loader_missing(loader, node, "rules", "rules: [{succeededIndexes: \"0\"}]");
	else if (node->kind == YAML_MAP && rules->kind == YAML_LIST && rules->item_count == 0)
		loader_error(loader, rules, "rules: [{succeededIndexes: \"0\"}]",
			     "rules: there is none");
}

/* --- what goes together --------------------------------------------------------------------- */

static bool is_given(const struct yaml_node *spec, const char *key)
{
	return !yaml_is_null(yaml_get(spec, key));
}

static void check_success_rule(struct loader *loader, const struct yaml_node *node,
			       const struct job_spec *job, struct job_success_rule *rule)
{
	const struct yaml_node *count = yaml_get(node, "succeededCount");
	const struct yaml_node *indexes = yaml_get(node, "succeededIndexes");
	const char *why = NULL;
	uint64_t most = job->completions;
	if (rule->has_indexes && indexes->kind == YAML_SCALAR) {
		if (strlen(indexes->text) > INDEXES_TEXT_MAX)
			loader_error(loader, indexes, "as in 0,2-5",
				     "succeededIndexes is longer than %d characters",
				     INDEXES_TEXT_MAX);
		else if (!index_ranges_parse(indexes->text, job->completions, &rule->ranges,
					     &rule->range_count, &why))
			loader_error(loader, indexes, why,
				     "succeededIndexes: '%.60s' are not indexes of this Job",
				     indexes->text);
		most = 0;
		for (size_t i = 0; i < rule->range_count; i++)
			most += rule->ranges[i].last - rule->ranges[i].first + 1;
	}
	if (rule->has_count && rule->count > most)
		loader_error(loader, count, "as many as there are indexes, or fewer",
			     "succeededCount: %u is more than the %llu indexes", rule->count,
			     (unsigned long long)most);
}

static void check_success_policy(struct loader *loader, const struct yaml_node *spec,
				 struct job_spec *job)
{
	const struct yaml_node *policy = yaml_get(spec, "successPolicy");
	const struct yaml_node *rules = yaml_get(policy, "rules");
	if (yaml_is_null(policy))
		return;
	if (!job->is_indexed) {
		loader_error(loader, policy, "completionMode: Indexed",
			     "successPolicy wants completionMode: Indexed");
		return;
	}
	for (size_t i = 0; i < job->success_rule_count && i < rules->item_count; i++)
		check_success_rule(loader, rules->items[i], job, &job->success_rules[i]);
}

static bool has_container(const struct pod_spec *pod, const char *name)
{
	for (size_t i = 0; i < pod->container_count; i++) {
		if (strcmp(pod->containers[i].name, name) == 0)
			return true;
	}
	for (size_t i = 0; i < pod->init_container_count; i++) {
		if (strcmp(pod->init_containers[i].name, name) == 0)
			return true;
	}
	return false;
}

static void check_failure_policy(struct loader *loader, const struct yaml_node *spec,
				 const struct pod_spec *pod)
{
	const struct yaml_node *policy = yaml_get(spec, "podFailurePolicy");
	const struct yaml_node *rules = yaml_get(policy, "rules");
	if (yaml_is_null(policy))
		return;
	if (pod->restart_policy == RESTART_ON_FAILURE)
		loader_error_at(loader, &pod->restart_mark, "restartPolicy: Never",
				"podFailurePolicy wants restartPolicy: Never");
	for (size_t i = 0; i < pod->job.failure_rule_count && i < rules->item_count; i++) {
		const struct job_failure_rule *rule = &pod->job.failure_rules[i];
		const struct yaml_node *node = rules->items[i];
		if (rule->action == JOB_FAIL_INDEX && !pod->job.has_index_limit)
			loader_error(loader, yaml_get(node, "action"), "backoffLimitPerIndex: 0",
				     "action: FailIndex wants backoffLimitPerIndex");
		if (rule->container != NULL && !has_container(pod, rule->container))
			loader_error(
				loader, yaml_get(yaml_get(node, "onExitCodes"), "containerName"),
				"the name of a container of the template",
				"containerName: there is no container '%.80s'", rule->container);
	}
}

/* Many indexes: what is kept of each is bounded. */
static void check_many(struct loader *loader, const struct yaml_node *spec,
		       const struct job_spec *job)
{
	if (job->completions <= MANY_COMPLETIONS || !job->has_index_limit)
		return;
	if (!job->has_max_failed)
		loader_missing(loader, spec, "maxFailedIndexes", "maxFailedIndexes: 100");
	else if (job->max_failed_indexes > MANY_FAILED_MAX)
		loader_error(loader, yaml_get(spec, "maxFailedIndexes"), "fewer of them",
			     "maxFailedIndexes: at most %d with so many completions",
			     MANY_FAILED_MAX);
	if (job->parallelism > MANY_PARALLELISM_MAX)
		loader_error(loader, yaml_get(spec, "parallelism"), "fewer of them",
			     "parallelism: at most %d with so many completions",
			     MANY_PARALLELISM_MAX);
}

static void check_indexed(struct loader *loader, const struct yaml_node *spec,
			  const struct pod_spec *pod)
{
	const struct job_spec *job = &pod->job;
	if (!job->has_completions)
		loader_missing(loader, spec, "completions", "completions: 5");
	if (job->parallelism > INDEXED_PARALLELISM_MAX)
		loader_error(loader, yaml_get(spec, "parallelism"), "fewer of them",
			     "parallelism: at most %d with completionMode: Indexed",
			     INDEXED_PARALLELISM_MAX);
	if (job->has_max_failed && job->max_failed_indexes > job->completions)
		loader_error(loader, yaml_get(spec, "maxFailedIndexes"), "fewer of them",
			     "maxFailedIndexes: %u is more than completions",
			     job->max_failed_indexes);
	if (job->completions > JOB_INDEXES_MAX)
		loader_error_as(loader, PROBLEM_UNSUPPORTED, yaml_get(spec, "completions"),
				"several Jobs",
				"completions: %u indexes is not supported; at most %d are",
				job->completions, JOB_INDEXES_MAX);
	check_many(loader, spec, job);
	AUTO_FREE char *last = xasprintf("%s-%u", pod->name, job->completions - 1);
	if (job->completions > 0 && !name_is_valid(last))
		loader_error_at(loader, &pod->mark, "a shorter name",
				"Job '%s': '%s' is not a valid host name", pod->name, last);
}

static void check_plain(struct loader *loader, const struct yaml_node *spec)
{
	static const char *const keys[] = {"backoffLimitPerIndex", "maxFailedIndexes"};
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (is_given(spec, keys[i]))
			loader_error(loader, yaml_get(spec, keys[i]), "completionMode: Indexed",
				     "%s wants completionMode: Indexed", keys[i]);
	}
}

void job_complete(struct loader *loader, const struct yaml_node *root, struct pod_spec *pod)
{
	const struct yaml_node *spec = yaml_get(root, "spec");
	struct job_spec *job = &pod->job;
	if (!is_given(spec, "parallelism")) {
		job->parallelism = 1;
		if (!job->has_completions && !job->is_indexed) {
			job->has_completions = true;
			job->completions = 1;
		}
	}
	pod->replicas = job->parallelism;
	if (!is_given(spec, "backoffLimit"))
		job->backoff_limit = job->has_index_limit ? INT32_MAX : JOB_BACKOFF_LIMIT;
	if (job->has_max_failed && !job->has_index_limit)
		loader_missing(loader, spec, "backoffLimitPerIndex", "backoffLimitPerIndex: 1");
	if (!is_given(spec, "podReplacementPolicy"))
		job->awaits_end = is_given(spec, "podFailurePolicy");
	else if (is_given(spec, "podFailurePolicy") && !job->awaits_end)
		loader_error(loader, yaml_get(spec, "podReplacementPolicy"), "Failed",
			     "podFailurePolicy wants podReplacementPolicy: Failed");
	if (job->is_indexed)
		check_indexed(loader, spec, pod);
	else
		check_plain(loader, spec);
	check_failure_policy(loader, spec, pod);
	check_success_policy(loader, spec, job);
}
