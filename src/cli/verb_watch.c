/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "cli/arguments.h"
#include "cli/image_builds.h"
#include "cli/interrupt.h"
#include "cli/manifest_files.h"
#include "cli/output.h"
#include "cli/project.h"
#include "cli/project_follow.h"
#include "cli/up_watch.h"
#include "cli/verb.h"
#include "cli/vm_options.h"
#include "local/plan/project_plan_json.h"
#include "local/supervisor/supervisor_start.h"

enum { STEP_MS = 100 };

extern const struct verb verb_up;
extern const struct verb verb_watch;

/* What `up` would be told: the options that it has as well, and the words. */
static void words_of_up(const struct arguments *args, struct string_list *ret)
{
	string_list_add(ret, "--detach");
	for (size_t i = 0; i < verb_watch.option_count; i++) {
		const struct option_spec *option = &verb_watch.options[i];
		const struct string_list *values = arguments_values(args, option->name);
		if (strcmp(option->name, "no-up") == 0)
			continue;
		if (option->kind == OPTION_FLAG && arguments_flag(args, option->name))
			string_list_addf(ret, "--%s", option->name);
		else if (option->kind == OPTION_VALUE &&
			 arguments_value(args, option->name) != NULL)
			string_list_addf(ret, "--%s=%s", option->name,
					 arguments_value(args, option->name));
		for (size_t k = 0; option->kind == OPTION_REPEAT && k < values->count; k++)
			string_list_addf(ret, "--%s=%s", option->name, values->items[k]);
	}
	string_list_add(ret, "--");
	string_list_copy(ret, arguments_rest(args));
}

static bool bring_up(const struct invocation *invocation, struct error *err)
{
	AUTO_PTR(arguments) struct arguments *args = arguments_new();
	AUTO(string_list_clear) struct string_list words = STRING_LIST_INIT;
	struct invocation up = *invocation;

	words_of_up(invocation->args, &words);
	if (!arguments_parse_verb(args, &verb_up, (int)words.count, words.items, 0, err))
		return false;
	up.args = args;
	return verb_up.run(&up, err) == 0;
}

static char *find_project(const struct invocation *invocation, struct error *err)
{
	AUTO(string_list_clear) struct string_list paths = STRING_LIST_INIT;
	AUTO(string_list_clear) struct string_list words = STRING_LIST_INIT;
	const struct string_list *files = arguments_values(invocation->args, "file");

	manifest_files_split(invocation->args, &paths, &words);
	return project_resolve(invocation,
			       paths.count > 0	  ? paths.items[0]
			       : files->count > 0 ? files->items[0]
						  : NULL,
			       err);
}

static bool load_plan(const char *project, struct project_plan *ret, struct error *err)
{
	if (project_plan_load(project, ret, err))
		return true;
	if (err->kind == ERROR_NOT_FOUND)
		return error_hint(err, "without --no-up it is brought up");
	return false;
}

static bool follow(const struct invocation *invocation, const char *project, struct up_watch *watch,
		   struct error *err)
{
	AUTO_PTR(loop) struct loop *loop = loop_new(err);

	if (loop == NULL || !supervisor_start(project, err))
		return false;
	AUTO_PTR(client) struct client *client = client_open(loop, project, err);
	if (client == NULL)
		return false;
	struct project_teller *teller = project_teller_new(invocation, client);
	while (!interrupt_is_set() && project_is_up(project)) {
		loop_step(loop, STEP_MS);
		up_watch_step(watch, client, loop);
	}
	project_teller_free(teller);
	output_note(invocation,
		    project_is_up(project) ? "the pods run on; i2kit -p %s down stops "
					     "them"
					   : "'%s' was taken down elsewhere",
		    project);
	return true;
}

static int run(const struct invocation *invocation, struct error *err)
{
	AUTO(project_plan_clear) struct project_plan plan = {0};

	if (!arguments_flag(invocation->args, "no-up") && !bring_up(invocation, err))
		return 1;
	AUTO_FREE char *project = find_project(invocation, err);
	if (project == NULL || !load_plan(project, &plan, err))
		return 1;
	AUTO_PTR(up_watch) struct up_watch *watch = up_watch_new(invocation, &plan, err);
	if (watch == NULL)
		return 1;
	if (!up_watch_has_rules(watch)) {
		error_set(err, ERROR_NOT_FOUND,
			  "no pod has develop.watch: there is nothing to watch");
		error_hint(err, "i2kit explain develop; for manifests and images alone: i2kit up "
				"--watch");
		return 1;
	}
	return follow(invocation, project, watch, err) ? 0 : 1;
}

static const struct option_spec options[] = {
	MANIFEST_OPTIONS,
	MANIFEST_SUPPLY_OPTIONS,
	{"no-up", 0, OPTION_FLAG, NULL, "watch what is up, as it is", COMPLETE_NONE},
	{"build", 0, OPTION_FLAG, NULL, "build images that did not change, too", COMPLETE_NONE},
	BUILDER_OPTION,
	{"accel", 0, OPTION_VALUE, "auto|kvm|tcg", "how VMs are run (auto)", COMPLETE_FORMAT},
	CONNECT_OPTION,
	PULL_OPTION,
	BASE_OPTION,
	INSECURE_REGISTRY_OPTION,
};

const struct verb verb_watch = {
	.name = "watch",
	.group = VERB_RUN,
	.summary = "sync or rebuild pods while their sources change",
	.description =
		"Brings the pods up as `i2kit up -d` does (not with --no-up), and follows "
		"`develop.watch` of Compose files and of i2kit's own form until Ctrl-C; the pods "
		"run on. `i2kit up --watch` does the same with the logs beside it.\n\n"
		"A rule has a `path`, and an `action`: `sync` copies what changed to `target` in "
		"the container, `sync+restart` starts the container again with it, `sync+exec` "
		"runs a command after it, `restart` only starts it again, `rebuild` builds the "
		"image and replaces that pod's VMs one after another. Files go as one batch when "
		"it has been quiet for a moment, belong to the container's user, and what is "
		"deleted or renamed here is so there. .dockerignore of the build, editors' "
		"temporary files and .git do not count; nor what `ignore` says, or `include` does "
		"not. Links are copied as links and never followed. A VM that comes in the place "
		"of "
		"another gets what was synced, too, and a container keeps it over restarts.\n\n"
		"What was synced is not the image: `ps` shows such a pod with a *, its receipts "
		"are void, and `promote` refuses it until `i2kit restart` or `i2kit up` has booted "
		"what is to be shipped, clean.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.argument = {"MANIFEST|POD", 0, 0, COMPLETE_FILE},
	.example = "i2kit watch\n"
		   "i2kit watch web\n"
		   "i2kit watch --no-up -q",
	.run = run,
};
