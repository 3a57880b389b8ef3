/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "cli/complete.h"
#include "cli/manifest_files.h"
#include "cli/verb.h"
#include "image/source.h"

/* Completion says nothing when something is wrong: the verb itself will. */

static void add_pods(const struct invocation *invocation, bool are_instances,
		     struct string_list *ret)
{
	AUTO(app_clear) struct app app = {0};
	AUTO(problem_list_clear) struct problem_list problems = {0};
	AUTO(error_clear) struct error ignored = ERROR_INIT;
	struct load_options options = {.folder = ".", .project = invocation->project};

	if (!app_load(&options, &app, &problems, &ignored))
		return;
	for (size_t i = 0; i < app.pod_count; i++) {
		const struct pod_spec *pod = &app.pods[i];
		string_list_add(ret, pod->name);
		for (unsigned j = 0; are_instances && j < pod->replicas && j < 20; j++)
			string_list_addf(ret, "%s-%u", pod->name, j);
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
	DIR *projects = opendir(folder);
	const struct dirent *entry;
	if (projects == NULL)
		return;
	while ((entry = readdir(projects)) != NULL) {
		if (entry->d_name[0] != '.')
			string_list_take(ret, xstrndup(entry->d_name, strcspn(entry->d_name, ".")));
	}
	(void)closedir(projects);
}

static void add_names(const struct invocation *invocation, enum complete_kind kind,
		      struct string_list *ret)
{
	if (kind == COMPLETE_POD || kind == COMPLETE_INSTANCE)
		add_pods(invocation, kind == COMPLETE_INSTANCE, ret);
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
	add_names(invocation, completion.kind, &names);
	for (size_t i = 0; i < names.count; i++) {
		if (strncmp(names.items[i], completion.typed, strlen(completion.typed)) == 0)
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
