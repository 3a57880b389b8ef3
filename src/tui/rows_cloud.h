/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_TUI_ROWS_CLOUD_H
#define I2KIT_TUI_ROWS_CLOUD_H

/* The list of what runs in the cloud. */

struct model;
struct table;

void rows_of_cloud(struct table *table, const struct model *model);

#endif
