/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "tui/keys.h"

void log_keys_open(struct model *model)
{
	model_go(model, VIEW_LOGS);
	model->is_following = true;
	model->log_left = 0;
	model_add_effect(model, EFFECT_LOGS_OPEN);
}

static void pause_at(struct model *model, size_t top)
{
	model->is_following = false;
	model->log_top = top;
}

static void follow(struct model *model)
{
	model->is_following = true;
	if (model->logs.is_newest_cut) /* scrolled far back: the end is no longer in memory */
		model_add_effect(model, EFFECT_LOGS_OPEN);
}

void log_keys_move(struct model *model, enum action_kind kind)
{
	size_t body = (size_t)keys_body_rows(model);
	size_t bottom = model->logs.count > body ? model->logs.count - body : 0;
	size_t top = model->log_top;

	switch (kind) {
	case ACTION_UP:
		pause_at(model, top > 0 ? top - 1 : 0);
		break;
	case ACTION_PAGE_UP:
		pause_at(model, top > body ? top - body : 0);
		break;
	case ACTION_TOP:
		pause_at(model, 0);
		break;
	case ACTION_DOWN:
	case ACTION_PAGE_DOWN:
		top += kind == ACTION_DOWN ? 1 : body;
		if (top >= bottom)
			follow(model);
		else
			pause_at(model, top);
		break;
	default:
		follow(model);
		return;
	}
	if (model->log_top == 0 && !model->is_following && kind != ACTION_DOWN)
		model_add_effect(model, EFFECT_LOGS_OLDER);
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
	const struct window_line *line = log_window_line(
		&model->logs, model->is_following && model->logs.count > 0 ? model->logs.count - 1
									   : model->log_top);
	if (line == NULL)
		return;
	model_add_effect(model, EFFECT_COPY)->text = xstrndup(line->text, line->size);
	model_say(model, false, "copied one line");
}

void log_keys_action(struct model *model, enum action_kind kind)
{
	switch (kind) {
	case ACTION_FOLLOW:
		if (model->is_following)
			pause_at(model, model->log_top);
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
		prompt_open(model, PROMPT_CONTAINER,
			    "container (empty: all): ", model->logs.container);
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
	case ACTION_SAVE:
		prompt_open(model, PROMPT_SAVE, "save to file: ", "");
		break;
	case ACTION_COPY:
		copy_line(model);
		break;
	default:
		break;
	}
}
