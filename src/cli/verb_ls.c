/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/json_writer.h"
#include "base/strbuf.h"
#include "cli/arguments.h"
#include "cli/output.h"
#include "cli/output_document.h"
#include "cli/table.h"
#include "cli/verb.h"
#include "local/client/client.h"
#include "local/plan/project_identity.h"

/* One project, as far as it can be known. */
struct listed {
	const char *name;
	struct project_identity identity;
	struct project_status status;
	unsigned ready;
	unsigned wanted;
	bool is_up;
	bool has_volumes;
};

static void listed_clear(struct listed *listed)
{
	project_identity_clear(&listed->identity);
	project_status_clear(&listed->status);
}

static bool look(const char *name, struct listed *ret, struct error *err)
{
	AUTO_PTR(loop) struct loop *loop = loop_new(err);
	AUTO_PTR(client) struct client *client = loop != NULL ? client_open(loop, name, err) : NULL;

	if (client == NULL || !client_status(client, &ret->status, err))
		return false;
	for (size_t i = 0; i < ret->status.pod_count; i++)
		ret->wanted += ret->status.pods[i].desired;
	for (size_t i = 0; i < ret->status.instance_count; i++)
		ret->ready += ret->status.instances[i].is_ready ? 1U : 0U;
	return true;
}

static const char *state_word(const struct listed *listed)
{
	if (!listed->is_up)
		return "down";
	if (!listed->status.is_supervised)
		return "unsupervised";
	return listed->ready >= listed->wanted ? "ready" : "starting";
}

static enum text_style state_style(const struct listed *listed)
{
	if (!listed->is_up)
		return STYLE_DIM;
	return listed->status.is_supervised && listed->ready >= listed->wanted ? STYLE_GREEN
									       : STYLE_YELLOW;
}

static void append_ports(struct strbuf *out, const struct project_status *status)
{
	for (size_t i = 0; i < status->port_count; i++) {
		const struct port_status *port = &status->ports[i];
		if (port->host_port != 0)
			strbuf_appendf(out, "%s%s:%u%s", out->size > 0 ? ", " : "", port->host,
				       (unsigned)port->host_port, port->is_udp ? "/udp" : "");
	}
}

static void add_row(struct table *table, const struct listed *listed)
{
	AUTO(strbuf_clear) struct strbuf ports = STRBUF_INIT;

	append_ports(&ports, &listed->status);
	table_add_cell(table, STYLE_BOLD, "%s", listed->name);
	table_add_cell(table, state_style(listed), "%s%s", state_word(listed),
		       !listed->is_up && listed->has_volumes ? ", has volumes" : "");
	if (listed->is_up)
		table_add_cell(table, STYLE_NONE, "%u/%u", listed->ready, listed->wanted);
	else
		table_add_cell(table, STYLE_NONE, "-");
	table_add_cell(table, STYLE_NONE, "%s", ports.size > 0 ? strbuf_text(&ports) : "-");
	table_add_cell(table, STYLE_NONE, "%s",
		       listed->identity.folder != NULL ? listed->identity.folder : "-");
}

static void write_row(struct json_writer *json, const struct listed *listed)
{
	json_open_object(json, NULL);
	json_write_text(json, "project", listed->name);
	json_write_text(json, "state", state_word(listed));
	json_write_bool(json, "volumes", listed->has_volumes);
	json_write_unsigned(json, "ready", listed->ready);
	json_write_unsigned(json, "desired", listed->wanted);
	json_write_text(json, "folder", listed->identity.folder);
	json_open_list(json, "ports");
	for (size_t i = 0; i < listed->status.port_count; i++) {
		const struct port_status *port = &listed->status.ports[i];
		if (port->host_port == 0)
			continue;
		json_open_object(json, NULL);
		json_write_text(json, "host", port->host);
		json_write_unsigned(json, "port", port->host_port);
		json_write_text(json, "protocol", port->is_udp ? "udp" : "tcp");
		json_close(json);
	}
	json_close(json);
	json_close(json);
}

/* Adds the project to one of both, if it is to be shown. */
static void list_one(const struct invocation *invocation, const char *name, struct table *table,
		     struct json_writer *json)
{
	AUTO(listed_clear)
	struct listed listed = {.name = name,
				.is_up = project_is_up(name),
				.has_volumes = project_has_volumes(name)};
	AUTO(error_clear) struct error problem = ERROR_INIT;

	if (!listed.is_up && (!arguments_flag(invocation->args, "all") || !listed.has_volumes))
		return;
	if (!project_identity_load(name, &listed.identity, &problem))
		error_clear(&problem); /* the rest is shown all the same */
	if (listed.is_up && !look(name, &listed, &problem))
		output_warning(invocation, "%s: %s", name, problem.message);
	if (invocation->output == OUTPUT_JSON)
		write_row(json, &listed);
	else
		add_row(table, &listed);
}

static int run(const struct invocation *invocation, struct error *err)
{
	AUTO(string_list_clear) struct string_list projects = STRING_LIST_INIT;
	AUTO_PTR(table) struct table *table = table_new(invocation);
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&text, 0);

	(void)err;
	table_add_column(table, "PROJECT", TABLE_LEFT);
	table_add_column(table, "STATE", TABLE_LEFT);
	table_add_column(table, "READY", TABLE_LEFT);
	table_add_column(table, "PORTS", TABLE_LEFT);
	table_add_column(table, "FOLDER", TABLE_SHRINK);
	project_list(&projects);
	json_open_list(&json, NULL);
	for (size_t i = 0; i < projects.count; i++)
		list_one(invocation, projects.items[i], table, &json);
	json_close(&json);
	if (invocation->output == OUTPUT_JSON)
		output_document(strbuf_text(&text));
	else
		table_print(table, stdout);
	return 0;
}

static const struct option_spec options[] = {
	{"all", 'a', OPTION_FLAG, NULL, "those that are down and have volumes too", COMPLETE_NONE},
};

const struct verb verb_ls = {
	.name = "ls",
	.group = VERB_WATCH,
	.summary = "list projects: state, ports, folder",
	.description =
		"Lists all projects of yours that are up, from whatever folder. A project is the "
		"pods of one folder of manifests: its name is -p, else $I2KIT_PROJECT, else a "
		"document `name: shop` among the manifests, else the folder's own; where that is "
		"k8s/, kubernetes/ or manifests/, the name of the folder around it. A name belongs "
		"to one folder for as long as its project is up or keeps volumes.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.has_output = true,
	.names = "{[*].project}",
	.example = "i2kit ls\n"
		   "i2kit ls -a -o json | jq -r '.[].project'",
	.run = run,
};
