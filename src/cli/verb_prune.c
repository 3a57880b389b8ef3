/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/folder_list.h"
#include "base/json_writer.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "cli/arguments.h"
#include "cli/output.h"
#include "cli/output_document.h"
#include "cli/table.h"
#include "cli/verb.h"
#include "image/pod/prune.h"
#include "local/plan/project_plan.h"
#include "local/plan/project_plan_json.h"
#include "local/template/template_store.h"

static const struct option_spec options[] = {
	{"all", 'a', OPTION_FLAG, NULL, "all that no running VM uses", COMPLETE_NONE},
	{"dry-run", 'n', OPTION_FLAG, NULL, "say what would go, remove nothing", COMPLETE_NONE},
};

static void print_json(const struct prune_result *result, bool is_dry_run)
{
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&text, 0);
	json_open_object(&json, NULL);
	json_write_bool(&json, "dryRun", is_dry_run);
	json_write_unsigned(&json, "freedBytes", result->freed_bytes);
	json_open_list(&json, "removed");
	for (size_t i = 0; i < result->count; i++) {
		const struct pruned_file *file = &result->files[i];
		json_open_object(&json, NULL);
		json_write_text(&json, "kind", file->kind);
		json_write_text(&json, "name", file->name);
		json_write_unsigned(&json, "sizeBytes", file->size_bytes);
		json_close(&json);
	}
	json_close(&json);
	json_close(&json);
	output_document(strbuf_text(&text));
}

static void print_table(const struct invocation *invocation, const struct prune_result *result,
			bool is_dry_run)
{
	char freed[OUTPUT_SIZE_SIZE];
	AUTO_PTR(table) struct table *table = table_new(invocation);
	table_add_column(table, "KIND", TABLE_LEFT);
	table_add_column(table, "NAME", TABLE_SHRINK);
	table_add_column(table, "SIZE", TABLE_RIGHT);
	for (size_t i = 0; i < result->count; i++) {
		char size[OUTPUT_SIZE_SIZE];
		output_format_size(size, result->files[i].size_bytes);
		table_add_cell(table, STYLE_NONE, "%s", result->files[i].kind);
		table_add_cell(table, STYLE_NONE, "%s", result->files[i].name);
		table_add_cell(table, STYLE_NONE, "%s", size);
	}
	if (result->count > 0)
		table_print(table, stdout);
	output_format_size(freed, result->freed_bytes);
	(void)printf("%zu files, %s %s\n", result->count, freed,
		     is_dry_run ? "would be freed" : "freed");
}

/* receipts/PROJECT/POD/IMAGE-CONFIG.json: what was ready here may yet be promoted. */
static void list_receipts(struct string_list *images)
{
	enum { DIGITS_MIN = 12 };
	AUTO(string_list_clear) struct string_list projects = STRING_LIST_INIT;
	AUTO_FREE char *top = path_folder(PATH_STATE, "receipts");
	(void)folder_list(top, &projects, NULL);
	for (size_t i = 0; i < projects.count; i++) {
		AUTO(string_list_clear) struct string_list pods = STRING_LIST_INIT;
		AUTO_FREE char *project = path_join(top, projects.items[i]);
		(void)folder_list(project, &pods, NULL);
		for (size_t j = 0; j < pods.count; j++) {
			AUTO(string_list_clear) struct string_list files = STRING_LIST_INIT;
			AUTO_FREE char *pod = path_join(project, pods.items[j]);
			(void)folder_list(pod, &files, NULL);
			for (size_t k = 0; k < files.count; k++) {
				size_t digits = strspn(files.items[k], "0123456789abcdef");
				if (digits >= DIGITS_MIN)
					string_list_addf(images, "%.*s", (int)digits,
							 files.items[k]);
			}
		}
	}
}

/* A VM that has no template boots; the next quiet moment makes another. */
static bool prune_templates(bool is_dry_run, struct prune_result *result, struct error *err)
{
	AUTO(template_list_clear) struct template_list list = {0};

	template_list_read(&list);
	for (size_t i = 0; i < list.count; i++) {
		if (!is_dry_run && !template_remove(list.items[i].key, err))
			return false;
		*ARRAY_APPEND(result->files, result->count) =
			(struct pruned_file){.kind = xstrdup("template"),
					     .name = xstrdup(list.items[i].key),
					     .size_bytes = template_entry_bytes(&list.items[i])};
		result->freed_bytes += template_entry_bytes(&list.items[i]);
	}
	if (!is_dry_run)
		template_sweep();
	return true;
}

/* What projects that are up name: a CronJob's next run boots it, and a pod that was stopped. */
static void list_plans(struct string_list *images)
{
	AUTO(string_list_clear) struct string_list projects = STRING_LIST_INIT;
	AUTO_FREE char *top = path_folder(PATH_STATE, "projects");
	(void)folder_list(top, &projects, NULL);
	for (size_t i = 0; i < projects.count; i++) {
		AUTO(project_plan_clear) struct project_plan plan = {0};
		AUTO(error_clear) struct error ignored = ERROR_INIT;
		if (!project_plan_load(projects.items[i], &plan, &ignored))
			continue;
		for (size_t k = 0; k < plan.pod_count; k++)
			string_list_addf(images, "%s", DIGEST_HEX(&plan.pods[k].release.image));
	}
}

static int run(const struct invocation *invocation, struct error *err)
{
	AUTO(prune_result_clear) struct prune_result result = {0};
	AUTO(string_list_clear) struct string_list used = STRING_LIST_INIT;
	const struct prune_options prune_options = {
		.remove_all = arguments_flag(invocation->args, "all"),
		.is_dry_run = arguments_flag(invocation->args, "dry-run"),
		.used = &used};
	if (!prune_options.remove_all)
		list_receipts(&used);
	list_plans(&used);
	AUTO_PTR(store) struct store *store = store_open(NULL, err);
	if (store == NULL || !store_prune(store, &prune_options, &result, err) ||
	    !prune_templates(prune_options.is_dry_run, &result, err))
		return 1;
	if (invocation->output == OUTPUT_JSON)
		print_json(&result, prune_options.is_dry_run);
	else
		print_table(invocation, &result, prune_options.is_dry_run);
	return 0;
}

const struct verb verb_prune = {
	.name = "prune",
	.group = VERB_IMAGE,
	.summary = "free what the image store does not need",
	.description =
		"Removes layers and blobs that no pulled image has, and disks that no VM has open "
		"and no receipt of a local run names. Everything removed can be fetched or built "
		"again, bit for bit. Templates of VMs, which the next ones start from, go too: the "
		"next quiet moment of a project makes new ones. With --all everything goes but the "
		"disks that VMs have open, and those that a project that is up boots next, "
		"with what they are made of. Volumes are never touched.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.has_output = true,
	.names = "{.removed[*].name}",
	.example = "i2kit prune --dry-run\ni2kit prune --all\n",
	.takes_away = true,
	.run = run,
};
