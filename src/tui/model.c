/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/model.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "tui/choices.h"
#include "tui/table.h"

void about_state_clear(struct about_state *about)
{
	free(about->instance);
	free(about->pod);
	free(about->problem);
	free(about->why);
	pod_facts_clear(&about->facts);
	*about = (struct about_state){0};
}

void effect_clear(struct effect *effect)
{
	string_list_clear(&effect->argv);
	free(effect->text);
	free(effect->content);
	*effect = (struct effect){0};
}

void model_init(struct model *model, const char *project, int rows, int columns)
{
	*model = (struct model){
		.rows = rows,
		.columns = columns,
		.project = xstrdup(project),
		.is_following = true,
		.next_job = 1,
	};
	bindings_init(&model->bindings);
}

/* What came in about the project, one after the other. */
static void clear_course(struct model *model)
{
	for (size_t i = 0; i < model->event_count; i++)
		project_event_clear(&model->events[i]);
	free(model->events);
	model->events = NULL;
	model->event_count = 0;
	for (size_t i = 0; i < model->load_count; i++)
		free(model->loads[i].instance);
	free(model->loads);
	model->loads = NULL;
	model->load_count = 0;
}

void model_clear(struct model *model)
{
	free(model->project);
	free(model->environment_file);
	free(model->config_file);
	project_set_clear(&model->projects);
	free(model->wanted_row);
	project_status_clear(&model->status);
	free(model->problem);
	clear_course(model);
	for (size_t i = 0; i < VIEW_COUNT; i++) {
		free(model->lists[i].filter);
	}
	for (size_t i = 0; i < ASK_COUNT; i++)
		answer_clear(&model->answers[i]);
	free(model->plan.question);
	string_list_clear(&model->plan.argv);
	string_list_clear(&model->marked);
	free(model->detail_instance);
	about_state_clear(&model->about);
	for (size_t i = 0; i < model->job_count; i++) {
		free(model->jobs[i].command);
		string_list_clear(&model->jobs[i].lines);
	}
	free(model->jobs);
	log_window_clear(&model->logs);
	string_list_clear(&model->log_selection);
	strbuf_clear(&model->prompt.text);
	free(model->prompt.question);
	string_list_clear(&model->prompt.pending);
	prompt_clear_choices(&model->prompt);
	free(model->search);
	if (model->has_search_regex)
		regfree(&model->search_regex);
	free(model->message);
	for (size_t i = 0; i < model->effect_count; i++)
		effect_clear(&model->effects[i]);
	free(model->effects);
	*model = (struct model){0};
}

struct effect *model_add_effect(struct model *model, enum effect_kind kind)
{
	struct effect *effect = ARRAY_APPEND(model->effects, model->effect_count);
	effect->kind = kind;
	return effect;
}

bool model_take_effect(struct model *model, struct effect *ret)
{
	if (model->effect_count == 0)
		return false;
	*ret = model->effects[0];
	model->effect_count--;
	memmove(model->effects, model->effects + 1, model->effect_count * sizeof(*model->effects));
	return true;
}

void model_say(struct model *model, bool is_error, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	char *message = xvasprintf(fmt, args);
	va_end(args);
	free(model->message);
	model->message = message;
	model->is_message_error = is_error;
}

void model_go(struct model *model, enum view_kind view)
{
	if (view == model->view)
		return;
	if (model->history_count == ARRAY_SIZE(model->history)) {
		memmove(model->history, model->history + 1,
			(ARRAY_SIZE(model->history) - 1) * sizeof(model->history[0]));
		model->history_count--;
	}
	model->history[model->history_count++] = model->view;
	model->view = view;
}

static void forget_selection(struct model *model)
{
	string_list_clear(&model->marked);
	string_list_clear(&model->log_selection);
	log_window_reset(&model->logs);
	model->log_mark = 0;
	free(model->logs.container);
	model->logs.container = NULL;
	for (size_t i = 0; i < VIEW_COUNT; i++) {
		free(model->lists[i].filter);
		model->lists[i].filter = NULL;
		model->lists[i].selected = model->lists[i].top = 0;
	}
}

void model_switch_project(struct model *model, const char *project, const char *row)
{
	char *name = xstrdup(project);
	char *wanted = xstrdup_or_null(row);

	free(model->wanted_row);
	model->wanted_row = wanted;
	model->history_count = 0;
	model->view = VIEW_PODS;
	if (strcmp(model->project, name) == 0) {
		free(name);
		return;
	}
	free(model->project);
	model->project = name;
	project_status_clear(&model->status);
	model->has_status = false;
	model->is_connected = false;
	clear_course(model);
	for (size_t i = 0; i < ASK_COUNT; i++) {
		if (i != ASK_IMAGES)
			answer_clear(&model->answers[i]);
	}
	about_state_clear(&model->about);
	forget_selection(model);
	model_add_effect(model, EFFECT_PROJECT);
}

const struct instance_status *model_find_instance(const struct model *model, const char *name)
{
	return name != NULL ? project_status_instance(&model->status, name) : NULL;
}

const struct job *model_find_job(const struct model *model, unsigned number)
{
	for (size_t i = 0; i < model->job_count; i++) {
		if (model->jobs[i].number == number)
			return &model->jobs[i];
	}
	return NULL;
}

static const struct pod_status *find_pod(const struct model *model, const char *name)
{
	return name != NULL ? project_status_pod(&model->status, name) : NULL;
}

/* What the selected line of a list is about; either may be NULL. */
static void selected(const struct model *model, const struct pod_status **ret_pod,
		     const struct instance_status **ret_instance)
{
	AUTO(table_clear) struct table table = {0};

	*ret_pod = NULL;
	*ret_instance = NULL;
	table_make(&table, model, model->view);
	if (model->lists[model->view].selected >= table.row_count)
		return;
	const struct table_row *row = &table.rows[model->lists[model->view].selected];
	*ret_instance = row->instance;
	*ret_pod = row->pod ? row->pod : find_pod(model, row->instance ? row->instance->pod : NULL);
}

const struct instance_status *model_current_instance(const struct model *model)
{
	const struct pod_status *pod = NULL;
	const struct instance_status *instance = NULL;
	if (model->view == VIEW_POD)
		return model_find_instance(model, model->detail_instance);
	if (model->view == VIEW_ABOUT)
		return model_find_instance(model, model->about.instance);
	selected(model, &pod, &instance);
	return instance;
}

const struct pod_status *model_current_pod(const struct model *model)
{
	const struct pod_status *pod = NULL;
	const struct instance_status *instance = NULL;
	if (model->view == VIEW_ABOUT)
		return find_pod(model, model->about.pod);
	if (model->view != VIEW_POD) {
		selected(model, &pod, &instance);
		return pod;
	}
	instance = model_current_instance(model);
	return instance ? find_pod(model, instance->pod) : NULL;
}

void model_count(const struct model *model, unsigned *ret_ready, unsigned *ret_all,
		 unsigned *ret_failed)
{
	*ret_ready = 0;
	*ret_all = 0;
	*ret_failed = 0;
	for (size_t i = 0; i < model->status.pod_count; i++) {
		const struct pod_status *pod = &model->status.pods[i];
		/* A run of a CronJob that failed last night is no trouble of now. */
		if (pod->cron_of != NULL)
			continue;
		*ret_ready += pod->ready;
		*ret_all += pod->desired;
		*ret_failed += pod->is_failed ? 1 : 0;
	}
}

const char *model_environment(const struct model *model)
{
	return model->environment_file ? model->environment_file : "environment.yml";
}

const struct load_history *model_find_load(const struct model *model, const char *instance)
{
	for (size_t i = 0; i < model->load_count; i++) {
		if (strcmp(model->loads[i].instance, instance) == 0)
			return &model->loads[i];
	}
	return NULL;
}

char *model_pod_address(const struct model *model, const char *pod)
{
	for (size_t i = 0; i < model->status.port_count; i++) {
		const struct port_status *port = &model->status.ports[i];
		if (port->host_port != 0 && port->problem == NULL && port_status_serves(port, pod))
			return xasprintf("%s:%u", port->host, (unsigned)port->host_port);
	}
	return NULL;
}

size_t model_list_size(const struct model *model, enum view_kind view)
{
	AUTO(table_clear) struct table table = {0};
	if (view == VIEW_LOGS)
		return model->logs.count;
	table_make(&table, model, view);
	return table.row_count;
}
