/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/folder_list.h"
#include "base/path.h"
#include "cli/arguments.h"
#include "cli/complete.h"
#include "cli/project.h"
#include "cli/verb.h"
#include "image/oci/image_ref.h"
#include "local/logs/log_reader.h"
#include "local/plan/project_plan.h"
#include "local/plan/project_plan_json.h"
#include "manifest/app.h"
#include "manifest/load.h"
#include "manifest/problem.h"
#include "manifest/project_name.h"

/* Completion says nothing when something is wrong: the verb itself will. */

static void add_new(struct string_list *list, const char *text)
{
	if (!string_list_has(list, text))
		string_list_add(list, text);
}

static void add_spec(const struct pod_spec *pod, bool are_instances, struct string_list *ret)
{
	add_new(ret, pod->name);
	for (unsigned i = 0; are_instances && i < pod->replicas && i < 20; i++) {
		AUTO_FREE char *name = xasprintf("%s-%u", pod->name, i);
		add_new(ret, name);
	}
	for (size_t i = 0; i < pod->init_container_count + pod->container_count; i++) {
		const struct container_spec *container =
			i < pod->container_count ? &pod->containers[i]
						 : &pod->init_containers[i - pod->container_count];
		AUTO_FREE char *name = xasprintf("%s/%s", pod->name, container->name);
		add_new(ret, name);
	}
}

/* Pods, instances if wished, and each with its containers: of the manifests here, and those up. */
static void add_pods(const struct invocation *invocation, const char *project, bool are_instances,
		     struct string_list *ret)
{
	AUTO(app_clear) struct app app = {0};
	AUTO(problem_list_clear) struct problem_list problems = {0};
	AUTO(project_plan_clear) struct project_plan plan = {0};
	AUTO(error_clear) struct error ignored = ERROR_INIT;
	struct load_options options = {.folder = ".",
				       .environment = (const char *const *)environ,
				       .project = invocation->project};
	AUTO_FREE char *name =
		project != NULL ? xstrdup(project) : project_name(invocation, NULL, &ignored);

	if (project == NULL && app_load(&options, &app, &problems, &ignored)) {
		for (size_t i = 0; i < app.pod_count; i++)
			add_spec(&app.pods[i], are_instances, ret);
	}
	error_clear(&ignored);
	if (name == NULL || !project_name_check(name, &ignored) ||
	    !project_plan_load(name, &plan, &ignored))
		return;
	for (size_t i = 0; i < plan.pod_count; i++) {
		add_new(ret, plan.pods[i].name);
		for (unsigned k = 0; are_instances && k < plan.pods[i].replicas && k < 20; k++) {
			AUTO_FREE char *instance = xasprintf("%s-%u", plan.pods[i].name, k);
			add_new(ret, instance);
		}
	}
	log_store_list_selectors(name, NULL, ret);
}

static bool begins_with(const char *text, const char *beginning)
{
	return strncmp(text, beginning, strlen(beginning)) == 0;
}

/* "web", and once a / was typed "web/nginx"; for -c "nginx". */
static void add_targets(const struct invocation *invocation, const struct completion *completion,
			struct string_list *ret)
{
	AUTO(string_list_clear) struct string_list all = STRING_LIST_INIT;
	bool is_container = completion->kind == COMPLETE_CONTAINER;
	bool has_slash = strchr(completion->typed, '/') != NULL;

	add_pods(invocation, completion->project, completion->kind != COMPLETE_POD, &all);
	for (size_t i = 0; i < all.count; i++) {
		const char *slash = strchr(all.items[i], '/');
		size_t length = strcspn(all.items[i], "/");
		bool is_subject = completion->subject == NULL ||
				  (strlen(completion->subject) == length &&
				   begins_with(all.items[i], completion->subject));
		if (!is_container && (slash != NULL) == has_slash)
			add_new(ret, all.items[i]);
		else if (is_container && slash != NULL && is_subject)
			add_new(ret, slash + 1);
	}
}

static void add_images(struct string_list *ret)
{
	AUTO(image_ref_list_clear) struct image_ref_list refs = {0};
	AUTO_PTR(store) struct store *store = store_open(NULL, NULL);
	if (store == NULL || !image_ref_read_all(store, &refs, NULL))
		return;
	for (size_t i = 0; i < refs.count; i++)
		string_list_add(ret, refs.items[i].reference);
}

static void add_projects(struct string_list *ret)
{
	AUTO_FREE char *folder = path_folder(PATH_STATE, "projects");
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;
	(void)folder_list(folder, &names, NULL);
	for (size_t i = 0; i < names.count; i++) {
		if (names.items[i][0] != '.')
			string_list_take(ret,
					 xstrndup(names.items[i], strcspn(names.items[i], ".")));
	}
}

static void add_names(const struct invocation *invocation, const struct completion *completion,
		      struct string_list *ret)
{
	enum complete_kind kind = completion->kind;

	if (kind == COMPLETE_POD || kind == COMPLETE_INSTANCE || kind == COMPLETE_CONTAINER)
		add_targets(invocation, completion, ret);
	else if (kind == COMPLETE_IMAGE)
		add_images(ret);
	else if (kind == COMPLETE_PROJECT)
		add_projects(ret);
}

static int run(const struct invocation *invocation, struct error *err)
{
	const struct string_list *words = arguments_rest(invocation->args);
	AUTO(completion_clear) struct completion completion = {0};
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;
	(void)err;

	if (words->count == 0)
		return 0;
	complete_words(words->items, words->count, &completion);
	const char *prefix = completion.prefix ? completion.prefix : "";
	if (completion.kind == COMPLETE_FILE || completion.kind == COMPLETE_FOLDER)
		(void)printf(":%s\n", completion.kind == COMPLETE_FILE ? "files" : "folders");
	for (size_t i = 0; i < completion.items.count; i++)
		(void)printf("%s%s\n", prefix, completion.items.items[i]);
	add_names(invocation, &completion, &names);
	for (size_t i = 0; i < names.count; i++) {
		if (begins_with(names.items[i], completion.typed))
			(void)printf("%s%s\n", prefix, names.items[i]);
	}
	return 0;
}

const struct verb verb_complete = {
	.name = "complete",
	.group = VERB_SYSTEM,
	.summary = "what the shell may offer for the last of the words",
	.is_hidden = true,
	.argument = {.metavar = "WORD"},
	.run = run,
};
