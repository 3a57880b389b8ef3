/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/model.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"

void effect_clear(struct effect *effect)
{
	string_list_clear(&effect->argv);
	free(effect->text);
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
}

static void answer_clear(struct answer *answer)
{
	free(answer->problem);
	string_list_clear(&answer->titles);
	for (size_t i = 0; i < answer->row_count; i++)
		string_list_clear(&answer->rows[i].cells);
	free(answer->rows);
	*answer = (struct answer){0};
}

void model_clear(struct model *model)
{
	free(model->project);
	free(model->environment_file);
	project_status_clear(&model->status);
	free(model->problem);
	for (size_t i = 0; i < model->event_count; i++)
		project_event_clear(&model->events[i]);
	free(model->events);
	for (size_t i = 0; i < model->load_count; i++)
		free(model->loads[i].instance);
	free(model->loads);
	for (size_t i = 0; i < VIEW_COUNT; i++) {
		free(model->lists[i].filter);
		answer_clear(&model->answers[i]);
	}
	string_list_clear(&model->marked);
	free(model->detail_instance);
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

bool model_filter_passes(const struct model *model, enum view_kind view, const char *text)
{
	const char *filter = model->lists[view].filter;
	regex_t regex;

	if (filter == NULL)
		return true;
	if (regcomp(&regex, filter, REG_EXTENDED | REG_NOSUB | REG_ICASE) != 0)
		return true;
	bool passes = regexec(&regex, text, 0, NULL, 0) == 0;
	regfree(&regex);
	return passes;
}

static int compare_numbers(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

/* Names in the order people count: web-2 before web-10. */
static int compare_names(const struct pod_row *a, const struct pod_row *b)
{
	int order = strcmp(a->pod->name, b->pod->name);
	if (order != 0 || a->instance == NULL || b->instance == NULL)
		return order;
	return compare_numbers(a->instance->replica, b->instance->replica);
}

static int by_name(const void *a, const void *b)
{
	return compare_names(a, b);
}

static int by_state(const void *left, const void *right)
{
	const struct pod_row *a = left;
	const struct pod_row *b = right;
	unsigned state_a = a->instance ? (unsigned)a->instance->state : 0;
	unsigned state_b = b->instance ? (unsigned)b->instance->state : 0;
	int order = compare_numbers(state_a, state_b);
	return order ? order : compare_names(a, b);
}

/* The most first in the three below: that is what one looks for. */
static int by_restarts(const void *left, const void *right)
{
	const struct pod_row *a = left;
	const struct pod_row *b = right;
	int order = compare_numbers(b->instance ? b->instance->restarts : 0,
				    a->instance ? a->instance->restarts : 0);
	return order ? order : compare_names(a, b);
}

static int by_memory(const void *left, const void *right)
{
	const struct pod_row *a = left;
	const struct pod_row *b = right;
	int order = compare_numbers(b->instance ? b->instance->memory_used_bytes : 0,
				    a->instance ? a->instance->memory_used_bytes : 0);
	return order ? order : compare_names(a, b);
}

static int by_age(const void *left, const void *right)
{
	const struct pod_row *a = left;
	const struct pod_row *b = right;
	int order = compare_numbers(b->instance ? (uint64_t)b->instance->created_ns : 0,
				    a->instance ? (uint64_t)a->instance->created_ns : 0);
	return order ? order : compare_names(a, b);
}

struct pod_row *model_pod_rows(const struct model *model, size_t *ret_count)
{
	static int (*const orders[])(const void *, const void *) = {by_name, by_state, by_restarts,
								    by_memory, by_age};
	const struct project_status *status = &model->status;
	struct pod_row *rows = NULL;
	size_t count = 0;

	for (size_t p = 0; p < status->pod_count; p++) {
		const struct pod_status *pod = &status->pods[p];
		bool has_instance = false;
		for (size_t i = 0; i < status->instance_count; i++) {
			const struct instance_status *instance = &status->instances[i];
			if (strcmp(instance->pod, pod->name) != 0)
				continue;
			has_instance = true;
			if (model_filter_passes(model, VIEW_PODS, instance->name))
				*ARRAY_APPEND(rows, count) = (struct pod_row){pod, instance};
		}
		if (!has_instance && model_filter_passes(model, VIEW_PODS, pod->name))
			*ARRAY_APPEND(rows, count) = (struct pod_row){pod, NULL};
	}
	if (count > 1)
		qsort(rows, count, sizeof(*rows),
		      orders[model->lists[VIEW_PODS].sort_column % ARRAY_SIZE(orders)]);
	*ret_count = count;
	return rows;
}

const struct instance_status *model_find_instance(const struct model *model, const char *name)
{
	for (size_t i = 0; name != NULL && i < model->status.instance_count; i++) {
		if (strcmp(model->status.instances[i].name, name) == 0)
			return &model->status.instances[i];
	}
	return NULL;
}

static bool selected_row(const struct model *model, struct pod_row *ret)
{
	size_t count = 0;
	AUTO_FREE struct pod_row *rows = model_pod_rows(model, &count);
	if (model->lists[VIEW_PODS].selected >= count)
		return false;
	*ret = rows[model->lists[VIEW_PODS].selected];
	return true;
}

const struct instance_status *model_current_instance(const struct model *model)
{
	struct pod_row row = {0};
	if (model->view == VIEW_POD)
		return model_find_instance(model, model->detail_instance);
	return model->view == VIEW_PODS && selected_row(model, &row) ? row.instance : NULL;
}

const struct pod_status *model_current_pod(const struct model *model)
{
	struct pod_row row = {0};
	if (model->view == VIEW_PODS)
		return selected_row(model, &row) ? row.pod : NULL;
	const struct instance_status *instance = model_current_instance(model);
	for (size_t i = 0; instance != NULL && i < model->status.pod_count; i++) {
		if (strcmp(model->status.pods[i].name, instance->pod) == 0)
			return &model->status.pods[i];
	}
	return NULL;
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
		if (port->host_port != 0 && port->problem == NULL &&
		    strcmp(port->service, pod) == 0)
			return xasprintf("%s:%u", port->host, (unsigned)port->host_port);
	}
	return NULL;
}

size_t model_list_size(const struct model *model, enum view_kind view)
{
	size_t count = 0;
	switch (view) {
	case VIEW_PODS: {
		AUTO_FREE struct pod_row *rows = model_pod_rows(model, &count);
		return count;
	}
	case VIEW_SERVICES:
		return model->status.port_count;
	case VIEW_IMAGES:
	case VIEW_CLOUD:
		return model->answers[view].row_count;
	case VIEW_EVENTS:
		return model->event_count;
	case VIEW_JOBS:
		return model->job_count;
	case VIEW_LOGS:
		return model->logs.count;
	default:
		return 0;
	}
}
