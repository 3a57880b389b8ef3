/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_TUI_ROWS_PROJECTS_H
#define I2KIT_TUI_ROWS_PROJECTS_H

/* The list of projects. */

struct model;
struct table;

void rows_of_projects(struct table *table, const struct model *model);

#endif
