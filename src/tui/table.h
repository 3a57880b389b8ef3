/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_TUI_TABLE_H
#define I2KIT_TUI_TABLE_H

/*
 * Every list of the terminal UI as one kind of value: titles and rows of cells, filtered and sorted
 * as the user asked. Keys, search, filter, sort and drawing are written once, for all of them.
 */

#include "tui/canvas.h"
#include "tui/model.h"

enum { TABLE_COLUMNS = 12, SPARK_LEAST = 4 };

enum column_kind {
	COLUMN_LEFT,
	COLUMN_NAME, /* as LEFT; where it is cut its end stays */
	COLUMN_RIGHT,
	COLUMN_SPARK, /* bars; as wide as there is room for, from SPARK_LEAST on */
};

struct column {
	const char *title;
	enum column_kind kind;
	int max_width;	 /* 0: no limit; of a spark: its best width */
	unsigned rank;	 /* where room is short the highest goes first; 0 always stays */
	int min_width;	 /* so that others do not move when what is in it gets longer */
	int least_width; /* where even those that stay have no room; 0: it does not shrink */
};

struct table_field {
	char *text; /* owned or NULL */
	struct style style;
	int64_t number; /* what it is sorted by, where it is one */
	bool is_number;
	const uint8_t *bars; /* of a spark; borrowed from the model */
	size_t bar_count;
	unsigned bar_limit;
};

struct table_row {
	char *key;		      /* the same thing has the same one in the next table; owned */
	size_t index;		      /* into what the rows were made from */
	const struct pod_status *pod; /* or NULL */
	const struct instance_status *instance;
	struct table_field fields[TABLE_COLUMNS];
	char *note; /* instead of all fields but the first; owned or NULL */
	struct style note_style;
	bool is_marked;
	size_t position; /* before sorting */
};

struct table {
	const struct column *columns;
	size_t column_count;
	const uint8_t *order;	    /* in which columns stand; NULL: as they are */
	int natural[TABLE_COLUMNS]; /* widths that all rows want, also those filtered out */
	struct table_row *rows;	    /* owned */
	size_t row_count;
	size_t all_count; /* before the filter */
};

bool table_is_list(enum view_kind view);
/* The rows of a list's screen; of other screens none. The model must outlive it. */
void table_make(struct table *table, const struct model *model, enum view_kind view);
void table_clear(struct table *table);
/* For the makers of rows. */
struct table_row *table_add(struct table *table, size_t index, const char *key);
struct table_field *table_set(struct table_row *row, size_t column, struct style style,
			      const char *fmt, ...) PRINTF_LIKE(4, 5);
void table_set_number(struct table_row *row, size_t column, int64_t number);
/* Whether the expression is found in any cell. */
bool table_row_matches(const struct table_row *row, const regex_t *regex);
/* Widths for `room` columns of the terminal, 0 for columns that have none; returns the gap. */
int table_layout(const struct table *table, int room, int widths[TABLE_COLUMNS]);
/* The column at a place, from the left. */
size_t table_column_at(const struct table *table, size_t place);
/* The sort_column before a list's. */
unsigned table_sort_before(const struct model *model, enum view_kind view);
/* The column a sort_column means, or NULL for the natural order. */
const struct column *table_sort_column(const struct table *table, unsigned sort_column);

#endif
