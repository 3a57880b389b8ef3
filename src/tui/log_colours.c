/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/log_colours.h"

#include "local/logs/log_colour.h"

/* In the order of SGR 30…37; black and white are the terminal's own. */
static const enum colour eight[] = {COLOUR_DEFAULT, COLOUR_RED,	    COLOUR_GREEN, COLOUR_YELLOW,
				    COLOUR_BLUE,    COLOUR_MAGENTA, COLOUR_CYAN,  COLOUR_DEFAULT};

enum { PARAMETERS_MAX = 16 };

/* By which of red, green and blue matter beside the strongest: orange is yellow. */
static enum colour nearest(unsigned red, unsigned green, unsigned blue)
{
	unsigned most = red > green ? red : green;
	most = most > blue ? most : blue;
	unsigned bar = most * 2;
	unsigned index = (red * 5 >= bar ? 1u : 0u) | (green * 5 >= bar ? 2u : 0u) |
			 (blue * 5 >= bar ? 4u : 0u);
	return most == 0 ? COLOUR_DEFAULT : eight[index];
}

static enum colour of_256(unsigned number)
{
	if (number < 16)
		return eight[number % 8];
	if (number >= 232)
		return COLOUR_DEFAULT;
	number -= 16;
	return nearest(number / 36, number / 6 % 6, number % 6);
}

/* 38 or 48 and what belongs to it; returns how many parameters that were. */
static size_t take_wide(const unsigned *parameters, size_t count, struct style *style)
{
	bool is_text = parameters[0] == 38;
	if (count >= 3 && parameters[1] == 5) {
		if (is_text)
			style->colour = of_256(parameters[2]);
		return 3;
	}
	if (count >= 5 && parameters[1] == 2) {
		if (is_text)
			style->colour = nearest(parameters[2], parameters[3], parameters[4]);
		return 5;
	}
	return count;
}

static void take_one(unsigned number, struct style base, struct style *style)
{
	if (number == 0)
		*style = base;
	else if (number == 1)
		style->is_bold = true;
	else if (number == 2)
		style->is_dim = true;
	else if (number == 4)
		style->is_underlined = true;
	else if (number == 22)
		style->is_bold = style->is_dim = false;
	else if (number == 24)
		style->is_underlined = false;
	else if (number >= 30 && number <= 37)
		style->colour = eight[number - 30];
	else if (number == 39)
		style->colour = base.colour;
	else if (number >= 90 && number <= 97)
		style->colour = eight[number - 90];
}

/* ESC [ … m */
static void take_sequence(const char *text, size_t size, struct style base, struct style *style)
{
	unsigned parameters[PARAMETERS_MAX] = {0};
	size_t count = 1;
	for (size_t i = 2; i + 1 < size; i++) {
		unsigned *last = &parameters[count - 1];
		if (text[i] >= '0' && text[i] <= '9')
			*last = *last < 1000 ? *last * 10 + (unsigned)(text[i] - '0') : *last;
		else if (count < PARAMETERS_MAX)
			count++;
	}
	for (size_t i = 0; i < count;) {
		if (parameters[i] == 38 || parameters[i] == 48)
			i += take_wide(parameters + i, count - i, style);
		else
			take_one(parameters[i++], base, style);
	}
}

bool log_colours_split(const char *text, size_t size, struct style base, struct strbuf *plain,
		       struct colour_run runs[COLOUR_RUNS_MAX], size_t *ret_count)
{
	struct style style = base;
	size_t count = 0, start = 0;
	bool is_coloured = false;
	for (size_t i = 0; i < size;) {
		size_t length = log_colour_sequence(text + i, size - i);
		if (length == 0) {
			i++;
			continue;
		}
		is_coloured = true;
		strbuf_append_bytes(plain, text + start, i - start);
		take_sequence(text + i, length, base, &style);
		if (count < COLOUR_RUNS_MAX)
			runs[count++] = (struct colour_run){.at = plain->size, .style = style};
		i += length;
		start = i;
	}
	if (!is_coloured)
		return false;
	strbuf_append_bytes(plain, text + start, size - start);
	*ret_count = count;
	return true;
}
