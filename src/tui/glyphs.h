/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_TUI_GLYPHS_H
#define I2KIT_TUI_GLYPHS_H

#include <stdbool.h>

/*
 * For terminals that show ASCII alone (a locale without UTF-8) or have few glyphs (the kernel's
 * console): what stands for a cell's text. One column each; "?" for what there is nothing for.
 */
const char *glyph_ascii(const char *text);
/* codeset: nl_langinfo(CODESET) of the user's locale; term: $TERM or NULL. */
bool glyphs_need_ascii(const char *codeset, const char *term);

#endif
