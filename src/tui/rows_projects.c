/* SPDX-License-Identifier: Apache-2.0 */
/* The pods of all projects, in one list. */
#include "tui/rows_projects.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "local/client/verdict.h"
#include "tui/draw.h"
#include "tui/rows_pods.h"
#include "tui/table.h"

enum project_column {
	COL_PROJECT,
	COL_STATE,
	COL_RESTARTS,
	COL_EXIT,
	COL_POD,
	COL_READY,
	COL_AGE,
	COL_MEMORY,
	COL_PORTS,
	COL_FOLDER
};

static const struct column columns[] = {
	[COL_PROJECT] = {"PROJECT", COLUMN_NAME, 24, 0, 0, 6},
	[COL_STATE] = {"STATE", COLUMN_LEFT, 20, 0, 18},
	[COL_RESTARTS] = {"RST", COLUMN_RIGHT, 0, 0, 3},
	[COL_EXIT] = {"EXIT", COLUMN_RIGHT, 0, 1, 4},
	[COL_POD] = {"POD", COLUMN_NAME, 48, 0, 0, 6},
	[COL_READY] = {"READY", COLUMN_RIGHT, 0, 2, 5},
	[COL_AGE] = {"AGE", COLUMN_RIGHT, 0, 3, 5},
	[COL_MEMORY] = {"MEM", COLUMN_RIGHT, 0, 4, 5},
	[COL_PORTS] = {"PORTS", COLUMN_LEFT, 28, 5},
	[COL_FOLDER] = {"FOLDER", COLUMN_LEFT, 0, 6},
};

static void add_instance(struct table *table, const struct model *model, size_t index,
			 const struct instance_status *instance)
{
	const struct other_project *project = &model->projects.items[index];
	AUTO_FREE char *key = xasprintf("%s/%s", project->name, instance->name);
	AUTO_FREE char *ports = draw_ports(&project->status, instance->pod);
	struct table_row *row = table_add(table, index, key);
	unsigned restarts = instance->restarts + instance->vm_restarts;
	unsigned ready = 0;
	unsigned all = 0;
	char text[SHORT_SIZE];

	row->instance = instance;
	draw_count_containers(instance, &ready, &all);
	table_set(row, COL_PROJECT, STYLE_KEY, "%s", project->name);
	table_set(row, COL_STATE, draw_state_style(instance), "%s %s", draw_state_sign(instance),
		  instance_state_text(instance));
	table_set(row, COL_RESTARTS, restarts ? STYLE_WARNING : STYLE_DIM, "%u", restarts);
	table_set_number(row, COL_RESTARTS, restarts);
	draw_exit(row, COL_EXIT, instance);
	table_set(row, COL_POD, STYLE_BOLD, "%s", instance->name);
	if (all > 0)
		table_set(row, COL_READY, STYLE_NORMAL, "%u/%u", ready, all);
	draw_age(text, model, instance->created_ns);
	table_set(row, COL_AGE, STYLE_NORMAL, "%s", text);
	table_set_number(row, COL_AGE, instance->created_ns);
	if (instance->memory_used_bytes > 0) {
		draw_size(text, instance->memory_used_bytes);
		table_set(row, COL_MEMORY, STYLE_NORMAL, "%s", text);
		table_set_number(row, COL_MEMORY, (int64_t)instance->memory_used_bytes);
	}
	table_set(row, COL_PORTS, STYLE_NORMAL, "%s", ports);
	table_set(row, COL_FOLDER, STYLE_DIM, "%s",
		  project->status.folder ? project->status.folder : "");
}

static bool has_instance(const struct project_status *status, const char *pod)
{
	for (size_t i = 0; i < status->instance_count; i++) {
		if (strcmp(status->instances[i].pod, pod) == 0)
			return true;
	}
	return false;
}

static void add_note(struct table *table, const struct model *model, size_t index,
		     const struct pod_status *pod, const char *note)
{
	const struct other_project *project = &model->projects.items[index];
	AUTO_FREE char *key = xasprintf("%s/%s", project->name, pod != NULL ? pod->name : "");
	struct table_row *row = table_add(table, index, key);

	row->pod = pod;
	table_set(row, COL_PROJECT, STYLE_KEY, "%s", project->name);
	row->note = pod != NULL ? xasprintf("%s: %s", pod->name, note) : xstrdup(note);
	row->note_style = pod != NULL && pod->is_failed ? STYLE_ERROR : STYLE_DIM;
}

void rows_of_projects(struct table *table, const struct model *model)
{
	table->columns = columns;
	table->column_count = ARRAY_SIZE(columns);
	for (size_t i = 0; i < model->projects.count; i++) {
		const struct other_project *project = &model->projects.items[i];
		const struct project_status *status = &project->status;
		for (size_t k = 0; k < status->instance_count; k++)
			add_instance(table, model, i, &status->instances[k]);
		for (size_t k = 0; k < status->pod_count; k++) {
			const struct pod_status *pod = &status->pods[k];
			AUTO_FREE char *text = draw_pod_text(pod);
			if (!has_instance(status, pod->name))
				add_note(table, model, i, pod, text);
		}
		if (status->instance_count == 0 && status->pod_count == 0)
			add_note(table, model, i, NULL,
				 project->problem      ? project->problem
				 : project->has_status ? "no pods"
						       : "looking …");
	}
}
