/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/text_page.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "tui/about_keys.h"

static char *job_text(const struct model *model)
{
	const struct job *job = model_find_job(model, model->detail_job);
	return job != NULL ? string_list_join(&job->lines, "\n") : NULL;
}

char *text_page_of(const struct model *model)
{
	switch (model->view) {
	case VIEW_ABOUT:
		return about_text(model);
	case VIEW_JOB:
		return job_text(model);
	default:
		return NULL;
	}
}

static void mark(struct page *page, const struct model *model, int row, const char *line,
		 size_t size)
{
	AUTO_FREE char *text = xstrndup(line, size);
	regmatch_t match;
	size_t at = 0;

	while (regexec(&model->search_regex, text + at, 1, &match, at ? REG_NOTBOL : 0) == 0 &&
	       match.rm_eo > match.rm_so) {
		int from = canvas_width(text, at + (size_t)match.rm_so);
		int to = canvas_width(text, at + (size_t)match.rm_eo);
		canvas_ground(page->canvas, row, page->left + 1 + from, to - from, GROUND_MATCH);
		at += (size_t)match.rm_eo;
	}
}

/* The next row of a text: as much of its line as fits; *text goes on behind it. */
static size_t next_row(const char **text, const char **ret_row, int width)
{
	const char *row = *text;
	size_t line = strcspn(row, "\n");
	size_t fit = canvas_fit(row, line, width > 1 ? width : 1);

	if (fit == 0)
		fit = line;
	*ret_row = row;
	*text = row + fit;
	if (fit == line && row[fit] == '\n')
		(*text)++;
	return fit;
}

static int row_width(int columns)
{
	return columns - 2;
}

void text_page_draw(struct page *page, const struct model *model, const char *text)
{
	while (*text != '\0') {
		const char *line = NULL;
		size_t size = next_row(&text, &line, row_width(page->area.columns));
		int row = page_row(page);
		if (row < 0)
			continue;
		bool is_comment = line[0] == '#';
		canvas_bytes(page->canvas, row, page->left + 1, row_width(page->area.columns),
			     is_comment ? STYLE_DIM : STYLE_NORMAL, line, size);
		if (model->has_search_regex)
			mark(page, model, row, line, size);
	}
}

void text_page_search(struct model *model, bool forward)
{
	AUTO_FREE char *whole = text_page_of(model);
	struct list_state *list = &model->lists[model->view];
	const char *text = whole != NULL ? whole : "";
	size_t found = SIZE_MAX;

	for (size_t row = 0; *text != '\0'; row++) {
		const char *line = NULL;
		size_t size = next_row(&text, &line, row_width(model->columns));
		AUTO_FREE char *piece = xstrndup(line, size);
		if (regexec(&model->search_regex, piece, 0, NULL, 0) != 0)
			continue;
		/* SIZE_MAX, nothing found yet, is before the first and behind the last. */
		if (forward ? row + 1 > list->found + 1 : row < list->found)
			found = row;
		if (forward && found != SIZE_MAX)
			break;
	}
	if (found == SIZE_MAX) {
		model_say(model, true, "no %s match for %s", forward ? "further" : "earlier",
			  model->search);
		return;
	}
	list->found = found;
	list->top = found; /* keys_clamp() keeps the page full */
}
