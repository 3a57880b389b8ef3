/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_TUI_VIEW_TEXT_H
#define I2KIT_TUI_VIEW_TEXT_H

/* Screens of text, scrolled by the list's top. */

struct model;
struct page;

void view_job(struct page *page, const struct model *model);
void view_about(struct page *page, const struct model *model);
void view_line(struct page *page, const struct model *model);
void view_help(struct page *page, const struct model *model);

#endif
