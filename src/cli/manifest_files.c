/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/manifest_files.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/json_writer.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "base/suggest.h"
#include "cli/arguments.h"
#include "cli/output.h"
#include "cli/output_document.h"
#include "cli/problem_view.h"
#include "cli/project.h"
#include "image/oci/reference.h"
#include "manifest/find_files.h"
#include "manifest/load.h"
#include "manifest/problem.h"

static const char *const severities[] = {
	[PROBLEM_ERROR] = "error", [PROBLEM_WARNING] = "warning", [PROBLEM_NOTE] = "note"};

/* With --progress=json. */
static bool tell_program(const struct problem *problem)
{
	AUTO_FREE char *place = problem->line > 0 ? xasprintf("%s:%u:%u", problem->file,
							      problem->line, problem->column)
						  : xstrdup(problem->file);

	return output_problem(severities[problem->severity], place, problem->message,
			      problem->hint);
}

static void append_line(struct strbuf *text, const struct problem *problem, bool is_colored)
{
	static const enum text_style styles[] = {[PROBLEM_ERROR] = STYLE_RED,
						 [PROBLEM_WARNING] = STYLE_YELLOW,
						 [PROBLEM_NOTE] = STYLE_DIM};
	const char *file = strcmp(problem->file, "-") == 0 ? "<stdin>" : problem->file;
	strbuf_append_printable(text, file, strlen(file));
	/* What concerns the file as a whole, such as that it cannot be opened, has no line. */
	if (problem->line > 0)
		strbuf_appendf(text, ":%u:%u", problem->line, problem->column);
	strbuf_append(text, ": ");
	strbuf_appendf(text, "%s%s:%s ", style_begin(styles[problem->severity], is_colored),
		       severities[problem->severity], style_begin(STYLE_NONE, is_colored));
	strbuf_append_printable(text, problem->message, strlen(problem->message));
	strbuf_append_char(text, '\n');
	if (problem->hint != NULL) {
		strbuf_append(text, "  hint: ");
		strbuf_append_printable(text, problem->hint, strlen(problem->hint));
		strbuf_append_char(text, '\n');
	}
}

void manifest_files_print(const struct invocation *invocation, const struct problem_list *problems,
			  bool is_quiet)
{
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	is_quiet = is_quiet || arguments_flag(invocation->args, "quiet");
	for (size_t i = 0; i < problems->count; i++) {
		if ((!is_quiet || problems->items[i].severity == PROBLEM_ERROR) &&
		    !tell_program(&problems->items[i]))
			append_line(&text, &problems->items[i], invocation->is_colored_stderr);
	}
	if (problems->dropped_count > 0)
		strbuf_appendf(&text, "… and %zu more\n", problems->dropped_count);
	(void)fputs(strbuf_text(&text), stderr);
}

static bool image_is_named(const char *image, const char *folder, struct error *err)
{
	AUTO(reference_clear) struct reference reference = {0};
	return reference_parse(image, folder, &reference, err);
}

/* For programs: all of them, in the error's document. */
static void attach_problems(const struct problem_list *problems)
{
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&text, 0);
	problem_view_write(&json, NULL, problems, NULL);
	output_error_attach("problems", strbuf_text(&text));
}

/* For programs: the first problem with its place, in place of how many there are. */
static void name_first(const struct problem_list *problems, struct error *err)
{
	for (size_t i = 0; i < problems->count; i++) {
		const struct problem *problem = &problems->items[i];
		if (problem->severity != PROBLEM_ERROR)
			continue;
		error_clear(err);
		if (problem->line > 0)
			error_set(err, ERROR_INVALID, "%s:%u:%u: %s", problem->file, problem->line,
				  problem->column, problem->message);
		else
			error_set(err, ERROR_INVALID, "%s: %s", problem->file, problem->message);
		if (problem->hint != NULL)
			error_hint(err, "%s", problem->hint);
		return;
	}
}

/* Two namespaces of one folder may both have a claim `data`: as one project it would be one disk. */
static bool project_is_apart(const struct invocation *invocation, const struct app *app,
			     struct error *err)
{
	const char *chosen = arguments_value(invocation->args, "namespace");
	if (!app->has_other_namespaces || invocation->project != NULL)
		return true;
	error_set(err, ERROR_USAGE, "-n %s chooses one of several namespaces, and a project is one",
		  chosen);
	return error_hint(err, "name its project, so that they stay apart: -p %s-%s -n %s",
			  app->project, chosen, chosen);
}

/* A folder whose manifests are what verbs read there without being told. */
bool manifest_files_are_here(const struct arguments *args)
{
	const struct string_list *files = arguments_values(args, "file");
	return (files != NULL && files->count > 0) || find_files_are_in(".");
}

/*
 * Where arguments may be both: a path has a dot or a slash, or is there where nothing else could be
 * meant. `up web` in a folder with manifests is the pod, whatever else is called web.
 */
void manifest_files_split(const struct arguments *args, struct string_list *paths,
			  struct string_list *pods)
{
	const struct string_list *rest = arguments_rest(args);
	bool is_ours = manifest_files_are_here(args);

	for (size_t i = 0; i < rest->count; i++) {
		const char *word = rest->items[i];
		bool is_path = strcmp(word, "-") == 0 || strchr(word, '.') != NULL ||
			       project_is_path(word) || (!is_ours && path_exists(word));
		AUTO_FREE char *first = xstrndup(word, strcspn(word, "/"));
		/* k8s/ that is not there is a path all the same, deploy/web a pod. */
		if (!is_path && strchr(word, '/') != NULL)
			is_path = path_exists(word) || word[strlen(word) - 1] == '/' ||
				  (!is_ours && path_exists(first));
		string_list_add(is_path ? paths : pods, word);
	}
}

enum argument_use {
	ARGUMENTS_ARE_PODS,
	ARGUMENTS_ARE_FILES,
	ARGUMENTS_ARE_WHOLE_FILES,
	ARGUMENTS_ARE_BOTH,
	ARGUMENTS_ARE_OTHERS /* its --env-file is of a container, too */
};

static bool read_files(const struct invocation *invocation, enum argument_use use, struct app *ret,
		       struct problem_list *problems, struct error *err)
{
	const struct arguments *args = invocation->args;
	struct load_options options = {
		.folder = ".",
		.project = invocation->project,
		.namespace_name = arguments_value(args, "namespace"),
		.is_recursive = arguments_flag(args, "recursive"),
		.skip_unsupported = arguments_flag(args, "skip-unsupported"),
		.is_strict = arguments_flag(args, "strict"),
		.may_have_no_pod = use != ARGUMENTS_ARE_PODS && use != ARGUMENTS_ARE_OTHERS,
		.keeps_objects = use == ARGUMENTS_ARE_WHOLE_FILES,
		.secrets = arguments_values(args, "secret"),
		.secret_files = arguments_values(args, "secret-file"),
		.config_maps = arguments_values(args, "config-map"),
		.config_map_files = arguments_values(args, "config-map-file"),
		.environment = (const char *const *)environ,
		.wants_paths = invocation->output == OUTPUT_JSON,
		.check_image = image_is_named};
	const struct string_list *files = arguments_values(args, "file");
	const struct string_list *env_files = arguments_values(args, "env-file");
	const struct string_list *profiles = arguments_values(args, "profile");
	const struct string_list *cloud_profiles = arguments_values(args, "compose-profile");

	if (files != NULL)
		string_list_copy(&options.paths, files);
	if (env_files != NULL && use != ARGUMENTS_ARE_OTHERS)
		string_list_copy(&options.env_files, env_files);
	if (profiles != NULL)
		string_list_copy(&options.profiles, profiles);
	if (cloud_profiles != NULL)
		string_list_copy(&options.profiles, cloud_profiles);
	if (use == ARGUMENTS_ARE_FILES || use == ARGUMENTS_ARE_WHOLE_FILES)
		string_list_copy(&options.paths, arguments_rest(args));
	else if (use == ARGUMENTS_ARE_BOTH)
		manifest_files_split(args, &options.paths, &options.named);
	else if (arguments_rest(args)->count > 0) /* what follows is the command */
		string_list_add(&options.named, arguments_rest(args)->items[0]);
	bool is_good = app_load(&options, ret, problems, err);
	string_list_clear(&options.paths);
	string_list_clear(&options.env_files);
	string_list_clear(&options.profiles);
	string_list_clear(&options.named);
	if (!is_good && invocation->output == OUTPUT_JSON) {
		if (problems->count > 0)
			attach_problems(problems);
		name_first(problems, err);
	}
	if (is_good)
		project_settle(invocation, ret);
	return is_good && (use == ARGUMENTS_ARE_FILES || use == ARGUMENTS_ARE_WHOLE_FILES ||
			   project_is_apart(invocation, ret, err));
}

bool manifest_files_read(const struct invocation *invocation, struct app *ret,
			 struct problem_list *problems, struct error *err)
{
	return read_files(invocation, ARGUMENTS_ARE_FILES, ret, problems, err);
}

bool manifest_files_read_whole(const struct invocation *invocation, struct app *ret,
			       struct problem_list *problems, struct error *err)
{
	return read_files(invocation, ARGUMENTS_ARE_WHOLE_FILES, ret, problems, err);
}

bool manifest_files_read_both(const struct invocation *invocation, struct app *ret,
			      struct problem_list *problems, struct error *err)
{
	return read_files(invocation, ARGUMENTS_ARE_BOTH, ret, problems, err);
}

bool manifest_files_read_pods(const struct invocation *invocation, struct app *ret,
			      struct problem_list *problems, struct error *err)
{
	return read_files(invocation, ARGUMENTS_ARE_OTHERS, ret, problems, err);
}

bool manifest_files_no_pod(const struct app *app, const char *name, struct error *err)
{
	AUTO(string_list_clear) struct string_list known = STRING_LIST_INIT;

	for (size_t i = 0; i < app->pod_count; i++)
		string_list_add(&known, app->pods[i].name);
	error_set(err, ERROR_USAGE, "the manifests have no pod '%s'", name);
	if (path_exists(name))
		return error_hint(err, "a folder or file is meant? ./%s, or -f %s", name, name);
	return suggest_hint(err, name, &known);
}

bool manifest_files_load(const struct invocation *invocation, struct app *ret, struct error *err)
{
	AUTO(problem_list_clear) struct problem_list problems = {0};
	bool is_good = read_files(invocation, ARGUMENTS_ARE_PODS, ret, &problems, err);
	manifest_files_print(invocation, &problems, false);
	const struct string_list *rest = arguments_rest(invocation->args);
	/* Arguments of these verbs are pods, of others manifests. */
	if (!is_good && err->kind == ERROR_NOT_FOUND && rest->count > 0 &&
	    path_exists(rest->items[0]))
		return error_hint(err, "arguments are pods here; manifests go with -f: -f %s",
				  rest->items[0]);
	return is_good;
}
