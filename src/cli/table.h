/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLI_TABLE_H
#define I2KIT_CLI_TABLE_H

/* Results in columns, as wide as the terminal allows. */

#include "cli/output.h"

struct table;

/*
 * A table: columns first, then cells row by row. On a terminal, columns marked TABLE_GOES are left
 * out, the last one first, and then columns marked TABLE_SHRINK give way (with "…") until the row
 * fits; elsewhere nothing is ever cut. The last column is not padded.
 */
enum table_flags { TABLE_LEFT = 0, TABLE_RIGHT = 1, TABLE_SHRINK = 2, TABLE_GOES = 4 };
struct table *table_new(const struct invocation *invocation);
void table_free(struct table *table);
DEFINE_AUTO_PTR(table, table_free)
void table_add_column(struct table *table, const char *title, unsigned flags);
void table_add_cell(struct table *table, enum text_style style, const char *fmt, ...)
	PRINTF_LIKE(3, 4);
void table_print(const struct table *table, FILE *out);
/* The same for a given width (0: none), for tests. */
void table_write(const struct table *table, FILE *out, unsigned width);

#endif
