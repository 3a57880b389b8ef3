/* SPDX-License-Identifier: Apache-2.0 */
#include "local/plan/cron_plan_json.h"

void cron_plan_write(struct json_writer *json, const struct cron_spec *spec)
{
	if (spec->schedule == NULL)
		return;
	json_open_object(json, "cron");
	json_write_text(json, "schedule", spec->schedule);
	json_write_text_if(json, "timeZone", spec->time_zone);
	if (spec->has_deadline)
		json_write_unsigned(json, "deadline", spec->deadline_s);
	json_write_text(json, "concurrency", cron_concurrency_words[spec->concurrency]);
	json_write_true_if(json, "suspended", spec->is_suspended);
	json_write_unsigned(json, "successfulKept", spec->successful_kept);
	json_write_unsigned(json, "failedKept", spec->failed_kept);
	json_close(json);
}

static uint32_t read_kept(struct json_view view, const char *key)
{
	return (uint32_t)json_view_number(json_view_get(view, key), 0, UINT32_MAX, 0);
}

void cron_plan_read(struct json_view view, struct cron_spec *ret)
{
	struct json_view deadline = json_view_get(view, "deadline");

	if (!json_view_exists(view))
		return;
	ret->schedule = json_view_text(json_view_require(view, "schedule"));
	ret->time_zone = json_view_text(json_view_get(view, "timeZone"));
	ret->has_deadline = json_view_exists(deadline);
	ret->deadline_s = (uint64_t)json_view_number(deadline, 0, INT64_MAX, 0);
	ret->concurrency = (enum cron_concurrency)json_view_word(json_view_get(view, "concurrency"),
								 cron_concurrency_words,
								 CRON_CONCURRENCIES, CRON_ALLOW);
	ret->is_suspended = json_view_bool(json_view_get(view, "suspended"), false);
	ret->successful_kept = read_kept(view, "successfulKept");
	ret->failed_kept = read_kept(view, "failedKept");
}
