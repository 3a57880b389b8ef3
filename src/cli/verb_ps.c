/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/json_writer.h"
#include "base/strbuf.h"
#include "cli/output.h"
#include "cli/output_document.h"
#include "cli/project.h"
#include "cli/status_view.h"
#include "cli/verb.h"
#include "local/client/client.h"
#include "local/plan/status_json.h"

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

static int run(const struct invocation *invocation, struct error *err)
{
	AUTO(project_status_clear) struct project_status status = {0};

	if (arguments_flag(invocation->args, "projects"))
		return list_projects(invocation, err) ? 0 : 1;
	AUTO_FREE char *project = project_resolve(invocation, project_argument(invocation), err);
	AUTO_PTR(loop) struct loop *loop = project ? loop_new(err) : NULL;
	AUTO_PTR(client) struct client *client = loop ? client_open(loop, project, err) : NULL;
	if (client == NULL || !client_status(client, &status, err))
		return 1;
	if (invocation->output == OUTPUT_JSON) {
		AUTO_FREE char *json = project_status_to_json(&status, true);
		output_document(json);
		return 0;
	}
	status_print_table(invocation, &status, invocation->output == OUTPUT_WIDE);
	if (status.pod_count == 0 && status.instance_count == 0)
		project_note_others(invocation, project);
	if (!status.is_supervised && status.instance_count > 0) {
		output_warning(invocation, "nobody supervises '%s': ports and restarts do not work",
			       project);
		output_note(invocation, "i2kit up -d takes the pods over again");
	} else if (!status.is_supervised && status.pod_count > 0) {
		output_warning(invocation,
			       "nobody supervises '%s', and none of its VMs runs, as "
			       "after a restart of this machine",
			       project);
		output_note(invocation, "i2kit up -d starts them again");
	}
	return 0;
}

static const struct option_spec options[] = {
	{"projects", 'a', OPTION_FLAG, NULL, "the projects that are up: ls says more",
	 COMPLETE_NONE},
};

const struct verb verb_ps = {
	.name = "ps",
	.group = VERB_WATCH,
	.summary = "list pods: state, readiness, restarts, ports",
	.description = "Lists the VMs of the project. IMAGE is the beginning of the digest of the "
		       "disk that "
		       "a VM booted; a * behind it says that the pod is dirty: live mounts or "
		       "--watch changed "
		       "it, and promote will not ship it.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.argument = {"FOLDER", 0, 1, COMPLETE_FOLDER},
	.has_output = true,
	.names = "{.instances[*].name}",
	.example = "i2kit ps\n"
		   "i2kit -p shop ps -o wide\n"
		   "i2kit ps examples/hello\n"
		   "i2kit ps -o json | jq '.ports[0].hostPort'",
	.run = run,
};
