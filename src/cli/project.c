/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/project.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "cli/arguments.h"
#include "cli/output.h"
#include "manifest/load.h"
#include "manifest/problem.h"
#include "manifest/project_name.h"

static bool is_recorded_for(const char *project, const char *home, bool must_be_of_folder)
{
	AUTO(project_identity_clear) struct project_identity identity = {0};

	return project_identity_load(project, &identity, NULL) &&
	       strcmp(identity.folder, home) == 0 &&
	       (!must_be_of_folder || identity.source != PROJECT_GIVEN);
}

/* The name that the folder's project was recorded under, owned; NULL: none, or several. */
static char *recorded_name(const char *home)
{
	AUTO(string_list_clear) struct string_list all = STRING_LIST_INIT;
	const char *found = NULL;

	project_list(&all);
	for (size_t i = 0; i < all.count; i++) {
		if (!is_recorded_for(all.items[i], home, true))
			continue;
		if (found != NULL)
			return NULL;
		found = all.items[i];
	}
	return xstrdup_or_null(found);
}

/*
 * k8s/ gave its own name once, also to volumes that are there still: nobody recorded whose, so they
 * are the first comer's.
 */
static char *former_name(const char *home, const char *folder)
{
	AUTO(project_identity_clear) struct project_identity identity = {0};
	AUTO_FREE char *name = project_name_make(folder);
	bool is_free = strcmp(home, folder) != 0 && project_has_volumes(name) &&
		       !project_identity_load(name, &identity, NULL);

	return is_free ? TAKE_PTR(name) : NULL;
}

static char *settle(const struct app *app)
{
	AUTO_FREE char *recorded = NULL;

	if (app->is_named || is_recorded_for(app->project, app->home, false))
		return xstrdup(app->project);
	recorded = recorded_name(app->home);
	if (recorded == NULL)
		recorded = former_name(app->home, app->folder);
	return recorded != NULL ? TAKE_PTR(recorded) : xstrdup(app->project);
}

void project_settle(const struct invocation *invocation, struct app *app)
{
	if (invocation->project != NULL)
		return;
	AUTO_FREE char *name = settle(app);
	if (strcmp(name, app->project) == 0)
		return;
	output_note(invocation, "the project is '%s' here, as it was; `name: %s` would make it so",
		    name, name);
	free(app->project);
	app->project = TAKE_PTR(name);
}

void project_identity_of(const struct invocation *invocation, const struct app *app,
			 struct project_identity *ret)
{
	enum project_source source = invocation->project != NULL ? PROJECT_GIVEN
				     : app->is_named		 ? PROJECT_OF_MANIFEST
								 : PROJECT_OF_FOLDER;

	*ret = (struct project_identity){
		.project = xstrdup(app->project), .folder = xstrdup(app->home), .source = source};
}

/* Of a path without manifests that can be read: what counts is where it is. */
static bool app_of_folder(const char *path, struct app *ret, struct error *err)
{
	struct stat status;
	AUTO_FREE char *real = realpath(path, NULL);

	if (real == NULL || stat(real, &status) < 0)
		return error_set_errno(err, errno, "%s", path);
	if (!S_ISDIR(status.st_mode))
		*strrchr(real, '/') = '\0';
	ret->home = project_home(real[0] != '\0' ? real : "/");
	ret->folder = xstrdup(ret->home);
	ret->project = project_name_make(ret->home);
	return true;
}

/* The name, home and folder that the manifests have; whatever else is wrong with them. */
static bool read_app(const char *path, struct app *ret, struct error *err)
{
	AUTO(problem_list_clear) struct problem_list problems = {0};
	AUTO(error_clear) struct error problem = ERROR_INIT;
	struct load_options options = {.folder = path != NULL ? path : ".",
				       .may_have_no_pod = true,
				       .environment = (const char *const *)environ,
				       .skip_unsupported = true};
	struct stat status;
	bool is_file = path != NULL && stat(path, &status) == 0 && !S_ISDIR(status.st_mode);

	if (is_file)
		string_list_add(&options.paths, path);
	bool is_read = app_load(&options, ret, &problems, &problem);
	string_list_clear(&options.paths);
	return is_read || app_of_folder(path != NULL ? path : ".", ret, err);
}

char *project_name(const struct invocation *invocation, const char *path, struct error *err)
{
	AUTO(app_clear) struct app app = {0};

	if (invocation->project != NULL)
		return xstrdup(invocation->project);
	return read_app(path, &app, err) ? settle(&app) : NULL;
}

static bool lies_below(const char *folder, const char *around)
{
	size_t width = strcmp(around, "/") == 0 ? 0 : strlen(around);

	return strncmp(folder, around, width) == 0 && folder[width] == '/';
}

/* Those that are up below the folder. */
static void find_below(const char *around, struct string_list *ret)
{
	AUTO(string_list_clear) struct string_list all = STRING_LIST_INIT;

	project_list(&all);
	for (size_t i = 0; i < all.count; i++) {
		AUTO(project_identity_clear) struct project_identity identity = {0};
		if (project_is_up(all.items[i]) &&
		    project_identity_load(all.items[i], &identity, NULL) &&
		    lies_below(identity.folder, around))
			string_list_add(ret, all.items[i]);
	}
}

char *project_resolve(const struct invocation *invocation, const char *path, struct error *err)
{
	AUTO(app_clear) struct app app = {0};
	AUTO(string_list_clear) struct string_list below = STRING_LIST_INIT;

	if (invocation->project != NULL)
		return xstrdup(invocation->project);
	if (!read_app(path, &app, err))
		return NULL;
	AUTO_FREE char *name = settle(&app);
	if (is_recorded_for(name, app.home, false) && project_is_up(name))
		return TAKE_PTR(name);
	find_below(app.home, &below);
	if (below.count == 1) {
		output_note(invocation, "project '%s', the only one that is up below %s",
			    below.items[0], app.home);
		return xstrdup(below.items[0]);
	}
	AUTO(project_identity_clear) struct project_identity wanted = {0};
	project_identity_of(invocation, &app, &wanted);
	free(wanted.project);
	wanted.project = xstrdup(name);
	return project_identity_check(&wanted, err) ? TAKE_PTR(name) : NULL;
}

bool project_is_path(const char *word)
{
	static const char *const defaults[] = {"i2kit.yml", "i2kit.yaml", "k8s"};
	size_t length = strlen(word);
	struct stat status;

	if (stat(word, &status) < 0)
		return false;
	if (!S_ISDIR(status.st_mode))
		return length > 4 && (strcmp(word + length - 4, ".yml") == 0 ||
				      (length > 5 && strcmp(word + length - 5, ".yaml") == 0));
	if (word[0] == '/' || word[0] == '.' || word[length - 1] == '/')
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(defaults); i++) {
		AUTO_FREE char *inside = path_join(word, defaults[i]);
		if (strchr(word, '/') != NULL && path_exists(inside))
			return true;
	}
	return false;
}

const char *project_argument(const struct invocation *invocation)
{
	const struct string_list *rest = arguments_rest(invocation->args);

	return rest->count > 0 ? rest->items[0] : NULL;
}

void project_note_others(const struct invocation *invocation, const char *project)
{
	AUTO(string_list_clear) struct string_list all = STRING_LIST_INIT;
	unsigned count = 0;

	output_note(invocation, "project '%s' is not up", project);
	project_list(&all);
	for (size_t i = 0; i < all.count; i++) {
		AUTO(project_identity_clear) struct project_identity identity = {0};
		if (!project_is_up(all.items[i]) ||
		    !project_identity_load(all.items[i], &identity, NULL))
			continue;
		output_note(invocation, "'%s' of %s is: i2kit -p %s ps", all.items[i],
			    identity.folder, all.items[i]);
		count++;
	}
	if (count == 0)
		output_note(invocation, "nothing else is: i2kit up");
}
