/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/keys.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "tui/key.h"

/* Two lines of header and a title above, the message and the keys below. */
enum { FRAME_ROWS = 5 };

int keys_body_rows(const struct model *model)
{
	int rows = model->rows - FRAME_ROWS;
	return rows > 1 ? rows : 1;
}

static bool is_list(enum view_kind view)
{
	return view != VIEW_POD && view != VIEW_LOGS && view != VIEW_HELP;
}

void keys_clamp(struct model *model)
{
	size_t body = (size_t)keys_body_rows(model);
	/* Lists have a line of titles; the screens of text have none. */
	size_t page = body > 1 ? body - 1 : 1;

	for (int view = 0; view < VIEW_COUNT; view++) {
		struct list_state *list = &model->lists[view];
		if (!is_list((enum view_kind)view))
			continue;
		size_t count = model_list_size(model, (enum view_kind)view);
		if (list->selected >= count)
			list->selected = count ? count - 1 : 0;
		if (list->top > list->selected)
			list->top = list->selected;
		if (list->selected >= list->top + page)
			list->top = list->selected - page + 1;
	}
	size_t count = model->logs.count;
	if (model->is_following || model->log_top > count)
		model->log_top = count > body ? count - body : 0;
}

static size_t moved(size_t at, enum action_kind kind, size_t page, size_t last)
{
	switch (kind) {
	case ACTION_UP:
		return at > 0 ? at - 1 : 0;
	case ACTION_DOWN:
		return at < last ? at + 1 : last;
	case ACTION_PAGE_UP:
		return at > page ? at - page : 0;
	case ACTION_PAGE_DOWN:
		return at + page < last ? at + page : last;
	case ACTION_TOP:
		return 0;
	default:
		return last;
	}
}

static void move(struct model *model, enum action_kind kind)
{
	size_t page = (size_t)keys_body_rows(model) - (keys_body_rows(model) > 1 ? 1U : 0U);
	struct list_state *list = &model->lists[model->view];

	if (model->view == VIEW_LOGS) {
		log_keys_move(model, kind);
		return;
	}
	if (!is_list(model->view)) { /* text: the top moves; the view stops it at its end */
		list->top = moved(list->top, kind, page,
				  list->top + (kind == ACTION_BOTTOM ? 10000 : page));
		return;
	}
	size_t count = model_list_size(model, model->view);
	list->selected = moved(list->selected, kind, page, count ? count - 1 : 0);
}

static void switch_view(struct model *model, enum view_kind view)
{
	if (view == VIEW_LOGS) {
		string_list_clear(&model->log_selection);
		log_keys_open(model);
		return;
	}
	model_go(model, view);
	if ((view == VIEW_IMAGES || view == VIEW_CLOUD) && model->answers[view].titles.count == 0 &&
	    !model->answers[view].is_loading)
		act_ask(model, view);
}

static void next_view(struct model *model, int step)
{
	static const enum view_kind order[] = {VIEW_PODS,  VIEW_SERVICES, VIEW_LOGS, VIEW_IMAGES,
					       VIEW_CLOUD, VIEW_EVENTS,	  VIEW_JOBS};
	int count = (int)ARRAY_SIZE(order);
	int at = 0;
	for (int i = 0; i < count; i++) {
		if (order[i] == model->view)
			at = i;
	}
	switch_view(model, order[(at + step + count) % count]);
}

static void go_back(struct model *model)
{
	if (model->lists[model->view].filter != NULL) { /* the first Esc takes the filter away */
		free(model->lists[model->view].filter);
		model->lists[model->view].filter = NULL;
		return;
	}
	if (model->history_count > 0)
		model->view = model->history[--model->history_count];
	else
		model->view = VIEW_PODS;
}

static void open_selected(struct model *model)
{
	if (model->view == VIEW_PODS) {
		const struct instance_status *instance = model_current_instance(model);
		if (instance == NULL) {
			model_say(model, true, "no VM of this pod runs");
			return;
		}
		free(model->detail_instance);
		model->detail_instance = xstrdup(instance->name);
		model->lists[VIEW_POD].top = 0;
		model_go(model, VIEW_POD);
	}
}

static void mark_selected(struct model *model)
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
		move(model, ACTION_DOWN);
		return;
	}
	string_list_add(&model->marked, instance->name);
	move(model, ACTION_DOWN);
}

static void open_logs(struct model *model)
{
	const struct instance_status *instance = model_current_instance(model);
	const struct pod_status *pod = model_current_pod(model);

	string_list_clear(&model->log_selection);
	if (model->marked.count > 0)
		string_list_copy(&model->log_selection, &model->marked);
	else if (instance != NULL)
		string_list_add(&model->log_selection, instance->name);
	else if (pod != NULL)
		string_list_add(&model->log_selection, pod->name);
	log_keys_open(model);
}

static void cancel_job(struct model *model)
{
	for (size_t i = model->job_count; i > 0; i--) {
		if (model->jobs[i - 1].is_running) {
			model_add_effect(model, EFFECT_CANCEL_JOB)->number =
				model->jobs[i - 1].number;
			return;
		}
	}
	model_say(model, false, "nothing runs beside the screen");
}

static void open_prompt(struct model *model, enum action_kind kind)
{
	switch (kind) {
	case ACTION_COMMAND:
		prompt_open(model, PROMPT_COMMAND, ":", "");
		break;
	case ACTION_SEARCH:
		prompt_open(model, PROMPT_SEARCH, "/", "");
		break;
	case ACTION_FILTER:
		prompt_open(model, PROMPT_FILTER, "show only (regular expression): ",
			    model->view == VIEW_LOGS ? model->logs.pattern
						     : model->lists[model->view].filter);
		break;
	default:
		prompt_open(model, PROMPT_ROLLBACK, "release (empty: the one before): ", "");
	}
}

static bool change_view(struct model *model, enum action_kind kind)
{
	static const struct {
		enum action_kind action;
		enum view_kind view;
	} views[] = {
		{ACTION_VIEW_PODS, VIEW_PODS},	 {ACTION_VIEW_SERVICES, VIEW_SERVICES},
		{ACTION_VIEW_LOGS, VIEW_LOGS},	 {ACTION_VIEW_IMAGES, VIEW_IMAGES},
		{ACTION_VIEW_CLOUD, VIEW_CLOUD}, {ACTION_VIEW_EVENTS, VIEW_EVENTS},
		{ACTION_VIEW_JOBS, VIEW_JOBS},	 {ACTION_HELP, VIEW_HELP},
	};
	for (size_t i = 0; i < ARRAY_SIZE(views); i++) {
		if (views[i].action == kind) {
			switch_view(model, views[i].view);
			return true;
		}
	}
	return false;
}

static void do_general(struct model *model, enum action_kind kind)
{
	switch (kind) {
	case ACTION_QUIT:
		model_add_effect(model, EFFECT_QUIT);
		break;
	case ACTION_BACK:
		go_back(model);
		break;
	case ACTION_NEXT_VIEW:
		next_view(model, 1);
		break;
	case ACTION_PREVIOUS_VIEW:
		next_view(model, -1);
		break;
	case ACTION_OPEN:
		open_selected(model);
		break;
	case ACTION_MARK:
		mark_selected(model);
		break;
	case ACTION_LOGS:
		open_logs(model);
		break;
	case ACTION_SORT:
		model->lists[model->view].sort_column++;
		break;
	case ACTION_SEARCH_NEXT:
		keys_search_on(model, true, true);
		break;
	case ACTION_SEARCH_PREVIOUS:
		keys_search_on(model, false, true);
		break;
	case ACTION_REFRESH:
		act_ask(model, model->view);
		break;
	case ACTION_CANCEL:
		cancel_job(model);
		break;
	case ACTION_REDRAW:
		model_add_effect(model, EFFECT_REDRAW);
		break;
	case ACTION_COMMAND:
	case ACTION_SEARCH:
	case ACTION_FILTER:
	case ACTION_ROLLBACK:
		open_prompt(model, kind);
		break;
	default:
		act_on_pod(model, kind);
	}
}

void keys_handle(struct model *model, unsigned key)
{
	if (model->prompt.kind != PROMPT_NONE) {
		prompt_key(model, key);
		return;
	}
	free(model->message);
	model->message = NULL;
	const struct action *action =
		action_for_key(key == '\n' ? TUI_KEY_RETURN : key, model->view);
	if (action == NULL)
		return;
	switch (action->kind) {
	case ACTION_UP:
	case ACTION_DOWN:
	case ACTION_PAGE_UP:
	case ACTION_PAGE_DOWN:
	case ACTION_TOP:
	case ACTION_BOTTOM:
		move(model, action->kind);
		break;
	case ACTION_LEFT:
		model->log_left = model->log_left > 8 ? model->log_left - 8 : 0;
		break;
	case ACTION_RIGHT:
		model->log_left += 8;
		break;
	default:
		if (change_view(model, action->kind))
			break;
		if (model->view == VIEW_LOGS &&
		    (action->views == IN_VIEW(VIEW_LOGS) || action->kind == ACTION_COPY))
			log_keys_action(model, action->kind);
		else
			do_general(model, action->kind);
	}
}

void keys_click(struct model *model, int row)
{
	enum { FIRST_LIST_ROW = 4 };
	struct list_state *list = &model->lists[model->view];
	if (!is_list(model->view) || row < FIRST_LIST_ROW || model->prompt.kind != PROMPT_NONE)
		return;
	size_t index = list->top + (size_t)(row - FIRST_LIST_ROW);
	if (index < model_list_size(model, model->view))
		list->selected = index;
}

static bool row_matches(const struct model *model, size_t index)
{
	if (model->view == VIEW_LOGS) {
		const struct window_line *line = log_window_line(&model->logs, index);
		return regexec(&model->search_regex, line->text, 0, NULL, 0) == 0;
	}
	if (model->view == VIEW_PODS) {
		size_t count = 0;
		AUTO_FREE struct pod_row *rows = model_pod_rows(model, &count);
		const char *name =
			rows[index].instance ? rows[index].instance->name : rows[index].pod->name;
		return regexec(&model->search_regex, name, 0, NULL, 0) == 0;
	}
	if (model->view == VIEW_EVENTS)
		return regexec(&model->search_regex, model->events[index].message, 0, NULL, 0) == 0;
	const struct answer *answer = &model->answers[model->view];
	for (size_t c = 0; index < answer->row_count && c < answer->rows[index].cells.count; c++) {
		if (regexec(&model->search_regex, answer->rows[index].cells.items[c], 0, NULL, 0) ==
		    0)
			return true;
	}
	return false;
}

void keys_search_on(struct model *model, bool forward, bool may_load)
{
	bool is_logs = model->view == VIEW_LOGS;
	size_t count = model_list_size(model, model->view);
	size_t at = is_logs ? model->log_top : model->lists[model->view].selected;

	if (!model->has_search_regex || (!is_logs && !is_list(model->view)))
		return;
	for (size_t step = 1; step <= count; step++) {
		if (forward ? at + step >= count : step > at)
			break;
		size_t index = forward ? at + step : at - step;
		if (!row_matches(model, index))
			continue;
		model->lists[model->view].selected = index;
		if (is_logs) {
			model->log_top = index;
			model->is_following = false;
		}
		return;
	}
	if (is_logs && !forward && may_load) { /* further back, in the store */
		model->search_needs_older = true;
		model->log_top = 0;
		model->is_following = false;
		model_add_effect(model, EFFECT_LOGS_OLDER);
		return;
	}
	model_say(model, true, "no %s match for %s", forward ? "further" : "earlier",
		  model->search);
}
