/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/json.h"
#include "base/json_writer.h"
#include "base/strbuf.h"
#include "cli/arguments.h"
#include "cli/interrupt.h"
#include "cli/log_instances.h"
#include "cli/output.h"
#include "cli/output_document.h"
#include "cli/project.h"
#include "cli/project_verb.h"
#include "cli/status_choose.h"
#include "cli/status_view.h"
#include "cli/verb.h"
#include "local/client/client.h"
#include "local/client/status_offline.h"
#include "local/plan/status_json.h"

enum { STEP_MS = 200 };

static bool list_projects(const struct invocation *invocation, struct error *err)
{
	AUTO(string_list_clear) struct string_list projects = STRING_LIST_INIT;
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&text, 0);

	if (!client_list_projects(&projects, err))
		return false;
	if (invocation->output == OUTPUT_JSON) {
		json_write_texts(&json, NULL, &projects);
		output_document(strbuf_text(&text));
		return true;
	}
	for (size_t i = 0; i < projects.count; i++)
		(void)printf("%s\n", projects.items[i]);
	return true;
}

/* Each one's status, as far as it can be had. */
static bool list_all(const struct invocation *invocation, struct error *err)
{
	AUTO(string_list_clear) struct string_list projects = STRING_LIST_INIT;
	struct project_status *statuses = NULL;
	size_t count = 0;

	if (!client_list_projects(&projects, err))
		return false;
	for (size_t i = 0; i < projects.count; i++) {
		AUTO(error_clear) struct error problem = ERROR_INIT;
		AUTO_PTR(loop) struct loop *loop = loop_new(&problem);
		AUTO_PTR(client)
		struct client *client =
			loop != NULL ? client_open(loop, projects.items[i], &problem) : NULL;
		struct project_status status = {0};
		if (client == NULL || !client_status(client, &status, &problem))
			output_warning(invocation, "%s: %s", projects.items[i], problem.message);
		else
			*ARRAY_APPEND(statuses, count) = status;
	}
	for (size_t i = 0; invocation->output == OUTPUT_JSON && i < count; i++) {
		AUTO_FREE char *json = project_status_to_json(&statuses[i], false);
		output_document(json);
	}
	if (invocation->output != OUTPUT_JSON) {
		const struct status_table all = {.statuses = statuses,
						 .count = count,
						 .is_wide = invocation->output == OUTPUT_WIDE,
						 .has_project = true};
		status_print_tables(invocation, &all);
	}
	for (size_t i = 0; i < count; i++)
		project_status_clear(&statuses[i]);
	free(statuses);
	return true;
}

/* The status's object with one member more. */
static void print_json(const struct project_status *status, const struct string_list *gone_or_null,
		       bool is_indented)
{
	AUTO_FREE char *json = project_status_to_json(status, is_indented);
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	AUTO(strbuf_clear) struct strbuf list = STRBUF_INIT;
	struct json_writer writer = JSON_WRITER(&list, 0);
	char *end = strrchr(json, '}');

	if (gone_or_null == NULL || end == NULL) {
		output_document(json);
		return;
	}
	json_write_texts(&writer, NULL, gone_or_null);
	*end = '\0';
	strbuf_appendf(&text, "%s,\"gone\":%s}", json, strbuf_text(&list));
	output_document(strbuf_text(&text));
}

static void print_status(const struct invocation *invocation, const struct project_status *status,
			 const struct string_list *gone_or_null)
{
	const struct status_table one = {.statuses = status,
					 .count = 1,
					 .is_wide = invocation->output == OUTPUT_WIDE,
					 .gone_or_null = gone_or_null};

	if (invocation->output == OUTPUT_JSON)
		print_json(status, gone_or_null, true);
	else
		status_print_tables(invocation, &one);
}

static void tell_unsupervised(const struct invocation *invocation,
			      const struct project_status *status, const char *project)
{
	if (status->is_supervised || status->pod_count + status->instance_count == 0)
		return;
	if (status->instance_count > 0) {
		output_warning(invocation, "nobody supervises '%s': ports and restarts do not work",
			       project);
		output_note(invocation, "i2kit up -d takes the pods over again");
		return;
	}
	output_warning(invocation,
		       "nobody supervises '%s', and none of its VMs runs, as "
		       "after a restart of this machine",
		       project);
	output_note(invocation, "i2kit start starts them again");
}

struct watch {
	const struct invocation *invocation;
	const struct string_list *names;
};

static void show_change(const struct project_status *status, void *arg)
{
	const struct watch *watch = arg;
	const struct invocation *invocation = watch->invocation;
	AUTO(project_status_clear) struct project_status chosen = {0};

	if (status == NULL)
		return;
	/* What is shown is a copy: the one that came is the client's. */
	AUTO_FREE char *json = project_status_to_json(status, false);
	AUTO_PTR(json_document)
	struct json_document *document = json_document_parse(json, strlen(json), "status", 0, NULL);
	if (document == NULL)
		return;
	project_status_read(json_document_root(document), &chosen);
	status_choose(&chosen, watch->names);
	if (invocation->output == OUTPUT_JSON) {
		print_json(&chosen, NULL, false);
	} else {
		if (output_terminal_width(STDOUT_FILENO) > 0)
			(void)fputs("\x1b[H\x1b[J", stdout);
		print_status(invocation, &chosen, NULL);
	}
	(void)fflush(stdout);
}

/* Until Ctrl-C. */
static bool watch_project(const struct invocation *invocation, const struct project_verb *verb,
			  const struct string_list *names)
{
	struct watch watch = {.invocation = invocation, .names = names};

	client_watch_status(verb->client, show_change, &watch);
	while (!interrupt_is_set())
		loop_step(verb->loop, STEP_MS);
	client_watch_status(verb->client, NULL, NULL);
	return true;
}

static void tell_synced(const struct invocation *invocation, const struct project_status *status)
{
	for (size_t i = 0; i < status->instance_count; i++) {
		const struct instance_status *instance = &status->instances[i];
		if (instance->is_synced)
			output_note(invocation, "%s: synced: not the image (i2kit why %s)",
				    instance->name, instance->name);
	}
}

static bool show_project(const struct invocation *invocation, const struct project_verb *verb,
			 struct string_list *names, struct error *err)
{
	AUTO(project_status_clear) struct project_status status = {0};
	AUTO(string_list_clear) struct string_list gone = STRING_LIST_INIT;
	bool has_gone = arguments_flag(invocation->args, "all");

	if (names->count > 0 && !project_verb_check(verb, names, err))
		return false;
	if (arguments_flag(invocation->args, "watch"))
		return watch_project(invocation, verb, names);
	if (!client_status(verb->client, &status, err))
		return false;
	bool is_empty = status.pod_count == 0 && status.instance_count == 0;
	status_choose(&status, names);
	if (has_gone)
		log_instances_dead(verb->project, &gone);
	print_status(invocation, &status, has_gone ? &gone : NULL);
	if (invocation->output == OUTPUT_JSON)
		return true;
	if (is_empty)
		project_note_others(invocation, verb->project);
	tell_synced(invocation, &status);
	tell_unsupervised(invocation, &status, verb->project);
	return true;
}

static int run(const struct invocation *invocation, struct error *err)
{
	AUTO(project_verb_close) struct project_verb verb = {0};
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;

	if (arguments_flag(invocation->args, "projects"))
		return list_projects(invocation, err) ? 0 : 1;
	if (arguments_flag(invocation->args, "all-projects"))
		return list_all(invocation, err) ? 0 : 1;
	return project_verb_open_words(invocation, false, &verb, &names, err) &&
			       show_project(invocation, &verb, &names, err)
		       ? 0
		       : 1;
}

static const struct option_spec options[] = {
	{"all", 'a', OPTION_FLAG, NULL, "instances too that are no more and left logs",
	 COMPLETE_NONE},
	{"all-projects", 'A', OPTION_FLAG, NULL, "pods of all projects that are up", COMPLETE_NONE},
	{"watch", 'w', OPTION_FLAG, NULL, "show it anew at each change, until Ctrl-C",
	 COMPLETE_NONE},
	{"projects", 0, OPTION_FLAG, NULL, "the projects that are up: ls says more", COMPLETE_NONE},
};

const struct verb verb_ps = {
	.name = "ps",
	.group = VERB_WATCH,
	.summary = "list pods: state, readiness, restarts, ports",
	.description =
		"Lists the VMs of the project, or those of the pods named. IMAGE is the beginning "
		"of the digest of the disk that a VM booted; a * behind it says that the pod is "
		"dirty: live mounts, --watch or a sync changed it, and promote will not ship it. A "
		"narrow "
		"terminal does without IMAGE and AGE.\n\n"
		"-q prints names alone. -A -o json and --watch -o json print an object a line.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.argument = {"FOLDER|POD", 0, 0, COMPLETE_INSTANCE},
	.has_output = true,
	.names = "{.instances[*].name}",
	.example = "i2kit ps\n"
		   "i2kit ps web --watch\n"
		   "i2kit -p shop ps -o wide\n"
		   "i2kit ps examples/hello\n"
		   "i2kit ps -o jsonpath='{.ports[0].hostPort}'",
	.run = run,
};
