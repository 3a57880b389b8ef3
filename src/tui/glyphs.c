/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/glyphs.h"

#include <string.h>

#include "base/alloc.h"

bool glyphs_need_ascii(const char *codeset, const char *term)
{
	return strcmp(codeset, "UTF-8") != 0 || (term != NULL && strcmp(term, "linux") == 0);
}

const char *glyph_ascii(const char *text)
{
	static const struct {
		const char *text;
		const char *ascii;
	} glyphs[] = {
		{"●", "*"}, {"◐", "~"}, {"○", "o"}, {"✓", "+"}, {"✗", "x"}, {"─", "-"},
		{"│", "|"}, {"…", "."}, {"→", ">"}, {"▶", ">"}, {"‖", "="}, {"·", "."},
		{"≠", "!"}, {"–", "-"}, {"▁", "_"}, {"▂", "."}, {"▃", ":"}, {"▄", "-"},
		{"▅", "="}, {"▆", "+"}, {"▇", "*"}, {"█", "#"},
	};
	if ((unsigned char)text[0] < 0x80 && text[0] != '\0' && text[1] == '\0')
		return text;
	for (size_t i = 0; i < ARRAY_SIZE(glyphs); i++) {
		if (strcmp(glyphs[i].text, text) == 0)
			return glyphs[i].ascii;
	}
	return "?";
}
