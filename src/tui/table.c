/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/table.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "tui/rows_cloud.h"
#include "tui/rows_lists.h"
#include "tui/rows_pods.h"
#include "tui/rows_projects.h"

enum { NAME_ENOUGH = 24 }; /* more of a name is worth less than another column */

typedef void rows_fn(struct table *table, const struct model *model);

static rows_fn *const makers[VIEW_COUNT] = {
	[VIEW_PODS] = rows_of_pods,	    [VIEW_SERVICES] = rows_of_services,
	[VIEW_IMAGES] = rows_of_images,	    [VIEW_CLOUD] = rows_of_cloud,
	[VIEW_PROJECTS] = rows_of_projects, [VIEW_EVENTS] = rows_of_events,
	[VIEW_JOBS] = rows_of_jobs,
};

bool table_is_list(enum view_kind view)
{
	return makers[view] != NULL;
}

static void clear_row(struct table_row *row)
{
	free(row->key);
	free(row->note);
	for (size_t c = 0; c < TABLE_COLUMNS; c++)
		free(row->fields[c].text);
}

void table_clear(struct table *table)
{
	for (size_t i = 0; i < table->row_count; i++)
		clear_row(&table->rows[i]);
	free(table->rows);
	*table = (struct table){0};
}

struct table_row *table_add(struct table *table, size_t index, const char *key)
{
	struct table_row *row = ARRAY_APPEND(table->rows, table->row_count);
	row->index = index;
	row->key = xstrdup(key);
	return row;
}

struct table_field *table_set(struct table_row *row, size_t column, struct style style,
			      const char *fmt, ...)
{
	va_list args;
	struct table_field *field = &row->fields[column];
	va_start(args, fmt);
	char *text = xvasprintf(fmt, args);
	va_end(args);
	free(field->text);
	field->text = text;
	field->style = style;
	return field;
}

void table_set_number(struct table_row *row, size_t column, int64_t number)
{
	row->fields[column].number = number;
	row->fields[column].is_number = true;
}

static bool matches(const regex_t *regex, const char *text)
{
	return text != NULL && regexec(regex, text, 0, NULL, 0) == 0;
}

bool table_row_matches(const struct table_row *row, const regex_t *regex)
{
	for (size_t c = 0; c < TABLE_COLUMNS; c++) {
		if (matches(regex, row->fields[c].text))
			return true;
	}
	return matches(regex, row->note);
}

static void filter_rows(struct table *table, const char *pattern)
{
	regex_t regex;
	size_t kept = 0;

	bool is_inverse = pattern != NULL && pattern[0] == '!' && pattern[1] != '\0';
	pattern = is_inverse ? pattern + 1 : pattern;
	if (pattern == NULL || regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB | REG_ICASE) != 0)
		return;
	for (size_t i = 0; i < table->row_count; i++) {
		if (table_row_matches(&table->rows[i], &regex) != is_inverse)
			table->rows[kept++] = table->rows[i];
		else
			clear_row(&table->rows[i]);
	}
	table->row_count = kept;
	regfree(&regex);
}

/* sort_column counts only columns with a title; 0 is the order the rows came in. */
static size_t sorted_column(const struct table *table, unsigned sort_column)
{
	unsigned titled = 0;
	for (size_t c = 0; c < table->column_count; c++)
		titled += table->columns[c].title[0] != '\0' ? 1 : 0;
	unsigned wanted = sort_column % (titled + 1);
	for (size_t c = 0; wanted > 0 && c < table->column_count; c++) {
		if (table->columns[c].title[0] != '\0' && --wanted == 0)
			return c;
	}
	return TABLE_COLUMNS;
}

const struct column *table_sort_column(const struct table *table, unsigned sort_column)
{
	size_t column = sorted_column(table, sort_column);
	return column < table->column_count ? &table->columns[column] : NULL;
}

unsigned table_sort_before(const struct model *model, enum view_kind view)
{
	struct table table = {0};
	unsigned titled = 0;
	table_make(&table, model, view);
	for (size_t c = 0; c < table.column_count; c++)
		titled += table.columns[c].title[0] != '\0' ? 1 : 0;
	table_clear(&table);
	return (model->lists[view].sort_column + titled) % (titled + 1);
}

/* Numbers: the most first, that is what one looks for. Texts: web-2 before web-10. */
static int compare_fields(const struct table_field *a, const struct table_field *b)
{
	if (a->is_number || b->is_number)
		return a->number > b->number ? -1 : a->number < b->number;
	return strverscmp(a->text ? a->text : "", b->text ? b->text : "");
}

struct sort_order {
	size_t column;
	bool is_reversed;
};

static int compare_rows(const void *left, const void *right, void *arg)
{
	const struct table_row *a = left;
	const struct table_row *b = right;
	const struct sort_order *by = arg;
	int order = compare_fields(&a->fields[by->column], &b->fields[by->column]);
	if (order == 0) /* equal ones stay in their order */
		return a->position < b->position ? -1 : a->position > b->position;
	return by->is_reversed ? -order : order;
}

static void sort_rows(struct table *table, const struct list_state *list)
{
	struct sort_order by = {sorted_column(table, list->sort_column), list->is_reversed};

	for (size_t i = 0; i < table->row_count; i++)
		table->rows[i].position = i;
	if (by.column < table->column_count && table->row_count > 1)
		qsort_r(table->rows, table->row_count, sizeof(*table->rows), compare_rows, &by);
}

static int text_width(const char *text)
{
	return text ? canvas_width(text, strlen(text)) : 0;
}

static int natural_width(const struct table *table, size_t c)
{
	const struct column *column = &table->columns[c];
	int width = text_width(column->title);
	if (column->kind == COLUMN_SPARK)
		return column->max_width;
	width = column->min_width > width ? column->min_width : width;
	for (size_t i = 0; i < table->row_count; i++) {
		int cell = text_width(table->rows[i].fields[c].text);
		if (c > 0 && table->rows[i].note != NULL)
			continue;
		width = cell > width ? cell : width;
	}
	if (column->max_width > 0 && width > column->max_width)
		width = column->max_width;
	return width;
}

void table_make(struct table *table, const struct model *model, enum view_kind view)
{
	*table = (struct table){0};
	if (makers[view] == NULL)
		return;
	makers[view](table, model);
	table->all_count = table->row_count;
	for (size_t c = 0; c < table->column_count; c++)
		table->natural[c] = natural_width(table, c);
	filter_rows(table, model->lists[view].filter);
	sort_rows(table, &model->lists[view]);
}

static int total_width(const struct table *table, const int widths[TABLE_COLUMNS], int gap)
{
	int total = 0;
	for (size_t c = 0; c < table->column_count; c++)
		total += widths[c] > 0 ? widths[c] + (total > 0 ? gap : 0) : 0;
	return total;
}

static void drop_least(const struct table *table, int widths[TABLE_COLUMNS])
{
	size_t least = 0;
	for (size_t c = 0; c < table->column_count; c++) {
		if (widths[c] > 0 && table->columns[c].rank > table->columns[least].rank)
			least = c;
	}
	if (table->columns[least].rank > 0)
		widths[least] = 0;
}

static bool can_drop(const struct table *table, const int widths[TABLE_COLUMNS])
{
	for (size_t c = 0; c < table->column_count; c++) {
		if (widths[c] > 0 && table->columns[c].rank > 0)
			return true;
	}
	return false;
}

/* Those that can get narrower do, down to `wanted` columns (0: to their least). */
static void shrink(const struct table *table, int room, int widths[TABLE_COLUMNS], int gap,
		   int wanted)
{
	for (size_t c = 0; c < table->column_count; c++) {
		int least = table->columns[c].least_width;
		least = least > 0 && wanted > least ? wanted : least;
		int over = total_width(table, widths, gap) - room;
		if (least == 0 || over <= 0 || widths[c] <= least)
			continue;
		widths[c] = widths[c] - over > least ? widths[c] - over : least;
	}
}

size_t table_column_at(const struct table *table, size_t place)
{
	return table->order != NULL ? table->order[place] : place;
}

/*
 * Narrower gaps first, then shorter bars, then long names, then columns go, then the names get as
 * short as they can.
 */
int table_layout(const struct table *table, int room, int widths[TABLE_COLUMNS])
{
	int gap = 2;

	for (size_t c = 0; c < TABLE_COLUMNS; c++)
		widths[c] = c < table->column_count ? table->natural[c] : 0;
	if (total_width(table, widths, gap) > room)
		gap = 1;
	while (total_width(table, widths, gap) > room) {
		bool is_shorter = false;
		for (size_t c = 0; c < table->column_count; c++) {
			if (table->columns[c].kind == COLUMN_SPARK && widths[c] > SPARK_LEAST) {
				widths[c]--;
				is_shorter = true;
			}
		}
		if (is_shorter)
			continue;
		shrink(table, room, widths, gap, NAME_ENOUGH);
		if (total_width(table, widths, gap) <= room)
			break;
		if (!can_drop(table, widths))
			break;
		drop_least(table, widths);
	}
	shrink(table, room, widths, gap, 0);
	return gap;
}
