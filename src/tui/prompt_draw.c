/* SPDX-License-Identifier: Apache-2.0 */
/* The line above the keys while something is asked, and what stands above that line. */
#include "tui/prompt_draw.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "tui/choices.h"
#include "tui/draw.h"

enum { CHOICES_SHOWN = 10, NAME_MAX_WIDTH = 20 };

/* Rows above the question that are there for more: at least the titles of the screen stay. */
static int rows_above(const struct canvas *canvas)
{
	return canvas->rows - FRAME_ROWS - 1;
}

static void blank_row(struct canvas *canvas, int row)
{
	canvas_fill(canvas, row, 0, canvas->columns, STYLE_NORMAL);
}

static int choice_width(const struct prompt *prompt)
{
	int width = 0;
	for (size_t i = 0; i < prompt->choice_count; i++) {
		int own = canvas_width(prompt->choices[i].name, strlen(prompt->choices[i].name));
		width = own > width ? own : width;
	}
	return width > NAME_MAX_WIDTH ? NAME_MAX_WIDTH : width;
}

static void draw_choice(struct canvas *canvas, const struct choice *choice, int row, int width)
{
	blank_row(canvas, row);
	canvas_field(canvas, row, 2, width, STYLE_KEY, choice->name);
	if (choice->help != NULL)
		canvas_field(canvas, row, width + 4, canvas->columns - width - 5, STYLE_NORMAL,
			     choice->help);
}

static void draw_choices(struct canvas *canvas, const struct prompt *prompt, int below)
{
	size_t count = prompt_match_count(prompt);
	int room = rows_above(canvas) < CHOICES_SHOWN ? rows_above(canvas) : CHOICES_SHOWN;
	size_t shown = room < 1 ? 0 : count < (size_t)room ? count : (size_t)room;
	size_t top = prompt->chosen > shown ? prompt->chosen - shown : 0;
	int first = below - (int)shown;
	int width = choice_width(prompt);

	for (size_t i = 0; i < shown; i++) {
		int row = first + (int)i;
		draw_choice(canvas, prompt_match(prompt, top + i), row, width);
		if (top + i + 1 != prompt->chosen)
			continue;
		canvas_text(canvas, row, 0, 1, STYLE_KEY, ">");
		canvas_ground(canvas, row, 0, canvas->columns, GROUND_SELECTED);
	}
	if (shown == 0 || first - 1 <= RULE_ROW)
		return;
	AUTO_FREE char *title =
		xasprintf("%zu of %zu  Tab completes, arrows choose", count, prompt->choice_count);
	draw_rule(canvas, first - 1, STYLE_DIM, title);
}

/* The command of a question that is longer than its line: above it, whole. */
static void draw_command(struct canvas *canvas, const char *command, int below)
{
	int width = canvas->columns - 3;
	size_t size = strlen(command);
	const char *starts[8];
	size_t sizes[ARRAY_SIZE(starts)];
	size_t count = 0;

	while (size > 0 && count < ARRAY_SIZE(starts)) {
		size_t fit = canvas_fit(command, size, width);
		starts[count] = command;
		sizes[count++] = fit > 0 ? fit : size;
		command += sizes[count - 1];
		size -= sizes[count - 1];
	}
	size_t first = count > (size_t)rows_above(canvas) ? count - (size_t)rows_above(canvas) : 0;
	for (size_t i = first; i < count; i++) {
		int row = below - (int)(count - i);
		blank_row(canvas, row);
		canvas_bytes(canvas, row, 2, width, STYLE_KEY, starts[i], sizes[i]);
	}
}

static void draw_question(struct canvas *canvas, const struct prompt *prompt, int row, int column)
{
	AUTO(strbuf_clear) struct strbuf command = STRBUF_INIT;

	if (prompt->kind == PROMPT_CONFIRM)
		action_command_line(&prompt->pending, &command);
	if (column + 2 + canvas_width(strbuf_text(&command), command.size) < canvas->columns)
		canvas_text(canvas, row, column + 2, -1, STYLE_KEY, strbuf_text(&command));
	else if (rows_above(canvas) > 0)
		draw_command(canvas, strbuf_text(&command), row);
}

void prompt_draw(struct canvas *canvas, const struct model *model, int row)
{
	const struct prompt *prompt = &model->prompt;
	bool is_question = prompt->kind == PROMPT_CONFIRM || prompt->kind == PROMPT_QUIT ||
			   prompt->kind == PROMPT_CANCEL;

	blank_row(canvas, row);
	int column = canvas_text(canvas, row, 1, -1, STYLE_BOLD, prompt->question);
	if (is_question) {
		draw_question(canvas, prompt, row, column);
		return;
	}
	if (prompt->choice_count > 0)
		draw_choices(canvas, prompt, row);
	/* The end of a long text is what is being typed. */
	const char *text = strbuf_text(&prompt->text);
	int over = canvas_width(text, strlen(text)) - (canvas->columns - column - 2);
	if (over > 0)
		text += canvas_fit(text, strlen(text), over + 1);
	canvas->cursor_row = row;
	canvas->cursor_column = canvas_text(canvas, row, column, -1, STYLE_NORMAL, text);
}
