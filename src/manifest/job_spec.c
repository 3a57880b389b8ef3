/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/job_spec.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/parse.h"
#include "base/strbuf.h"

const char *const job_rule_action_words[JOB_RULE_ACTIONS] = {[JOB_IGNORE] = "Ignore",
							     [JOB_FAIL_INDEX] = "FailIndex",
							     [JOB_COUNT] = "Count",
							     [JOB_FAIL] = "FailJob"};

void job_spec_clear(struct job_spec *spec)
{
	for (size_t i = 0; i < spec->failure_rule_count; i++) {
		free(spec->failure_rules[i].container);
		free(spec->failure_rules[i].codes);
		string_list_clear(&spec->failure_rules[i].conditions);
	}
	free(spec->failure_rules);
	for (size_t i = 0; i < spec->success_rule_count; i++)
		free(spec->success_rules[i].ranges);
	free(spec->success_rules);
	*spec = (struct job_spec){0};
}

static void copy_rules(struct job_spec *to, const struct job_spec *from)
{
	for (size_t i = 0; i < from->failure_rule_count; i++) {
		const struct job_failure_rule *rule = &from->failure_rules[i];
		struct job_failure_rule *made =
			ARRAY_APPEND(to->failure_rules, to->failure_rule_count);
		*made = (struct job_failure_rule){.action = rule->action,
						  .container = xstrdup_or_null(rule->container),
						  .is_not_in = rule->is_not_in};
		for (size_t k = 0; k < rule->code_count; k++)
			*ARRAY_APPEND(made->codes, made->code_count) = rule->codes[k];
		string_list_copy(&made->conditions, &rule->conditions);
	}
	for (size_t i = 0; i < from->success_rule_count; i++) {
		const struct job_success_rule *rule = &from->success_rules[i];
		struct job_success_rule *made =
			ARRAY_APPEND(to->success_rules, to->success_rule_count);
		*made = (struct job_success_rule){.has_count = rule->has_count,
						  .count = rule->count,
						  .has_indexes = rule->has_indexes};
		for (size_t k = 0; k < rule->range_count; k++)
			*ARRAY_APPEND(made->ranges, made->range_count) = rule->ranges[k];
	}
}

void job_spec_copy(struct job_spec *to, const struct job_spec *from)
{
	job_spec_clear(to);
	*to = *from;
	to->failure_rules = NULL;
	to->failure_rule_count = 0;
	to->success_rules = NULL;
	to->success_rule_count = 0;
	copy_rules(to, from);
}

static bool parse_range(const char *text, uint32_t completions, struct index_range *ret,
			const char **why)
{
	const char *dash = strchr(text, '-');
	AUTO_FREE char *first_text =
		dash != NULL ? xstrndup(text, (size_t)(dash - text)) : xstrdup(text);
	uint64_t first = 0;
	uint64_t last = 0;

	*why = "as in 0,2-5";
	if (!parse_u64(first_text, 0, UINT32_MAX, &first) ||
	    !parse_u64(dash != NULL ? dash + 1 : text, 0, UINT32_MAX, &last))
		return false;
	*why = "each index is below completions";
	if (first >= completions || last >= completions)
		return false;
	*why = "a range ascends: 2-5";
	*ret = (struct index_range){(uint32_t)first, (uint32_t)last};
	return dash == NULL || first < last;
}

bool index_ranges_parse(const char *text, uint32_t completions, struct index_range **ret,
			size_t *ret_count, const char **why)
{
	AUTO(string_list_clear) struct string_list parts = STRING_LIST_INIT;

	string_list_split(&parts, text, ',');
	for (size_t i = 0; i < parts.count && text[0] != '\0'; i++) {
		struct index_range range;
		if (!parse_range(parts.items[i], completions, &range, why))
			return false;
		*why = "indexes ascend: 0,2-5";
		if (*ret_count > 0 && (*ret)[*ret_count - 1].last >= range.first)
			return false;
		*ARRAY_APPEND(*ret, *ret_count) = range;
	}
	return true;
}

char *index_ranges_text(const struct index_range *ranges, size_t count)
{
	struct strbuf text = STRBUF_INIT;

	strbuf_append(&text, "");
	for (size_t i = 0; i < count; i++) {
		strbuf_appendf(&text, "%s%u", i > 0 ? "," : "", ranges[i].first);
		if (ranges[i].last > ranges[i].first)
			strbuf_appendf(&text, "-%u", ranges[i].last);
	}
	return strbuf_take(&text);
}
