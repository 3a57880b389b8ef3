/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/keys_search.h"

#include <stdlib.h>

#include "tui/log_keys.h"
#include "tui/table.h"
#include "tui/text_page.h"

static bool line_matches(const struct model *model, size_t index)
{
	const struct window_line *line = log_window_line(&model->logs, index);
	return regexec(&model->search_regex, line->text, 0, NULL, 0) == 0;
}

/* The place of the next match, or SIZE_MAX. */
static size_t find(const struct model *model, const struct table *table, size_t at, size_t count,
		   bool forward)
{
	for (size_t step = 1; step <= count; step++) {
		if (forward ? at + step >= count : step > at)
			break;
		size_t index = forward ? at + step : at - step;
		if (table != NULL ? table_row_matches(&table->rows[index], &model->search_regex)
				  : line_matches(model, index))
			return index;
	}
	return SIZE_MAX;
}

static void say_none(struct model *model, bool forward)
{
	bool is_n_forward = !model->is_search_backward;
	model_say(model, true, "no %s match for %s; %s looks the other way",
		  forward ? "further" : "earlier", model->search,
		  bindings_text(&model->bindings, forward == is_n_forward ? ACTION_SEARCH_PREVIOUS
									  : ACTION_SEARCH_NEXT)
			  .text);
}

static void search_list(struct model *model, bool forward)
{
	AUTO(table_clear) struct table table = {0};
	struct list_state *list = &model->lists[model->view];

	table_make(&table, model, model->view);
	size_t index = find(model, &table, list->selected, table.row_count, forward);
	if (index == SIZE_MAX) /* a list is short: on from its other end */
		index = find(model, &table, forward ? SIZE_MAX : table.row_count, table.row_count,
			     forward);
	if (index == SIZE_MAX)
		say_none(model, forward);
	else
		list->selected = index;
}

static void search_logs(struct model *model, bool forward, bool may_load)
{
	size_t at = model->is_following ? model->logs.count : model->log_cursor;
	size_t index = find(model, NULL, at, model->logs.count, forward);

	if (index != SIZE_MAX) {
		free(model->message); /* "searching further …" */
		model->message = NULL;
		log_keys_go(model, index);
		return;
	}
	bool has_more = forward ? model->logs.is_newest_cut : !model->logs.is_oldest_read;
	if (!may_load || !has_more) {
		say_none(model, forward);
		return;
	}
	/* It goes on in the store; update.c comes back here when lines have come. */
	model->search_goes_on = true;
	model->search_is_forward = forward;
	log_keys_go(model, forward && model->logs.count > 0 ? model->logs.count - 1 : 0);
	model_add_effect(model, forward ? EFFECT_LOGS_NEWER : EFFECT_LOGS_OLDER);
	model_say(model, false, "searching further %s …", forward ? "on" : "back");
}

void keys_search_on(struct model *model, bool forward, bool may_load)
{
	if (!model->has_search_regex)
		return;
	if (model->view == VIEW_LOGS)
		search_logs(model, forward, may_load);
	else if (model->view == VIEW_ABOUT || model->view == VIEW_JOB)
		text_page_search(model, forward);
	else if (table_is_list(model->view))
		search_list(model, forward);
}
