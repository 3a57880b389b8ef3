/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_TUI_PROMPT_DRAW_H
#define I2KIT_TUI_PROMPT_DRAW_H

/* The line above the keys while something is asked, and what stands above that line. */

struct canvas;
struct model;

/* On and above this row. */
void prompt_draw(struct canvas *canvas, const struct model *model, int row);

#endif
