/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/keys_mouse.h"

#include "tui/bars.h"
#include "tui/draw.h"
#include "tui/key.h"
#include "tui/keys.h"
#include "tui/log_keys.h"
#include "tui/table.h"

static void click_list(struct model *model, int row)
{
	struct list_state *list = &model->lists[model->view];
	int first = FIRST_BODY_ROW + 1; /* below the titles */
	if (row < first)
		return;
	size_t index = list->top + (size_t)(row - first);
	if (index >= model_list_size(model, model->view))
		return;
	bool is_again = index == list->selected;
	list->selected = index;
	if (is_again) /* a second click opens */
		keys_handle(model, TUI_KEY_RETURN);
}

void keys_click(struct model *model, int row, int column)
{
	enum view_kind view = VIEW_PODS;
	if (model->prompt.kind != PROMPT_NONE)
		return;
	if (row == TABS_ROW) {
		if (draw_tab_at(model->columns, column, &view))
			keys_switch_view(model, view);
	} else if (row == model->rows - 1) {
		unsigned key = draw_key_at(model, column);
		if (key != 0)
			keys_handle(model, key);
	} else if (table_is_list(model->view)) {
		click_list(model, row);
	} else if (model->view == VIEW_LOGS) {
		log_keys_click(model, row);
	}
}
