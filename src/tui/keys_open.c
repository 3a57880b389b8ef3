/* SPDX-License-Identifier: Apache-2.0 */
/* From a list's line to what it stands for. */
#include "tui/keys_open.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "tui/keys.h"
#include "tui/log_keys.h"
#include "tui/prompt.h"
#include "tui/table.h"

static void open_pod(struct model *model)
{
	const struct instance_status *instance = model_current_instance(model);
	const struct pod_status *pod = model_current_pod(model);

	for (size_t i = 0; instance == NULL && pod != NULL && i < model->status.instance_count; i++)
		if (strcmp(model->status.instances[i].pod, pod->name) == 0)
			instance = &model->status.instances[i];
	if (instance == NULL) {
		model_say(model, true, "no VM of it runs");
		return;
	}
	free(model->detail_instance);
	model->detail_instance = xstrdup(instance->name);
	model->lists[VIEW_POD].top = 0;
	model_go(model, VIEW_POD);
}

static void open_job(struct model *model)
{
	size_t selected = 0;
	AUTO(table_clear) struct table table = {0};
	table_make(&table, model, VIEW_JOBS);
	selected = model->lists[VIEW_JOBS].selected;
	if (selected >= table.row_count)
		return;
	keys_show_job(model, model->jobs[table.rows[selected].index].number);
}

void keys_show_job(struct model *model, unsigned number)
{
	model->detail_job = number;
	model->lists[VIEW_JOB].top = PAGE_END;
	model_go(model, VIEW_JOB);
}

void keys_mark(struct model *model)
{
	const struct instance_status *instance = model_current_instance(model);
	if (instance == NULL)
		return;
	for (size_t i = 0; i < model->marked.count; i++) {
		if (strcmp(model->marked.items[i], instance->name) != 0)
			continue;
		free(model->marked.items[i]);
		memmove((void *)(model->marked.items + i), (void *)(model->marked.items + i + 1),
			(model->marked.count - i) * sizeof(*model->marked.items));
		model->marked.count--;
		keys_move(model, ACTION_DOWN);
		return;
	}
	string_list_add(&model->marked, instance->name);
	keys_move(model, ACTION_DOWN);
}

void keys_open_logs(struct model *model)
{
	const struct instance_status *instance = model_current_instance(model);
	const struct pod_status *pod = model_current_pod(model);

	string_list_clear(&model->log_selection);
	if (model->view == VIEW_PODS && model->marked.count > 0)
		string_list_copy(&model->log_selection, &model->marked);
	else if (instance != NULL)
		string_list_add(&model->log_selection, instance->name);
	else if (pod != NULL)
		string_list_add(&model->log_selection, pod->name);
	log_keys_open(model);
}

/* On the jobs' screens the one that is shown, elsewhere the newest. */
void keys_cancel(struct model *model)
{
	unsigned wanted = model->view == VIEW_JOB ? model->detail_job : 0;
	size_t selected = model->lists[VIEW_JOBS].selected;

	if (model->view == VIEW_JOBS) {
		AUTO(table_clear) struct table table = {0};
		table_make(&table, model, VIEW_JOBS);
		if (selected < table.row_count)
			wanted = model->jobs[table.rows[selected].index].number;
	}
	for (size_t i = model->job_count; i > 0; i--) {
		const struct job *job = &model->jobs[i - 1];
		if (!job->is_running || (wanted != 0 && job->number != wanted))
			continue;
		AUTO_FREE char *question = xasprintf("cancel? (y/n)  %s", job->command);
		prompt_open(model, PROMPT_CANCEL, question, "");
		model->prompt.job = job->number;
		return;
	}
	model_say(model, false, "nothing runs beside the screen");
}

static void open_project(struct model *model)
{
	AUTO(table_clear) struct table table = {0};
	size_t selected = model->lists[VIEW_PROJECTS].selected;

	table_make(&table, model, VIEW_PROJECTS);
	if (selected >= table.row_count)
		return;
	const struct table_row *row = &table.rows[selected];
	model_switch_project(model, model->projects.items[row->index].name,
			     row->instance ? row->instance->name
			     : row->pod	   ? row->pod->name
					   : NULL);
}

void keys_open(struct model *model)
{
	if (model->view == VIEW_JOBS)
		open_job(model);
	else if (model->view == VIEW_PROJECTS)
		open_project(model);
	else
		open_pod(model);
}
