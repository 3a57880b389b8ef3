/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/log_keys.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "tui/acts.h"
#include "tui/choices.h"
#include "tui/draw.h"
#include "tui/keys.h"
#include "tui/prompt.h"
#include "tui/view_logs.h"

void log_keys_open(struct model *model)
{
	model_go(model, VIEW_LOGS);
	model->is_following = true;
	model->log_left = 0;
	model_add_effect(model, EFFECT_LOGS_OPEN);
}

void log_keys_go(struct model *model, size_t index)
{
	model->is_following = false;
	model->log_cursor = index;
}

static void follow(struct model *model)
{
	model->is_following = true;
	if (model->logs.is_newest_cut) /* the end is no longer in memory */
		model_add_effect(model, EFFECT_LOGS_OPEN);
}

/* The top moves no further than it must to have the cursor's line on the screen. */
void log_keys_clamp(struct model *model)
{
	size_t count = model->logs.count;
	int body = keys_body_rows(model);

	if (model->is_following)
		model->log_cursor = count > 0 ? count - 1 : 0;
	if (model->log_cursor >= count)
		model->log_cursor = count > 0 ? count - 1 : 0;
	if (model->log_top > model->log_cursor)
		model->log_top = model->log_cursor;
	int rows = 0;
	size_t top = model->log_cursor + 1;
	while (top > model->log_top && count > 0) {
		rows += view_log_rows(model, top - 1);
		if (rows > body)
			break;
		top--;
	}
	/* A line longer than the screen is shown from its beginning. */
	model->log_top = top > model->log_cursor ? model->log_cursor : top;
	/* Following, the screen is full where there is enough to fill it. */
	while (model->is_following && model->log_top > 0) {
		rows += view_log_rows(model, model->log_top - 1);
		if (rows > body)
			break;
		model->log_top--;
	}
}

void log_keys_move(struct model *model, enum action_kind kind)
{
	size_t body = (size_t)keys_body_rows(model);
	size_t last = model->logs.count > 0 ? model->logs.count - 1 : 0;
	size_t at = model->log_cursor;

	switch (kind) {
	case ACTION_UP:
	case ACTION_PAGE_UP: {
		size_t step = kind == ACTION_UP ? 1 : body;
		log_keys_go(model, at > step ? at - step : 0);
		break;
	}
	case ACTION_TOP:
		log_keys_go(model, 0);
		break;
	case ACTION_DOWN:
	case ACTION_PAGE_DOWN:
		at += kind == ACTION_DOWN ? 1 : body;
		if (at > last && !model->logs.is_newest_cut)
			follow(model);
		else
			log_keys_go(model, at > last ? last : at);
		break;
	default:
		follow(model);
		return;
	}
	if (model->log_cursor == 0 && !model->logs.is_oldest_read && kind != ACTION_DOWN)
		model_add_effect(model, EFFECT_LOGS_OLDER);
	else if (model->log_cursor == last && model->logs.is_newest_cut && !model->is_following)
		model_add_effect(model, EFFECT_LOGS_NEWER);
}

void log_keys_click(struct model *model, int row)
{
	int at = FIRST_BODY_ROW;
	for (size_t i = model->log_top; i < model->logs.count; i++) {
		at += view_log_rows(model, i);
		if (row >= at)
			continue;
		if (row >= FIRST_BODY_ROW)
			log_keys_go(model, i);
		return;
	}
}

static void next_stream(struct model *model)
{
	static const char *const names[] = {"stdout and stderr", "only stdout", "only stderr",
					    "kernel and init"};
	model->logs.stream = (model->logs.stream + 1) % ARRAY_SIZE(names);
	model_say(model, false, "showing %s", names[model->logs.stream]);
	model_add_effect(model, EFFECT_LOGS_OPEN);
}

static void copy_line(struct model *model)
{
	const struct window_line *line = log_window_line(&model->logs, model->log_cursor);
	if (line == NULL)
		return;
	model_add_effect(model, EFFECT_COPY)->text = xstrndup(line->text, line->size);
	model_say(model, false, "copied one line");
}

static void open_line(struct model *model)
{
	if (model->logs.count == 0)
		return;
	log_keys_go(model, model->log_cursor);
	model->lists[VIEW_LINE].top = 0;
	model_go(model, VIEW_LINE);
}

/* Those of the pods whose log it is. */
static void ask_container(struct model *model)
{
	prompt_open(model, PROMPT_CONTAINER, "only the container: ", "");
	prompt_add_choice(model, CHOICE_ALL, NULL);
	for (size_t i = 0; i < model->status.instance_count; i++) {
		const struct instance_status *instance = &model->status.instances[i];
		const struct string_list *selection = &model->log_selection;
		if (selection->count == 0 || string_list_has(selection, instance->name) ||
		    string_list_has(selection, instance->pod))
			act_offer_containers(model, instance);
	}
	model->prompt.chosen = 1;
}

static uint64_t last_sequence(const struct model *model)
{
	const struct log_window *logs = &model->logs;
	return logs->count > 0 ? log_window_line(logs, logs->count - 1)->sequence : 0;
}

static void scroll_sideways(struct model *model, bool is_right)
{
	enum { STEP = 16, FURTHEST = 1 << 20 };

	if (model->is_wrapped)
		model_say(model, false, "lines are wrapped; %s unwraps them",
			  bindings_text(&model->bindings, ACTION_WRAP).text);
	else if (is_right && model->log_left < FURTHEST)
		model->log_left += STEP;
	else if (!is_right)
		model->log_left = model->log_left > STEP ? model->log_left - STEP : 0;
}

void log_keys_action(struct model *model, enum action_kind kind)
{
	switch (kind) {
	case ACTION_FOLLOW:
		if (model->is_following)
			log_keys_go(model, model->log_cursor);
		else
			follow(model);
		break;
	case ACTION_WRAP:
		model->is_wrapped = !model->is_wrapped;
		break;
	case ACTION_TIMESTAMPS:
		model->has_timestamps = !model->has_timestamps;
		break;
	case ACTION_JSON:
		model->is_json_shown_raw = !model->is_json_shown_raw;
		break;
	case ACTION_STREAM:
		next_stream(model);
		break;
	case ACTION_CONTAINER:
		ask_container(model);
		break;
	case ACTION_LEFT:
	case ACTION_RIGHT:
		scroll_sideways(model, kind == ACTION_RIGHT);
		break;
	case ACTION_SINCE:
		prompt_open(model, PROMPT_SINCE, "newer than (5m, 2h; empty: all): ", "");
		break;
	case ACTION_PREVIOUS_RUN:
		model->logs.is_previous = !model->logs.is_previous;
		model_say(model, false,
			  model->logs.is_previous ? "showing the run before the last restart"
						  : "showing all runs");
		model_add_effect(model, EFFECT_LOGS_OPEN);
		break;
	case ACTION_CLEAR:
		model->logs.since_ns = model->now_ns;
		model_add_effect(model, EFFECT_LOGS_OPEN);
		break;
	case ACTION_LINE_MARK:
		model->log_mark = last_sequence(model);
		model_say(model, false, "what comes from now on stands below a line");
		break;
	case ACTION_SAVE:
		prompt_open(model, PROMPT_SAVE, "save to file: ", "");
		break;
	case ACTION_OPEN_LINE:
		open_line(model);
		break;
	case ACTION_COPY_LINE:
		copy_line(model);
		break;
	default:
		break;
	}
}
