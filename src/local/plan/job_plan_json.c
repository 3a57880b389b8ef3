/* SPDX-License-Identifier: Apache-2.0 */
#include "local/plan/job_plan_json.h"

#include "base/alloc.h"

enum { MAX_RULES = 100, MAX_ITEMS = 100000 };

static void write_failure_rules(struct json_writer *json, const struct job_spec *spec)
{
	json_open_list(json, "failureRules");
	for (size_t i = 0; i < spec->failure_rule_count; i++) {
		const struct job_failure_rule *rule = &spec->failure_rules[i];
		json_open_object(json, NULL);
		json_write_text(json, "action", job_rule_action_words[rule->action]);
		json_write_text_if(json, "container", rule->container);
		json_write_bool(json, "notIn", rule->is_not_in);
		json_open_list(json, "codes");
		for (size_t k = 0; k < rule->code_count; k++)
			json_write_number(json, NULL, rule->codes[k]);
		json_close(json);
		json_write_texts(json, "conditions", &rule->conditions);
		json_close(json);
	}
	json_close(json);
}

static void write_success_rules(struct json_writer *json, const struct job_spec *spec)
{
	json_open_list(json, "successRules");
	for (size_t i = 0; i < spec->success_rule_count; i++) {
		const struct job_success_rule *rule = &spec->success_rules[i];
		json_open_object(json, NULL);
		if (rule->has_count)
			json_write_unsigned(json, "count", rule->count);
		if (rule->has_indexes) {
			json_open_list(json, "indexes");
			for (size_t k = 0; k < rule->range_count; k++) {
				json_write_unsigned(json, NULL, rule->ranges[k].first);
				json_write_unsigned(json, NULL, rule->ranges[k].last);
			}
			json_close(json);
		}
		json_close(json);
	}
	json_close(json);
}

void job_plan_write(struct json_writer *json, const struct job_spec *spec)
{
	json_open_object(json, "job");
	if (spec->has_completions)
		json_write_unsigned(json, "completions", spec->completions);
	json_write_bool(json, "indexed", spec->is_indexed);
	json_write_unsigned(json, "backoffLimit", spec->backoff_limit);
	if (spec->has_index_limit)
		json_write_unsigned(json, "indexLimit", spec->index_limit);
	if (spec->has_max_failed)
		json_write_unsigned(json, "maxFailed", spec->max_failed_indexes);
	if (spec->has_deadline)
		json_write_unsigned(json, "deadline", spec->deadline_s);
	if (spec->has_ttl)
		json_write_unsigned(json, "ttl", spec->ttl_s);
	json_write_bool(json, "suspended", spec->is_suspended);
	json_write_bool(json, "awaitsEnd", spec->awaits_end);
	write_failure_rules(json, spec);
	write_success_rules(json, spec);
	json_close(json);
}

static uint32_t read_if(struct json_view view, const char *key, bool *ret_has)
{
	struct json_view number = json_view_get(view, key);

	*ret_has = json_view_exists(number);
	return (uint32_t)json_view_number(number, 0, UINT32_MAX, 0);
}

static void read_failure_rule(struct json_view view, struct job_failure_rule *rule)
{
	struct json_view codes = json_view_get(view, "codes");

	rule->action = (enum job_rule_action)json_view_word(json_view_require(view, "action"),
							    job_rule_action_words, JOB_RULE_ACTIONS,
							    JOB_COUNT);
	rule->container = json_view_text(json_view_get(view, "container"));
	rule->is_not_in = json_view_bool(json_view_get(view, "notIn"), false);
	for (size_t i = 0; i < json_view_count(codes, MAX_ITEMS); i++)
		*ARRAY_APPEND(rule->codes, rule->code_count) =
			(int32_t)json_view_number(json_view_at(codes, i), INT32_MIN, INT32_MAX, 0);
	json_view_texts(json_view_get(view, "conditions"), MAX_ITEMS, &rule->conditions);
}

static void read_success_rule(struct json_view view, struct job_success_rule *rule)
{
	struct json_view indexes = json_view_get(view, "indexes");

	rule->count = read_if(view, "count", &rule->has_count);
	rule->has_indexes = json_view_exists(indexes);
	for (size_t i = 0; i + 1 < json_view_count(indexes, MAX_ITEMS); i += 2)
		*ARRAY_APPEND(rule->ranges, rule->range_count) = (struct index_range){
			(uint32_t)json_view_number(json_view_at(indexes, i), 0, UINT32_MAX, 0),
			(uint32_t)json_view_number(json_view_at(indexes, i + 1), 0, UINT32_MAX, 0)};
}

void job_plan_read(struct json_view view, struct job_spec *ret)
{
	struct json_view failures = json_view_get(view, "failureRules");
	struct json_view successes = json_view_get(view, "successRules");

	/* A plan from before there was more than one pod of a Job. */
	if (!json_view_exists(view)) {
		*ret = (struct job_spec){.has_completions = true,
					 .completions = 1,
					 .backoff_limit = JOB_BACKOFF_LIMIT};
		return;
	}
	ret->completions = read_if(view, "completions", &ret->has_completions);
	ret->is_indexed = json_view_bool(json_view_get(view, "indexed"), false);
	ret->backoff_limit = (uint32_t)json_view_number(json_view_get(view, "backoffLimit"), 0,
							UINT32_MAX, JOB_BACKOFF_LIMIT);
	ret->index_limit = read_if(view, "indexLimit", &ret->has_index_limit);
	ret->max_failed_indexes = read_if(view, "maxFailed", &ret->has_max_failed);
	ret->has_deadline = json_view_exists(json_view_get(view, "deadline"));
	ret->deadline_s =
		(uint64_t)json_view_number(json_view_get(view, "deadline"), 0, INT64_MAX, 0);
	ret->ttl_s = read_if(view, "ttl", &ret->has_ttl);
	ret->is_suspended = json_view_bool(json_view_get(view, "suspended"), false);
	ret->awaits_end = json_view_bool(json_view_get(view, "awaitsEnd"), false);
	for (size_t i = 0; i < json_view_count(failures, MAX_RULES); i++)
		read_failure_rule(json_view_at(failures, i),
				  ARRAY_APPEND(ret->failure_rules, ret->failure_rule_count));
	for (size_t i = 0; i < json_view_count(successes, MAX_RULES); i++)
		read_success_rule(json_view_at(successes, i),
				  ARRAY_APPEND(ret->success_rules, ret->success_rule_count));
}
