/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/keys.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "tui/draw.h"
#include "tui/key.h"

int keys_body_rows(const struct model *model)
{
	int rows = model->rows - FRAME_ROWS;
	return rows > 1 ? rows : 1;
}

/* Text that fills the screen and is scrolled, as opposed to a list or the logs. */
static bool is_page(enum view_kind view)
{
	return view == VIEW_POD || view == VIEW_JOB || view == VIEW_LINE || view == VIEW_HELP;
}

void keys_clamp(struct model *model)
{
	size_t body = (size_t)keys_body_rows(model);
	struct list_state *list = &model->lists[model->view];

	if (model->view == VIEW_LOGS) {
		log_keys_clamp(model);
	} else if (is_page(model->view)) {
		size_t lines = (size_t)draw_page_lines(model);
		size_t last = lines > body ? lines - body : 0;
		list->top = list->top > last ? last : list->top;
	} else {
		size_t page = body > 1 ? body - 1 : 1; /* below the line of titles */
		size_t count = model_list_size(model, model->view);
		if (list->selected >= count)
			list->selected = count ? count - 1 : 0;
		if (list->top > list->selected)
			list->top = list->selected;
		if (list->selected >= list->top + page)
			list->top = list->selected - page + 1;
		if (list->top + page > count)
			list->top = count > page ? count - page : 0;
	}
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

void keys_move(struct model *model, enum action_kind kind)
{
	size_t page = (size_t)keys_body_rows(model) - (keys_body_rows(model) > 1 ? 1U : 0U);
	struct list_state *list = &model->lists[model->view];

	if (model->view == VIEW_LOGS) {
		log_keys_move(model, kind);
		return;
	}
	if (is_page(model->view)) { /* keys_clamp() stops it at the end */
		list->top = moved(list->top, kind, page, list->top + PAGE_END);
		return;
	}
	size_t count = model_list_size(model, model->view);
	list->selected = moved(list->selected, kind, page, count ? count - 1 : 0);
}

void keys_switch_view(struct model *model, enum view_kind view)
{
	if (view == VIEW_LOGS) {
		string_list_clear(&model->log_selection);
		log_keys_open(model);
		return;
	}
	if (view == VIEW_HELP)
		model->lists[VIEW_HELP].top = 0;
	model_go(model, view);
	act_ask_first(model, view);
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
	keys_switch_view(model, order[(at + step + count) % count]);
}

static bool drop_filter(struct model *model)
{
	if (model->view == VIEW_LOGS && model->logs.has_regex) {
		(void)log_window_set_pattern(&model->logs, NULL);
		model_add_effect(model, EFFECT_LOGS_OPEN);
		return true;
	}
	if (model->lists[model->view].filter == NULL)
		return false;
	free(model->lists[model->view].filter);
	model->lists[model->view].filter = NULL;
	return true;
}

static void go_back(struct model *model)
{
	if (drop_filter(model)) /* the first Esc takes the filter away */
		return;
	if (model->history_count > 0)
		model->view = model->history[--model->history_count];
	else
		model->view = VIEW_PODS;
}

static unsigned running_jobs(const struct model *model)
{
	unsigned count = 0;
	for (size_t i = 0; i < model->job_count; i++)
		count += model->jobs[i].is_running ? 1 : 0;
	return count;
}

static void quit(struct model *model, unsigned key)
{
	unsigned running = running_jobs(model);

	if (is_page(model->view) && key == 'q') {
		go_back(model);
	} else if (running > 0) {
		AUTO_FREE char *question =
			xasprintf("%u of the commands started here run and end with it; leave? "
				  "(y/n)",
				  running);
		prompt_open(model, PROMPT_QUIT, question, "");
	} else {
		model_add_effect(model, EFFECT_QUIT);
	}
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
			keys_switch_view(model, views[i].view);
			return true;
		}
	}
	return false;
}

static void change_mouse(struct model *model)
{
	model->is_mouse_off = !model->is_mouse_off;
	model_add_effect(model, EFFECT_MOUSE)->number = model->is_mouse_off ? 0 : 1;
	model_say(model, false,
		  model->is_mouse_off ? "the mouse selects text again; M takes it back"
				      : "the mouse selects, opens and scrolls");
}

static void do_general(struct model *model, enum action_kind kind, unsigned key)
{
	struct list_state *list = &model->lists[model->view];
	switch (kind) {
	case ACTION_QUIT:
		quit(model, key);
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
		keys_open(model);
		break;
	case ACTION_MARK:
		keys_mark(model);
		break;
	case ACTION_LOGS:
		keys_open_logs(model);
		break;
	case ACTION_SORT:
		list->sort_column++;
		break;
	case ACTION_SORT_BACK: /* modulo the number of columns + 1, whatever that is */
		list->sort_column = table_sort_before(model, model->view);
		break;
	case ACTION_REVERSE:
		list->is_reversed = !list->is_reversed;
		break;
	case ACTION_SEARCH_NEXT:
		keys_search_on(model, !model->is_search_backward, true);
		break;
	case ACTION_SEARCH_PREVIOUS:
		keys_search_on(model, model->is_search_backward, true);
		break;
	case ACTION_REFRESH:
		act_ask(model, model->view);
		break;
	case ACTION_CANCEL:
		keys_cancel(model);
		break;
	case ACTION_REDRAW:
		model_add_effect(model, EFFECT_REDRAW);
		break;
	case ACTION_SUSPEND:
		model_add_effect(model, EFFECT_SUSPEND);
		break;
	case ACTION_MOUSE:
		change_mouse(model);
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

static bool is_move(enum action_kind kind)
{
	return kind >= ACTION_UP && kind <= ACTION_BOTTOM;
}

static void do_action(struct model *model, const struct action *action, unsigned key)
{
	bool is_log_action = model->view == VIEW_LOGS &&
			     (action->views == IN_VIEW(VIEW_LOGS) || action->kind == ACTION_COPY ||
			      action->kind == ACTION_OPEN);
	if (is_move(action->kind))
		keys_move(model, action->kind);
	else if (is_log_action || (model->view == VIEW_LINE && action->kind == ACTION_COPY))
		log_keys_action(model, action->kind);
	else if (!change_view(model, action->kind))
		do_general(model, action->kind, key);
}

void keys_handle(struct model *model, unsigned key)
{
	key = key == '\n' ? TUI_KEY_RETURN : key;
	const struct action *action = action_for_key(key, model->view);
	if (model->prompt.kind != PROMPT_NONE) {
		/* What is asked about may be longer than the screen. */
		bool is_question = model->prompt.kind == PROMPT_CONFIRM;
		if (is_question && action != NULL && is_move(action->kind) && is_page(model->view))
			keys_move(model, action->kind);
		else
			prompt_key(model, key);
		return;
	}
	model->search_goes_on = false; /* any key ends a long search */
	free(model->message);
	model->message = NULL;
	if (action != NULL)
		do_action(model, action, key);
}
