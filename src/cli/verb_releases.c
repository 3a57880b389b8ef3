/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/json_writer.h"
#include "cli/cloud_target.h"
#include "cli/output.h"
#include "cli/output_document.h"
#include "cli/table.h"

#define SHORT_DIGEST 19

static void print_text(const struct invocation *invocation, const struct cloud_record_list *list)
{
	AUTO_PTR(table) struct table *table = table_new(invocation);
	table_add_column(table, "RELEASE", TABLE_RIGHT);
	table_add_column(table, "TIME", TABLE_LEFT);
	table_add_column(table, "BY", TABLE_LEFT);
	table_add_column(table, "POD", TABLE_LEFT);
	table_add_column(table, "IMAGE", TABLE_LEFT);
	table_add_column(table, "CONFIG", TABLE_LEFT);
	for (size_t i = 0; i < list->count; i++) {
		const struct cloud_record *record = &list->items[i];
		char when[RFC3339_SIZE];
		clock_format_rfc3339(when, record->time_ns, 0);
		for (size_t p = 0; p < record->pod_count; p++) {
			const struct cloud_pod_status *pod = &record->pods[p];
			table_add_cell(table, STYLE_NONE, "%u", record->number);
			table_add_cell(table, STYLE_NONE, "%s", when);
			table_add_cell(table, STYLE_NONE, "%s", record->note);
			table_add_cell(table, STYLE_NONE, "%s", pod->name);
			table_add_cell(table, STYLE_NONE, "%.*s", SHORT_DIGEST,
				       pod->image_digest != NULL ? pod->image_digest : "");
			table_add_cell(table, STYLE_NONE, "%.*s", SHORT_DIGEST,
				       pod->config_digest != NULL ? pod->config_digest : "");
		}
	}
	table_print(table, stdout);
}

static void print_json(const struct cloud_record_list *list)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&out, 0);
	json_open_list(&json, NULL);
	for (size_t i = 0; i < list->count; i++) {
		const struct cloud_record *record = &list->items[i];
		json_open_object(&json, NULL);
		json_write_unsigned(&json, "release", record->number);
		json_write_number(&json, "timeNs", record->time_ns);
		json_write_text(&json, "by", record->note);
		json_open_list(&json, "pods");
		for (size_t p = 0; p < record->pod_count; p++) {
			json_open_object(&json, NULL);
			json_write_text(&json, "name", record->pods[p].name);
			json_write_text(&json, "imageDigest", record->pods[p].image_digest);
			json_write_text(&json, "configDigest", record->pods[p].config_digest);
			json_close(&json);
		}
		json_close(&json);
		json_close(&json);
	}
	json_close(&json);
	output_document(strbuf_text(&out));
}

static int run(const struct invocation *invocation, struct error *err)
{
	AUTO(cloud_target_clear) struct cloud_target target = {0};
	AUTO(cloud_record_list_clear) struct cloud_record_list list = {0};
	if (!cloud_target_open(invocation, NULL, &target, err) ||
	    !target.provider->records(target.cloud, &target.scope, &list, err))
		return 1;
	if (invocation->output == OUTPUT_JSON)
		print_json(&list);
	else
		print_text(invocation, &list);
	return 0;
}

static const struct option_spec options[] = {
	ENVIRONMENT_OPTION,
	REGION_OPTION,
	PROFILE_OPTION,
};

const struct verb verb_releases = {
	.name = "releases",
	.group = VERB_CLOUD,
	.summary = "what was promoted, and when",
	.description = "Lists the releases of this project in this environment, oldest first. Each "
		       "can be returned to with rollback.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.has_output = true,
	.names = "{[*].release}",
	.run = run,
};
