/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cloud_plan_view.h"

#include <stdio.h>

#include "base/json_writer.h"
#include "cli/output.h"
#include "cli/output_document.h"
#include "cli/table.h"

/* --- JSON ----------------------------------------------------------------------------------- */

static void write_changes(struct json_writer *json, const struct cloud_plan *plan)
{
	json_open_list(json, "changes");
	for (size_t i = 0; i < plan->change_count; i++) {
		const struct cloud_change *change = &plan->changes[i];
		json_open_object(json, NULL);
		json_write_text(json, "action", cloud_action_name(change->action));
		json_write_text(json, "resource", change->resource);
		json_write_text(json, "type", change->type);
		json_write_true_if(json, "replaced", change->is_replaced);
		json_close(json);
	}
	json_close(json);
}

static void write_images(struct json_writer *json, const struct promotion *promotion)
{
	if (promotion == NULL)
		return;
	json_open_list(json, "images");
	for (size_t i = 0; i < promotion->count; i++) {
		const struct promotion_pod *entry = &promotion->pods[i];
		json_open_object(json, NULL);
		json_write_text(json, "pod", entry->pod->name);
		json_write_text(json, "imageDigest", DIGEST_TEXT(&entry->disk.digest));
		json_write_text_if(json, "image", entry->image.id);
		json_write_unsigned(json, "bytesToSend", entry->image.bytes_sent);
		json_close(json);
	}
	json_close(json);
}

static void write_configuration(struct json_writer *json, const struct plan_view *view)
{
	json_open_list(json, "configuration");
	for (size_t i = 0; i < view->change_count; i++) {
		const struct config_difference_list *list = &view->changes[i].list;
		for (size_t k = 0; k < list->count; k++) {
			json_open_object(json, NULL);
			json_write_text(json, "pod", view->changes[i].pod);
			json_write_text(json, "path", list->items[k].path);
			json_write_text(json, "how", config_side_name(list->items[k].side));
			json_close(json);
		}
	}
	json_close(json);
}

static void print_json(const struct plan_view *view)
{
	const struct cloud_plan *plan = view->plan;
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&out, 0);
	json_open_object(&json, NULL);
	json_write_bool(&json, "new", plan->is_new);
	write_changes(&json, plan);
	write_images(&json, view->promotion);
	write_configuration(&json, view);
	json_write_texts(&json, "notes", &plan->notes);
	if (plan->dollars_a_month > 0) {
		json_write_real(&json, "dollarsAMonth", plan->dollars_a_month);
		json_write_text(&json, "pricesOf", plan->prices_of);
	}
	if (plan->document != NULL)
		json_write_raw(&json, "document", plan->document);
	json_close(&json);
	output_document(strbuf_text(&out));
}

/* --- text ----------------------------------------------------------------------------------- */

static void print_changes(const struct invocation *invocation, const struct cloud_plan *plan)
{
	static const enum text_style styles[] = {STYLE_GREEN, STYLE_YELLOW, STYLE_RED};
	AUTO_PTR(table) struct table *table = table_new(invocation);
	table_add_column(table, "ACTION", TABLE_LEFT);
	table_add_column(table, "RESOURCE", TABLE_LEFT);
	table_add_column(table, "TYPE", TABLE_SHRINK);
	for (size_t i = 0; i < plan->change_count; i++) {
		const struct cloud_change *change = &plan->changes[i];
		table_add_cell(table, styles[change->action], "%s",
			       change->is_replaced ? "replace" : cloud_action_name(change->action));
		table_add_cell(table, STYLE_NONE, "%s", change->resource);
		table_add_cell(table, STYLE_NONE, "%s", change->type);
	}
	table_print(table, stdout);
}

static void print_images(const struct promotion *promotion)
{
	for (size_t i = 0; promotion != NULL && i < promotion->count; i++) {
		const struct promotion_pod *entry = &promotion->pods[i];
		char size[OUTPUT_SIZE_SIZE];
		output_format_size(size, entry->image.bytes_sent);
		if (entry->image.is_present)
			printf("image of %s: there already\n", entry->pod->name);
		else
			printf("image of %s: %s to send%s\n", entry->pod->name, size,
			       entry->image.base != NULL ? ", what differs from its last one" : "");
	}
}

static void print_configuration(const struct plan_view *view)
{
	for (size_t i = 0; i < view->change_count; i++)
		for (size_t k = 0; k < view->changes[i].list.count; k++)
			printf("configuration of %s: %s %s\n", view->changes[i].pod,
			       view->changes[i].list.items[k].path,
			       config_side_name(view->changes[i].list.items[k].side));
}

void cloud_plan_print(const struct invocation *invocation, const struct plan_view *view)
{
	const struct cloud_plan *plan = view->plan;
	if (invocation->output == OUTPUT_JSON) {
		print_json(view);
		return;
	}
	for (size_t i = 0; i < plan->notes.count; i++)
		output_warning(invocation, "%s", plan->notes.items[i]);
	print_images(view->promotion);
	print_configuration(view);
	if (view->is_of_images)
		return;
	if (!plan->has_changes) {
		printf("nothing to change\n");
		return;
	}
	print_changes(invocation, plan);
	if (plan->dollars_a_month > 0)
		printf("about $%.2f a month as it stands, without traffic and logs (prices of "
		       "%s)\n",
		       plan->dollars_a_month, plan->prices_of);
}
