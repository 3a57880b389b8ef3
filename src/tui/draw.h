/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_TUI_DRAW_H
#define I2KIT_TUI_DRAW_H

/* From model to canvas; pure. draw_screen() is the whole, the view_*() functions its middle. */

#include "tui/canvas.h"
#include "tui/model.h"

void draw_screen(struct canvas *canvas, const struct model *model);

/* Where a view may draw. */
struct area {
	int row;
	int rows;
	int columns;
};

void view_pods(struct canvas *canvas, const struct model *model, struct area area);
void view_pod(struct canvas *canvas, const struct model *model, struct area area);
void view_logs(struct canvas *canvas, const struct model *model, struct area area);
void view_services(struct canvas *canvas, const struct model *model, struct area area);
void view_answer(struct canvas *canvas, const struct model *model, struct area area);
void view_events(struct canvas *canvas, const struct model *model, struct area area);
void view_jobs(struct canvas *canvas, const struct model *model, struct area area);
void view_help(struct canvas *canvas, const struct model *model, struct area area);

/* "812M", "1.5G": at most five columns. */
#define SHORT_SIZE 32
void draw_size(char out[SHORT_SIZE], uint64_t bytes);
/* Bars of eight heights; values are of 0…limit. */
void draw_spark(struct canvas *canvas, int row, int column, int width, struct style style,
		const uint8_t *values, size_t count, unsigned limit);
struct style draw_state_style(const struct instance_status *instance);
/* 0…5 → a colour for a pod's name. */
struct style draw_pod_style(unsigned number);

#endif
