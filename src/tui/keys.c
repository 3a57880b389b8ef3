/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/keys.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "tui/about_keys.h"
#include "tui/acts.h"
#include "tui/choices.h"
#include "tui/draw.h"
#include "tui/key.h"
#include "tui/keys_open.h"
#include "tui/keys_search.h"
#include "tui/log_keys.h"
#include "tui/prompt.h"
#include "tui/table.h"
#include "tui/text_page.h"

int keys_body_rows(const struct model *model)
{
	int rows = model->rows - FRAME_ROWS;
	return rows > 1 ? rows : 1;
}

/* Text that fills the screen and is scrolled, as opposed to a list or the logs. */
static bool is_page(enum view_kind view)
{
	return view == VIEW_POD || view == VIEW_JOB || view == VIEW_LINE || view == VIEW_HELP ||
	       view == VIEW_ABOUT;
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
	act_ask_once(model, view);
}

static void next_view(struct model *model, int step)
{
	static const enum view_kind order[] = {VIEW_PODS,  VIEW_SERVICES, VIEW_LOGS, VIEW_IMAGES,
					       VIEW_CLOUD, VIEW_EVENTS,	  VIEW_JOBS, VIEW_PROJECTS};
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

	if (is_page(model->view) && key != TUI_KEY_CONTROL('c')) {
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

/* ---- one function for each action; what they share is told apart by its kind ---- */

typedef void do_fn(struct model *model, enum action_kind kind, unsigned key);

static void do_quit(struct model *model, enum action_kind kind, unsigned key)
{
	(void)kind;
	quit(model, key);
}

static void do_back(struct model *model, enum action_kind kind, unsigned key)
{
	(void)kind;
	(void)key;
	go_back(model);
}

static void do_move(struct model *model, enum action_kind kind, unsigned key)
{
	(void)key;
	keys_move(model, kind);
}

static void do_view(struct model *model, enum action_kind kind, unsigned key)
{
	static const enum view_kind views[ACTION_COUNT] = {
		[ACTION_VIEW_PODS] = VIEW_PODS,
		[ACTION_VIEW_SERVICES] = VIEW_SERVICES,
		[ACTION_VIEW_LOGS] = VIEW_LOGS,
		[ACTION_VIEW_IMAGES] = VIEW_IMAGES,
		[ACTION_VIEW_CLOUD] = VIEW_CLOUD,
		[ACTION_VIEW_EVENTS] = VIEW_EVENTS,
		[ACTION_VIEW_PROJECTS] = VIEW_PROJECTS,
		[ACTION_VIEW_JOBS] = VIEW_JOBS,
		[ACTION_HELP] = VIEW_HELP,
	};
	(void)key;
	keys_switch_view(model, views[kind]);
}

static void do_next_view(struct model *model, enum action_kind kind, unsigned key)
{
	(void)key;
	next_view(model, kind == ACTION_NEXT_VIEW ? 1 : -1);
}

static void do_open(struct model *model, enum action_kind kind, unsigned key)
{
	(void)key;
	switch (kind) {
	case ACTION_OPEN:
		keys_open(model);
		break;
	case ACTION_LOGS:
		keys_open_logs(model);
		break;
	default:
		keys_mark(model);
	}
}

static void do_sort(struct model *model, enum action_kind kind, unsigned key)
{
	struct list_state *list = &model->lists[model->view];
	(void)key;
	if (kind == ACTION_SORT)
		list->sort_column++;
	else if (kind == ACTION_SORT_BACK) /* modulo the number of columns + 1, whatever it is */
		list->sort_column = table_sort_before(model, model->view);
	else
		list->is_reversed = !list->is_reversed;
}

static void do_search_on(struct model *model, enum action_kind kind, unsigned key)
{
	bool is_same_way = kind == ACTION_SEARCH_NEXT;
	(void)key;
	if (!model->has_search_regex)
		model_say(model, false, "nothing was searched for yet; %s does",
			  bindings_text(&model->bindings, ACTION_SEARCH).text);
	keys_search_on(model, model->is_search_backward != is_same_way, true);
}

static void do_prompt(struct model *model, enum action_kind kind, unsigned key)
{
	bool is_log = model->view == VIEW_LOGS;
	(void)key;
	switch (kind) {
	case ACTION_COMMAND:
		prompt_open(model, PROMPT_COMMAND, ":", "");
		choices_of_actions(model);
		break;
	case ACTION_SEARCH:
		prompt_open(model, PROMPT_SEARCH, "/", "");
		break;
	case ACTION_FILTER:
		prompt_open(model, PROMPT_FILTER,
			    "show only (regular expression, ! before it: all but): ",
			    is_log ? model->logs.pattern : model->lists[model->view].filter);
		break;
	default:
		prompt_open(model, PROMPT_ROLLBACK, "release (empty: the one before): ", "");
	}
}

static void do_effect(struct model *model, enum action_kind kind, unsigned key)
{
	(void)key;
	model_add_effect(model, kind == ACTION_REDRAW ? EFFECT_REDRAW : EFFECT_SUSPEND);
}

static void do_mouse(struct model *model, enum action_kind kind, unsigned key)
{
	(void)kind;
	(void)key;
	model->is_mouse_off = !model->is_mouse_off;
	model_add_effect(model, EFFECT_MOUSE)->number = model->is_mouse_off ? 0 : 1;
	model_say(model, false, "the mouse %s; %s changes that",
		  model->is_mouse_off ? "selects text again" : "selects, opens and scrolls",
		  bindings_text(&model->bindings, ACTION_MOUSE).text);
}

static void do_refresh(struct model *model, enum action_kind kind, unsigned key)
{
	(void)kind;
	(void)key;
	if (model->view == VIEW_ABOUT)
		about_refresh(model);
	else
		act_ask(model, model->view);
}

static void do_about(struct model *model, enum action_kind kind, unsigned key)
{
	static const enum about_part parts[ACTION_COUNT] = {
		[ACTION_MANIFEST] = ABOUT_MANIFEST,
		[ACTION_ENVIRONMENT] = ABOUT_ENVIRONMENT,
		[ACTION_MOUNTS] = ABOUT_MOUNTS,
		[ACTION_WHY] = ABOUT_WHY,
	};
	(void)key;
	if (kind == ACTION_SECRETS)
		about_show_secrets(model);
	else
		about_open(model, parts[kind]);
}

static void do_page(struct model *model, enum action_kind kind, unsigned key)
{
	(void)key;
	if (kind == ACTION_SAVE_PAGE) {
		prompt_open(model, PROMPT_SAVE_PAGE, "save to file: ", "");
		return;
	}
	model_add_effect(model, EFFECT_COPY)->text = text_page_of(model);
	model_say(model, false, "copied the text of this screen");
}

static void do_cancel(struct model *model, enum action_kind kind, unsigned key)
{
	(void)kind;
	(void)key;
	keys_cancel(model);
}

static void do_pod(struct model *model, enum action_kind kind, unsigned key)
{
	(void)key;
	act_on_pod(model, kind);
}

static void do_log(struct model *model, enum action_kind kind, unsigned key)
{
	(void)key;
	log_keys_action(model, kind);
}

static do_fn *const doers[ACTION_COUNT] = {
	[ACTION_QUIT] = do_quit,
	[ACTION_BACK] = do_back,
	[ACTION_HELP] = do_view,
	[ACTION_COMMAND] = do_prompt,
	[ACTION_UP] = do_move,
	[ACTION_DOWN] = do_move,
	[ACTION_PAGE_UP] = do_move,
	[ACTION_PAGE_DOWN] = do_move,
	[ACTION_TOP] = do_move,
	[ACTION_BOTTOM] = do_move,
	[ACTION_LEFT] = do_log,
	[ACTION_RIGHT] = do_log,
	[ACTION_NEXT_VIEW] = do_next_view,
	[ACTION_PREVIOUS_VIEW] = do_next_view,
	[ACTION_VIEW_PODS] = do_view,
	[ACTION_VIEW_SERVICES] = do_view,
	[ACTION_VIEW_LOGS] = do_view,
	[ACTION_VIEW_IMAGES] = do_view,
	[ACTION_VIEW_CLOUD] = do_view,
	[ACTION_VIEW_EVENTS] = do_view,
	[ACTION_VIEW_JOBS] = do_view,
	[ACTION_VIEW_PROJECTS] = do_view,
	[ACTION_REMOVE_IMAGE] = do_pod,
	[ACTION_PRUNE] = do_pod,
	[ACTION_OPEN] = do_open,
	[ACTION_MARK] = do_open,
	[ACTION_LOGS] = do_open,
	[ACTION_FILTER] = do_prompt,
	[ACTION_SORT] = do_sort,
	[ACTION_SORT_BACK] = do_sort,
	[ACTION_REVERSE] = do_sort,
	[ACTION_SEARCH] = do_prompt,
	[ACTION_SEARCH_NEXT] = do_search_on,
	[ACTION_SEARCH_PREVIOUS] = do_search_on,
	[ACTION_FOLLOW] = do_log,
	[ACTION_WRAP] = do_log,
	[ACTION_TIMESTAMPS] = do_log,
	[ACTION_JSON] = do_log,
	[ACTION_STREAM] = do_log,
	[ACTION_CONTAINER] = do_log,
	[ACTION_SINCE] = do_log,
	[ACTION_PREVIOUS_RUN] = do_log,
	[ACTION_SAVE] = do_log,
	[ACTION_LINE_MARK] = do_log,
	[ACTION_CLEAR] = do_log,
	[ACTION_TRANSFER] = do_pod,
	[ACTION_OPEN_LINE] = do_log,
	[ACTION_COPY_LINE] = do_log,
	[ACTION_COPY] = do_pod,
	[ACTION_SHELL] = do_pod,
	[ACTION_RESTART] = do_pod,
	[ACTION_SCALE] = do_pod,
	[ACTION_STOP] = do_pod,
	[ACTION_DELETE] = do_pod,
	[ACTION_FORWARD] = do_pod,
	[ACTION_BROWSE] = do_pod,
	[ACTION_REBUILD] = do_pod,
	[ACTION_PROMOTE] = do_pod,
	[ACTION_ROLLBACK] = do_prompt,
	[ACTION_REFRESH] = do_refresh,
	[ACTION_CANCEL] = do_cancel,
	[ACTION_MOUSE] = do_mouse,
	[ACTION_SUSPEND] = do_effect,
	[ACTION_REDRAW] = do_effect,
	[ACTION_MANIFEST] = do_about,
	[ACTION_ENVIRONMENT] = do_about,
	[ACTION_MOUNTS] = do_about,
	[ACTION_WHY] = do_about,
	[ACTION_SECRETS] = do_about,
	[ACTION_COPY_PAGE] = do_page,
	[ACTION_SAVE_PAGE] = do_page,
};

bool keys_do(struct model *model, const struct action *action, unsigned key)
{
	if (doers[action->kind] == NULL)
		return false;
	doers[action->kind](model, action->kind, key);
	return true;
}

static bool is_move(enum action_kind kind)
{
	return kind >= ACTION_UP && kind <= ACTION_BOTTOM;
}

/* A key that does nothing here says so: it may do something on another screen. */
static void answer_unknown(struct model *model, unsigned key)
{
	AUTO(strbuf_clear) struct strbuf name = STRBUF_INIT;

	if (key == 0 || key == TUI_KEY_CLICK || key == TUI_KEY_WHEEL_UP ||
	    key == TUI_KEY_WHEEL_DOWN)
		return;
	key_name(key, &name);
	model_say(model, false, "%s does nothing on this screen; %s shows the keys",
		  strbuf_text(&name), bindings_text(&model->bindings, ACTION_HELP).text);
}

void keys_handle(struct model *model, unsigned key)
{
	key = key == '\n' ? TUI_KEY_RETURN : key;
	const struct action *action = bindings_find(&model->bindings, key, model->view);
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
		(void)keys_do(model, action, key);
	else
		answer_unknown(model, key);
}
