/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_TUI_VIEW_POD_H
#define I2KIT_TUI_VIEW_POD_H

/* The screen about a pod. */

struct model;
struct page;

void view_pod(struct page *page, const struct model *model);

#endif
