/* SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "tui/keys.h"
#include "tui/model.h"
#include "tui/status_copy.h"

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

static void take_status(struct model *model, const struct event *event)
{
	free(model->problem);
	model->problem = xstrdup_or_null(event->text);
	model->is_connected = event->status != NULL;
	if (event->status == NULL)
		return;

	/* The cursor stays on its pod when rows come and go above it. */
	const struct instance_status *current = NULL;
	if (model->view == VIEW_PODS)
		current = model_current_instance(model);
	AUTO_FREE char *selected = current ? xstrdup(current->name) : NULL;

	project_status_clear(&model->status);
	status_copy(&model->status, event->status);
	model->has_status = true;
	for (size_t i = 0; i < model->load_count; i++)
		model->loads[i].is_seen = false;
	for (size_t i = 0; i < model->status.instance_count; i++)
		note_load(model, &model->status.instances[i]);
	forget_gone_loads(model);

	size_t count = 0;
	AUTO_FREE struct pod_row *rows = model_pod_rows(model, &count);
	for (size_t i = 0; selected != NULL && i < count; i++) {
		if (rows[i].instance != NULL && strcmp(rows[i].instance->name, selected) == 0)
			model->lists[VIEW_PODS].selected = i;
	}
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
	if (!log_window_append(&model->logs, line, &dropped))
		return;
	if (model->is_following)
		return;
	/* Paused: what is on the screen stays where it is, also when older lines go. */
	model->log_top = model->log_top > dropped ? model->log_top - dropped : 0;
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
	model_say(model, false, "%s", event->text);
}

static void end_job(struct model *model, const struct event *event)
{
	struct job *job = job_by_number(model, event->number);
	if (job == NULL)
		return;
	job->is_running = false;
	job->exit_status = event->exit_status;
	job->ended_ns = model->now_ns;
	if (event->exit_status == 0)
		model_say(model, false, "done: %s", job->command);
	else
		model_say(model, true, "failed (%d): %s%s%s", event->exit_status, job->command,
			  job->lines.count ? ": " : "",
			  job->lines.count ? job->lines.items[job->lines.count - 1] : "");
}

static char *cell_text(const json_t *value)
{
	if (json_is_string(value))
		return xstrdup(json_string_value(value));
	if (json_is_integer(value))
		return xasprintf("%lld", (long long)json_integer_value(value));
	if (json_is_boolean(value))
		return xstrdup(json_is_true(value) ? "yes" : "no");
	return xstrdup("");
}

/* A list of objects becomes a table; the first object's scalar keys are its columns. */
static void fill_answer(struct answer *answer, const json_t *list)
{
	const char *key = NULL;
	json_t *value = NULL;
	json_t *first = json_array_get(list, 0);

	json_object_foreach(first, key, value)
	{
		if (!json_is_object(value) && !json_is_array(value))
			string_list_add(&answer->titles, key);
	}
	for (size_t i = 0; i < json_array_size(list) && i < 10000; i++) {
		struct answer_row *row = ARRAY_APPEND(answer->rows, answer->row_count);
		for (size_t c = 0; c < answer->titles.count; c++) {
			value = json_object_get(json_array_get(list, i), answer->titles.items[c]);
			string_list_take(&row->cells, cell_text(value));
		}
	}
}

/* The verbs print either a list or an object with one list in it. */
static const json_t *list_in(const json_t *root)
{
	if (json_is_array(root) || !json_is_object(root))
		return root;
	for (void *i = json_object_iter((json_t *)(uintptr_t)root); i != NULL;
	     i = json_object_iter_next((json_t *)(uintptr_t)root, i)) {
		if (json_is_array(json_object_iter_value(i)))
			return json_object_iter_value(i);
	}
	return NULL;
}

static void take_answer(struct model *model, const struct event *event)
{
	struct answer *answer = &model->answers[event->view];

	free(answer->problem);
	string_list_clear(&answer->titles);
	for (size_t i = 0; i < answer->row_count; i++)
		string_list_clear(&answer->rows[i].cells);
	free(answer->rows);
	*answer = (struct answer){0};
	if (event->text == NULL) {
		answer->problem = xstrdup(event->problem ? event->problem : "no answer");
		return;
	}
	json_error_t where;
	json_t *root = json_loads(event->text, JSON_REJECT_DUPLICATES, &where);
	if (root == NULL)
		answer->problem = xasprintf("not JSON: %s", where.text);
	else
		fill_answer(answer, list_in(root));
	json_decref(root);
}

static void take_older(struct model *model, const struct event *event)
{
	if (event->kind == EVENT_LOG_OLDER) {
		if (log_window_prepend(&model->logs, event->line))
			model->log_top++;
		return;
	}
	if (model->search_needs_older) {
		model->search_needs_older = false;
		keys_search_on(model, false, event->number > 0);
	}
}

static void take_tick(struct model *model, const struct event *event)
{
	model->host_cpu_percent = event->percent;
	model->host_memory_used = event->memory_used;
	model->host_memory_total = event->memory_total;
}

void model_update(struct model *model, const struct event *event)
{
	switch (event->kind) {
	case EVENT_KEY:
		keys_handle(model, event->key);
		break;
	case EVENT_CLICK:
		keys_click(model, event->row);
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
		take_log_line(model, event->line);
		break;
	case EVENT_LOG_OLDER:
	case EVENT_LOG_OLDER_DONE:
		take_older(model, event);
		break;
	case EVENT_TICK:
		take_tick(model, event);
		break;
	case EVENT_JOB_STARTED:
		start_job(model, event);
		break;
	case EVENT_JOB_LINE:
		add_job_line(model, event);
		break;
	case EVENT_JOB_ENDED:
		end_job(model, event);
		break;
	case EVENT_ANSWER:
		take_answer(model, event);
		break;
	case EVENT_NOTICE:
		model_say(model, event->exit_status != 0, "%s", event->text);
		break;
	}
	keys_clamp(model);
}
