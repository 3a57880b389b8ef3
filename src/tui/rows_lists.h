/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_TUI_ROWS_LISTS_H
#define I2KIT_TUI_ROWS_LISTS_H

/* Lists that need little: services, images, events, jobs. */

struct model;
struct table;

void rows_of_services(struct table *table, const struct model *model);
void rows_of_images(struct table *table, const struct model *model);
void rows_of_events(struct table *table, const struct model *model);
void rows_of_jobs(struct table *table, const struct model *model);

#endif
