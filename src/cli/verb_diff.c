/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json_writer.h"
#include "cli/arguments.h"
#include "cli/cloud_target.h"
#include "cli/manifest_files.h"
#include "cli/output.h"
#include "cli/output_document.h"
#include "cli/progress_view.h"
#include "cli/table.h"
#include "cli/vm_options.h"
#include "cloud/config_diff.h"
#include "cloud/promote.h"
#include "cloud/route_text.h"
#include "release/receipt.h"

#define SHORT_DIGEST 19

/* One line of the answer. */
struct difference {
	char *pod; /* owned */
	char *what;
	char *here;
	char *there;
};

struct differences {
	struct difference *items; /* owned */
	size_t count;
};

static void differences_clear(struct differences *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->items[i].pod);
		free(list->items[i].what);
		free(list->items[i].here);
		free(list->items[i].there);
	}
	free(list->items);
}

static void add(struct differences *list, const char *pod, const char *what, const char *here,
		const char *there)
{
	struct difference *added = ARRAY_APPEND(list->items, list->count);
	added->pod = xstrdup(pod);
	added->what = xstrdup(what);
	added->here = xstrdup(here);
	added->there = xstrdup(there);
}

static void compare_digest(struct differences *list, const char *pod, const char *what,
			   const char *here, const char *there)
{
	if (there != NULL && strcmp(here, there) == 0)
		return;
	AUTO_FREE char *one = xasprintf("%.*s", SHORT_DIGEST, here);
	AUTO_FREE char *two = xasprintf("%.*s", SHORT_DIGEST, there != NULL ? there : "none");
	add(list, pod, what, one, two);
}

static bool compare_config(struct differences *list, const struct promotion_pod *entry,
			   const struct cloud_pod_status *there, struct error *err)
{
	AUTO(config_difference_list_clear) struct config_difference_list found = {0};
	if (there->config_json == NULL)
		return true;
	if (!config_diff_make(entry->config.json, there->config_json, &found, err))
		return false;
	for (size_t i = 0; i < found.count; i++) {
		enum config_side side = found.items[i].side;
		add(list, entry->pod->name, found.items[i].path,
		    side == CONFIG_ONLY_THERE ? "-" : "set",
		    side == CONFIG_ONLY_HERE	? "-"
		    : side == CONFIG_ONLY_THERE ? "set"
						: "another value");
	}
	return true;
}

static bool compare_pod(struct differences *list, const struct app *app,
			const struct promotion_pod *entry, const struct cloud_pod_status *there,
			struct error *err)
{
	const char *pod = entry->pod->name;
	AUTO(receipt_clear) struct receipt receipt = {0};
	const struct release_id release = {entry->disk.digest, entry->config.digest};
	if (!receipt_find(app->project, pod, &release, &receipt, NULL))
		add(list, pod, "ready on this machine", "never", "");
	if (there == NULL) {
		add(list, pod, "pod", "in the manifests", "absent");
		return true;
	}
	compare_digest(list, pod, "image", DIGEST_TEXT(&entry->disk.digest), there->image_digest);
	compare_digest(list, pod, "config", DIGEST_TEXT(&entry->config.digest),
		       there->config_digest);
	if (entry->pod->replicas != there->replicas) {
		AUTO_FREE char *one = xasprintf("%u", entry->pod->replicas);
		AUTO_FREE char *two = xasprintf("%u", there->replicas);
		add(list, pod, "replicas", one, two);
	}
	return compare_config(list, entry, there, err);
}

static const struct cloud_pod_status *find_pod(const struct cloud_status *status, const char *name)
{
	for (size_t i = 0; i < status->pod_count; i++)
		if (strcmp(status->pods[i].name, name) == 0)
			return &status->pods[i];
	return NULL;
}

/* A name that leads to instances should find one, and none that is gone. */
static void compare_names(struct differences *list, const struct cloud_status *status)
{
	for (size_t s = 0; s < status->named_count; s++) {
		AUTO_FREE char *what = xasprintf("name %s", status->named[s].value);
		size_t alive = 0;
		for (size_t i = 0; i < status->name_count; i++) {
			const struct cloud_name *name = &status->names[i];
			if (strcmp(name->name, status->named[s].value) != 0)
				continue;
			alive += name->is_gone ? 0 : 1;
			AUTO_FREE char *gone =
				xasprintf("%s of %s, which is gone", name->address, name->instance);
			if (name->is_gone)
				add(list, status->named[s].key, what, "instances", gone);
		}
		if (alive == 0)
			add(list, status->named[s].key, what, "instances", "none is ready");
	}
}

static const char *target_there(const struct cloud_status *status, const char *text)
{
	for (size_t i = 0; i < status->route_count; i++)
		if (strcmp(status->routes[i].text, text) == 0)
			return status->routes[i].target;
	return NULL;
}

/* The first of those that ask for the same is the one that answers. */
static void compare_routes(struct differences *list, const struct app *app,
			   const struct cloud_status *status)
{
	AUTO(string_list_clear) struct string_list here = STRING_LIST_INIT;
	for (size_t i = 0; i < app->route_count; i++) {
		AUTO_FREE char *text = route_text(&app->routes[i]);
		AUTO_FREE char *target = route_target_text(&app->routes[i]);
		const char *there = target_there(status, text);
		if (string_list_has(&here, text))
			continue;
		string_list_add(&here, text);
		if (there == NULL || strcmp(there, target) != 0)
			add(list, text, "route", target, there != NULL ? there : "absent");
	}
	for (size_t i = 0; i < status->route_count; i++)
		if (!string_list_has(&here, status->routes[i].text))
			add(list, status->routes[i].text, "route", "absent",
			    status->routes[i].target);
}

static bool compare_all(struct differences *list, const struct promotion *promotion,
			const struct cloud_status *status, struct error *err)
{
	for (size_t i = 0; i < promotion->count; i++) {
		const struct promotion_pod *entry = &promotion->pods[i];
		if (!compare_pod(list, promotion->app, entry, find_pod(status, entry->pod->name),
				 err))
			return error_prefix(err, "pod '%s'", entry->pod->name);
	}
	compare_names(list, status);
	compare_routes(list, promotion->app, status);
	for (size_t i = 0; i < status->pod_count; i++)
		if (app_find_pod(promotion->app, status->pods[i].name) == NULL)
			add(list, status->pods[i].name, "pod", "absent", "in the cloud");
	return true;
}

static void print_json(const struct differences *list)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&out, 0);
	json_open_list(&json, NULL);
	for (size_t i = 0; i < list->count; i++) {
		json_open_object(&json, NULL);
		json_write_text(&json, "pod", list->items[i].pod);
		json_write_text(&json, "what", list->items[i].what);
		json_write_text(&json, "here", list->items[i].here);
		json_write_text(&json, "cloud", list->items[i].there);
		json_close(&json);
	}
	json_close(&json);
	output_document(strbuf_text(&out));
}

static void print_table(const struct invocation *invocation, const struct differences *list)
{
	AUTO_PTR(table) struct table *table = table_new(invocation);
	table_add_column(table, "POD", TABLE_LEFT);
	table_add_column(table, "WHAT", TABLE_SHRINK);
	table_add_column(table, "HERE", TABLE_LEFT);
	table_add_column(table, "CLOUD", TABLE_LEFT);
	for (size_t i = 0; i < list->count; i++) {
		table_add_cell(table, STYLE_NONE, "%s", list->items[i].pod);
		table_add_cell(table, STYLE_NONE, "%s", list->items[i].what);
		table_add_cell(table, STYLE_GREEN, "%s", list->items[i].here);
		table_add_cell(table, STYLE_YELLOW, "%s", list->items[i].there);
	}
	table_print(table, stdout);
}

static bool find_differences(const struct invocation *invocation, const struct app *app,
			     struct differences *list, struct error *err)
{
	AUTO_PTR(progress_view) struct progress_view *view = progress_view_new(invocation);
	AUTO_PTR(store) struct store *store = store_open(NULL, err);
	AUTO(promotion_clear) struct promotion promotion = {0};
	AUTO(cloud_target_clear) struct cloud_target target = {0};
	AUTO(cloud_status_clear) struct cloud_status status = {0};
	const struct image_options options = {.base = arguments_value(invocation->args, "base"),
					      .folder = app->folder};
	/* Who we are is asked before the disks are made. */
	return store != NULL && cloud_target_open(invocation, app->project, &target, err) &&
	       promotion_prepare(store, app, &options, progress_view_progress(view), &promotion,
				 err) &&
	       target.provider->status(target.cloud, &target.scope, &status, err) &&
	       (!status.exists ||
		target.provider->details(target.cloud, &target.scope, &status, err)) &&
	       compare_all(list, &promotion, &status, err);
}

static int run(const struct invocation *invocation, struct error *err)
{
	AUTO(app_clear) struct app app = {0};
	AUTO(differences_clear) struct differences list = {0};
	if (!manifest_files_load(invocation, &app, err) ||
	    !find_differences(invocation, &app, &list, err))
		return 1;
	if (invocation->output == OUTPUT_JSON)
		print_json(&list);
	else if (list.count == 0)
		printf("no difference\n");
	else
		print_table(invocation, &list);
	return list.count > 0 ? 1 : 0;
}

static const struct option_spec options[] = {
	ENVIRONMENT_OPTION,
	MANIFEST_FILE_OPTION,
	MANIFEST_SUPPLY_OPTIONS,
	MANIFEST_RECURSIVE_OPTION,
	MANIFEST_NAMESPACE_OPTION,
	MANIFEST_ENV_FILE_OPTION,
	MANIFEST_CLOUD_PROFILE_OPTION,
	BASE_OPTION,
	REGION_OPTION,
	PROFILE_OPTION,
};

const struct verb verb_diff = {
	.name = "diff",
	.group = VERB_CLOUD,
	.summary = "how the manifests and the cloud differ",
	.description = "Compares image, configuration (variables, config maps, secrets by digest, "
		       "volumes) and replicas of the manifests with what the cloud runs, and says "
		       "whether the release here was ever ready on this machine, which routes lead "
		       "elsewhere or are missing, and whether a name "
		       "that should lead to instances finds none, or one that is gone. Values are "
		       "never shown. Exits with 1 when there is a difference.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.has_output = true,
	.names = "{[*].pod}",
	.run = run,
};
