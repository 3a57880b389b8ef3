/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/draw.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "local/client/verdict.h"
#include "tui/bars.h"
#include "tui/page.h"
#include "tui/view_list.h"
#include "tui/view_logs.h"
#include "tui/view_pod.h"
#include "tui/view_text.h"

void draw_size(char out[SHORT_SIZE], uint64_t bytes)
{
	static const char units[] = "BKMGT";
	unsigned unit = 0;

	if (bytes > UINT64_MAX / 10)
		bytes = UINT64_MAX / 10;
	uint64_t tenths = bytes * 10;
	for (; tenths >= 10240 && unit + 2 < sizeof(units); unit++)
		tenths /= 1024;
	if (unit > 0 && tenths < 100)
		(void)snprintf(out, SHORT_SIZE, "%" PRIu64 ".%" PRIu64 "%c", tenths / 10,
			       tenths % 10, units[unit]);
	else
		(void)snprintf(out, SHORT_SIZE, "%" PRIu64 "%c", tenths / 10, units[unit]);
}

void draw_age(char out[AGE_SIZE], const struct model *model, int64_t since_ns)
{
	int64_t seconds = (model->now_ns - since_ns) / 1000000000;
	out[0] = '\0';
	if (since_ns > 0)
		clock_format_age(out, seconds > 0 ? (uint64_t)seconds : 0);
}

void draw_spark(struct canvas *canvas, int row, int column, int width, struct style style,
		const uint8_t *values, size_t count, unsigned limit)
{
	static const char *const bars[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
	size_t shown = count < (size_t)width ? count : (size_t)width;

	for (size_t i = 0; i < shown; i++) {
		unsigned value = values[count - shown + i];
		unsigned level = limit == 0 ? 0 : value * 7 / limit;
		canvas_text(canvas, row, column + (int)i, 1, style, bars[level > 7 ? 7 : level]);
	}
}

struct style draw_state_style(const struct instance_status *instance)
{
	if (instance_is_looping(instance, NULL))
		return STYLE_ERROR;
	switch (instance->state) {
	case INSTANCE_READY:
	case INSTANCE_SUCCEEDED:
		return STYLE_OK;
	case INSTANCE_FAILED:
	case INSTANCE_CRASHED:
		return STYLE_ERROR;
	default:
		return STYLE_WARNING;
	}
}

const char *draw_state_sign(const struct instance_status *instance)
{
	if (instance_is_looping(instance, NULL))
		return "✗";
	switch (instance->state) {
	case INSTANCE_READY:
		return "●";
	case INSTANCE_SUCCEEDED:
		return "✓";
	case INSTANCE_FAILED:
	case INSTANCE_CRASHED:
		return "✗";
	case INSTANCE_PENDING:
		return "○";
	default:
		return "◐";
	}
}

static bool has_failed(const struct container_status *container)
{
	return container->state != CONTAINER_RUNNING && container->exit_code > 0;
}

struct style draw_container_style(const struct container_status *container)
{
	if (has_failed(container))
		return STYLE_ERROR;
	if (container->is_ready)
		return STYLE_OK;
	return container->state == CONTAINER_TERMINATED ? STYLE_DIM : STYLE_WARNING;
}

const char *draw_container_sign(const struct container_status *container)
{
	if (has_failed(container))
		return "✗";
	if (container->is_ready)
		return "●";
	return container->state == CONTAINER_TERMINATED ? "✓" : "◐";
}

const char *draw_container_word(const struct container_status *container)
{
	static const char *const words[] = {"waiting", "running", "ended"};
	return container->reason ? container->reason : words[container->state];
}

struct style draw_pod_style(unsigned number)
{
	/* Not red: a name is no error. */
	static const enum colour colours[] = {COLOUR_CYAN,    COLOUR_GREEN, COLOUR_BLUE,
					      COLOUR_MAGENTA, COLOUR_CYAN,  COLOUR_MAGENTA};
	return (struct style){.colour = colours[number % 6], .is_bold = number % 6 >= 4};
}

int draw_rule(struct canvas *canvas, int row, struct style style, const char *title)
{
	canvas_hline(canvas, row, 0, canvas->columns, STYLE_DIM);
	if (title == NULL || title[0] == '\0')
		return 0;
	int column = canvas_text(canvas, row, 1, 1, STYLE_DIM, " ");
	column = canvas_text(canvas, row, column, canvas->columns - column - 2, style, title);
	return canvas_text(canvas, row, column, 1, STYLE_DIM, " ");
}

static void (*const pages[VIEW_COUNT])(struct page *, const struct model *) = {
	[VIEW_POD] = view_pod,	 [VIEW_JOB] = view_job,	  [VIEW_ABOUT] = view_about,
	[VIEW_LINE] = view_line, [VIEW_HELP] = view_help,
};

static struct area body_of(int rows, int columns)
{
	return (struct area){.row = FIRST_BODY_ROW, .rows = rows - FRAME_ROWS, .columns = columns};
}

int draw_page_lines(const struct model *model)
{
	struct page page = {.area = body_of(model->rows, model->columns)};
	if (pages[model->view] != NULL)
		pages[model->view](&page, model);
	return page.line;
}

/* A mark at the right edge of the rule where there is more above or below. */
static void draw_position(struct canvas *canvas, const struct page *page)
{
	if (page->line <= page->area.rows)
		return;
	int last = page->top + page->area.rows;
	canvas_textf(canvas, RULE_ROW, canvas->columns - 16, 15, STYLE_DIM, " %d–%d of %d ",
		     page->top + 1, last < page->line ? last : page->line, page->line);
}

static void draw_body(struct canvas *canvas, const struct model *model)
{
	struct area area = body_of(canvas->rows, canvas->columns);
	struct page page = {
		.canvas = canvas, .area = area, .top = (int)model->lists[model->view].top};

	if (pages[model->view] != NULL) {
		pages[model->view](&page, model);
		draw_position(canvas, &page);
	} else if (model->view == VIEW_LOGS) {
		view_logs(canvas, model, area);
	} else {
		view_list(canvas, model, area);
	}
}

void draw_screen(struct canvas *canvas, const struct model *model)
{
	canvas_erase(canvas);
	if (canvas->rows < 8 || canvas->columns < 40) {
		canvas_text(canvas, 0, 0, -1, STYLE_ERROR, "too small: 40x8 at least");
		return;
	}
	bar_header(canvas, model);
	bar_tabs(canvas, model);
	draw_rule(canvas, RULE_ROW, STYLE_DIM, NULL);
	draw_body(canvas, model);
	bar_message(canvas, model);
	bar_keys(canvas, model);
}
