/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/update.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "local/plan/status_copy.h"
#include "tui/about_keys.h"
#include "tui/acts.h"
#include "tui/keys.h"
#include "tui/keys_mouse.h"
#include "tui/keys_open.h"
#include "tui/keys_search.h"
#include "tui/model.h"
#include "tui/prompt.h"
#include "tui/table.h"

static struct load_history *load_for(struct model *model, const char *instance)
{
	for (size_t i = 0; i < model->load_count; i++) {
		if (strcmp(model->loads[i].instance, instance) == 0)
			return &model->loads[i];
	}
	struct load_history *load = ARRAY_APPEND(model->loads, model->load_count);
	load->instance = xstrdup(instance);
	return load;
}

static void push_load(struct load_history *load, unsigned cpu_percent, unsigned memory_percent)
{
	if (load->count == SPARK_SIZE) {
		memmove(load->cpu_percent, load->cpu_percent + 1, SPARK_SIZE - 1);
		memmove(load->memory_percent, load->memory_percent + 1, SPARK_SIZE - 1);
		load->count--;
	}
	load->cpu_percent[load->count] = (uint8_t)(cpu_percent > 255 ? 255 : cpu_percent);
	load->memory_percent[load->count] = (uint8_t)(memory_percent > 100 ? 100 : memory_percent);
	load->count++;
}

/* The CPU share since the last status that brought new numbers. */
static void note_load(struct model *model, const struct instance_status *instance)
{
	struct load_history *load = load_for(model, instance->name);
	int64_t passed_us = (model->now_ns - load->last_ns) / 1000;

	load->is_seen = true;
	if (instance->cpu_usec < load->last_cpu_usec) /* the VM was replaced */
		load->last_ns = 0;
	if (load->last_ns != 0 && passed_us < 1000000)
		return;
	if (load->last_ns != 0) {
		uint64_t used = instance->cpu_usec - load->last_cpu_usec;
		unsigned memory = instance->memory_bytes == 0
					  ? 0
					  : (unsigned)(instance->memory_used_bytes * 100 /
						       instance->memory_bytes);
		push_load(load, (unsigned)(used * 100 / (uint64_t)passed_us), memory);
	}
	load->last_cpu_usec = instance->cpu_usec;
	load->last_ns = model->now_ns;
}

static void forget_gone_loads(struct model *model)
{
	size_t kept = 0;
	for (size_t i = 0; i < model->load_count; i++) {
		if (model->loads[i].is_seen)
			model->loads[kept++] = model->loads[i];
		else
			free(model->loads[i].instance);
	}
	model->load_count = kept;
}

/* The cursor stays on its line when lines come and go above it. */
static char *selected_key(const struct model *model)
{
	AUTO(table_clear) struct table table = {0};
	size_t selected = model->lists[model->view].selected;
	table_make(&table, model, model->view);
	return selected < table.row_count ? xstrdup(table.rows[selected].key) : NULL;
}

static void select_key(struct model *model, const char *key)
{
	AUTO(table_clear) struct table table = {0};
	table_make(&table, model, model->view);
	for (size_t i = 0; key != NULL && i < table.row_count; i++) {
		if (strcmp(table.rows[i].key, key) == 0)
			model->lists[model->view].selected = i;
	}
}

static void take_status(struct model *model, const struct event *event)
{
	free(model->problem);
	model->problem = xstrdup_or_null(event->text);
	model->is_connected = event->status != NULL;
	if (event->status == NULL)
		return;

	AUTO_FREE char *selected = selected_key(model);
	if (model->wanted_row != NULL && model->view == VIEW_PODS) {
		free(selected);
		selected = TAKE_PTR(model->wanted_row);
	}

	project_status_clear(&model->status);
	status_copy(&model->status, event->status);
	model->has_status = true;
	for (size_t i = 0; i < model->load_count; i++)
		model->loads[i].is_seen = false;
	for (size_t i = 0; i < model->status.instance_count; i++)
		note_load(model, &model->status.instances[i]);
	forget_gone_loads(model);

	select_key(model, selected);
}

static void take_projects(struct model *model, const struct event *event)
{
	AUTO_FREE char *selected = selected_key(model);

	if (event->kind == EVENT_PROJECTS)
		project_set_keep(&model->projects, event->names);
	else
		project_set_take(&model->projects, event->text, event->status, event->problem);
	if (model->view == VIEW_PROJECTS)
		select_key(model, selected);
}

static void take_project_event(struct model *model, const struct project_event *event)
{
	bool was_last = model->lists[VIEW_EVENTS].selected + 1 >= model->event_count;

	if (model->event_count == EVENT_MAX) {
		project_event_clear(&model->events[0]);
		memmove(model->events, model->events + 1, (EVENT_MAX - 1) * sizeof(*model->events));
		model->event_count--;
	}
	event_copy(ARRAY_APPEND(model->events, model->event_count), event);
	if (was_last)
		model->lists[VIEW_EVENTS].selected = model->event_count - 1;
}

static void take_log_line(struct model *model, const struct log_line *line)
{
	size_t dropped = 0;
	/* Paused: what is on the screen stays where it is. */
	(void)log_window_append(&model->logs, line, !model->is_following, &dropped);
}

static struct job *job_by_number(struct model *model, unsigned number)
{
	for (size_t i = 0; i < model->job_count; i++) {
		if (model->jobs[i].number == number)
			return &model->jobs[i];
	}
	return NULL;
}

static void start_job(struct model *model, const struct event *event)
{
	struct job *job = ARRAY_APPEND(model->jobs, model->job_count);
	job->number = event->number;
	job->command = xstrdup(event->text);
	job->is_running = true;
	job->exit_status = -1;
	job->started_ns = model->now_ns;
	model->lists[VIEW_JOBS].selected = model->job_count - 1;
	if (!model->plan.is_next)
		return;
	model->plan.is_next = false;
	model->plan.job = event->number;
	keys_show_job(model, event->number);
}

static void add_job_line(struct model *model, const struct event *event)
{
	struct job *job = job_by_number(model, event->number);
	if (job == NULL)
		return;
	if (job->lines.count == JOB_MAX_LINES) {
		free(job->lines.items[0]);
		memmove((void *)job->lines.items, (void *)(job->lines.items + 1),
			(JOB_MAX_LINES - 1) * sizeof(*job->lines.items));
		job->lines.count--;
	}
	string_list_add(&job->lines, event->text);
	if (model->view == VIEW_JOB && model->detail_job == job->number)
		model->lists[VIEW_JOB].top = PAGE_END; /* the newest line is what matters */
	else
		model_say(model, false, "%s", event->text);
}

/* The plan is there, in full: now it is asked whether it shall be done. */
static void ask_for_plan(struct model *model)
{
	string_list_copy(prompt_confirm(model, model->plan.question), &model->plan.argv);
	model->lists[VIEW_JOB].top = 0;
	keys_show_job(model, model->plan.job);
	model->lists[VIEW_JOB].top = 0;
	model->plan.job = 0;
}

static void end_job(struct model *model, const struct event *event)
{
	struct job *job = job_by_number(model, event->number);
	if (job == NULL)
		return;
	job->is_running = false;
	job->exit_status = event->exit_status;
	job->ended_ns = model->now_ns;
	if (model->view == VIEW_IMAGES)
		act_ask(model, VIEW_IMAGES); /* it may have been one that removes some */
	if (event->exit_status == 0 && model->plan.job == job->number)
		ask_for_plan(model);
	else if (event->exit_status == 0)
		model_say(model, false, "done: %s", job->command);
	else
		model_say(model, true, "failed (%d): %s%s%s", event->exit_status, job->command,
			  job->lines.count ? ": " : "",
			  job->lines.count ? job->lines.items[job->lines.count - 1] : "");
}

static const char *list_key(enum ask_kind ask)
{
	return ask == ASK_INSTANCES ? "instances" : ask == ASK_STATUS ? "pods" : "images";
}

static void take_answer(struct model *model, const struct event *event)
{
	struct answer *answer = &model->answers[event->ask];

	if (event->ask == ASK_WHY) {
		about_take_why(model, event);
		return;
	}
	if (event->text == NULL) {
		answer_clear(answer);
		answer->problem =
			xstrdup(event->problem && event->problem[0] ? event->problem : "no answer");
		return;
	}
	answer_take_json(answer, event->text, list_key(event->ask));
	if (event->ask == ASK_STATUS)
		answer_take_json(&model->answers[ASK_INSTANCES], event->text,
				 list_key(ASK_INSTANCES));
}

static void take_older(struct model *model, const struct event *event)
{
	if (event->kind == EVENT_LOG_OLDER) {
		if (log_window_prepend(&model->logs, event->line)) {
			model->log_top++;
			model->log_cursor++;
		}
		return;
	}
	model->logs.is_oldest_read = event->is_end;
	if (event->number == 0 && !event->is_end) { /* nothing passed yet: further back */
		model_add_effect(model, EFFECT_LOGS_OLDER);
		return;
	}
	if (model->search_goes_on && !model->search_is_forward) {
		model->search_goes_on = false;
		keys_search_on(model, false, true);
	}
}

static void take_newer(struct model *model, const struct event *event)
{
	size_t dropped = 0;
	if (event->kind == EVENT_LOG_NEWER) {
		model->logs.is_newest_cut = false;
		(void)log_window_append(&model->logs, event->line, false, &dropped);
		model->log_top -= dropped < model->log_top ? dropped : model->log_top;
		model->log_cursor -= dropped < model->log_cursor ? dropped : model->log_cursor;
		return;
	}
	model->logs.is_newest_cut = !event->is_end;
	if (event->number == 0 && !event->is_end) {
		model_add_effect(model, EFFECT_LOGS_NEWER);
		return;
	}
	if (model->search_goes_on && model->search_is_forward) {
		model->search_goes_on = false;
		keys_search_on(model, true, true);
	}
}

static void take_tick(struct model *model, const struct event *event)
{
	model->host_cpu_percent = event->percent;
	model->host_memory_used = event->memory_used;
	model->host_memory_total = event->memory_total;
	if (model->host_cpu_count == SPARK_SIZE) {
		memmove(model->host_cpu, model->host_cpu + 1, SPARK_SIZE - 1);
		model->host_cpu_count--;
	}
	model->host_cpu[model->host_cpu_count++] =
		(uint8_t)(event->percent > 100 ? 100 : event->percent);
}

/* The log's window. */
static void take_log(struct model *model, const struct event *event)
{
	switch (event->kind) {
	case EVENT_LOG_LINE:
		take_log_line(model, event->line);
		break;
	case EVENT_LOG_OLDER:
	case EVENT_LOG_OLDER_DONE:
		take_older(model, event);
		break;
	case EVENT_LOG_NEWER:
	case EVENT_LOG_NEWER_DONE:
		take_newer(model, event);
		break;
	default:
		break;
	}
}

/* What runs beside the screen. */
static void take_job(struct model *model, const struct event *event)
{
	if (event->kind == EVENT_JOB_STARTED)
		start_job(model, event);
	else if (event->kind == EVENT_JOB_LINE)
		add_job_line(model, event);
	else
		end_job(model, event);
}

void model_update(struct model *model, const struct event *event)
{
	switch (event->kind) {
	case EVENT_KEY:
		keys_handle(model, event->key);
		break;
	case EVENT_CLICK:
		keys_click(model, event->row, event->column);
		break;
	case EVENT_RESIZE:
		model->rows = event->row;
		model->columns = event->column;
		break;
	case EVENT_STATUS:
		take_status(model, event);
		break;
	case EVENT_PROJECT:
		take_project_event(model, event->project_event);
		break;
	case EVENT_LOG_LINE:
	case EVENT_LOG_OLDER:
	case EVENT_LOG_NEWER:
		take_log(model, event);
		return; /* thousands a second: the event after the last of them sees to the rest */
	case EVENT_LOG_OLDER_DONE:
	case EVENT_LOG_NEWER_DONE:
	case EVENT_LOG_LINES_DONE:
		take_log(model, event);
		break;
	case EVENT_TICK:
		take_tick(model, event);
		break;
	case EVENT_JOB_STARTED:
	case EVENT_JOB_LINE:
	case EVENT_JOB_ENDED:
		take_job(model, event);
		break;
	case EVENT_ANSWER:
		take_answer(model, event);
		break;
	case EVENT_PROJECTS:
	case EVENT_OTHER_STATUS:
		take_projects(model, event);
		break;
	case EVENT_ABOUT:
		about_take(model, event);
		break;
	case EVENT_NOTICE:
		model_say(model, event->exit_status != 0, "%s", event->text);
		break;
	}
	keys_clamp(model);
}
