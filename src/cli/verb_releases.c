/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/strbuf.h"
#include "cli/cloud_target.h"
#include "cli/output.h"

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
	for (size_t i = 0; i < list->count; i++) {
		const struct cloud_record *record = &list->items[i];
		strbuf_appendf(&out, "%s{\"release\":%u,\"timeNs\":%lld,\"by\":", i > 0 ? "," : "",
			       record->number, (long long)record->time_ns);
		strbuf_append_json(&out, record->note);
		strbuf_append(&out, ",\"pods\":[");
		for (size_t p = 0; p < record->pod_count; p++) {
			const struct cloud_pod_status *pod = &record->pods[p];
			strbuf_append(&out, p > 0 ? ",{\"name\":" : "{\"name\":");
			strbuf_append_json(&out, pod->name);
			strbuf_append(&out, ",\"imageDigest\":");
			strbuf_append_json(&out,
					   pod->image_digest != NULL ? pod->image_digest : "");
			strbuf_append(&out, ",\"configDigest\":");
			strbuf_append_json(&out,
					   pod->config_digest != NULL ? pod->config_digest : "");
			strbuf_append(&out, "}");
		}
		strbuf_append(&out, "]}");
	}
	printf("[%s]\n", strbuf_text(&out));
}

static int run(const struct invocation *invocation, struct error *err)
{
	AUTO(cloud_target_clear) struct cloud_target target = {0};
	AUTO(cloud_record_list_clear) struct cloud_record_list list = {0};
	if (!cloud_target_open(invocation, NULL, &target, err) ||
	    !target.provider->records(target.cloud, target.stack, &list, err))
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
	.run = run,
};
