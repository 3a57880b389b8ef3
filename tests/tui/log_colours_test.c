/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/log_colours.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "test.h"

static struct colour_run runs[COLOUR_RUNS_MAX];

static size_t split(const char *text, struct strbuf *plain)
{
	size_t count = 0;
	assert_true(log_colours_split(text, strlen(text), STYLE_DIM, plain, runs, &count));
	return count;
}

static void the_text_is_plain_and_the_colours_are_where_they_were(void **state)
{
	AUTO(strbuf_clear) struct strbuf plain = STRBUF_INIT;
	(void)state;
	assert_int_equal(split("\x1b[32mINFO\x1b[0m  ready in \x1b[1m312\x1b[22m ms", &plain), 4);
	assert_string_equal(plain.data, "INFO  ready in 312 ms");
	assert_int_equal(runs[0].at, 0);
	assert_int_equal(runs[0].style.colour, COLOUR_GREEN);
	assert_int_equal(runs[1].at, 4);
	assert_int_equal(runs[1].style.colour, COLOUR_DEFAULT);
	assert_true(runs[1].style.is_dim); /* what it was before */
	assert_int_equal(runs[2].at, strlen("INFO  ready in "));
	assert_true(runs[2].style.is_bold);
	assert_false(runs[3].style.is_bold);
}

static void many_colours_become_the_nearest_of_few(void **state)
{
	static const struct {
		const char *text;
		enum colour colour;
	} cases[] = {
		{"\x1b[38;5;208mx", COLOUR_YELLOW},	 {"\x1b[38;5;196mx", COLOUR_RED},
		{"\x1b[38;5;9mx", COLOUR_RED},		 {"\x1b[38;5;240mx", COLOUR_DEFAULT},
		{"\x1b[38;2;0;200;0mx", COLOUR_GREEN},	 {"\x1b[1;94mx", COLOUR_BLUE},
		{"\x1b[48;5;196mx", COLOUR_DEFAULT},	 {"\x1b[48;2;1;2;31;36mx", COLOUR_CYAN},
		{"\x1b[31;39mx", COLOUR_DEFAULT},	 {"\x1b[mx", COLOUR_DEFAULT},
		{"\x1b[38mx", COLOUR_DEFAULT},		 {"\x1b[38;5mx", COLOUR_DEFAULT},
		{"\x1b[999999999999mx", COLOUR_DEFAULT},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO(strbuf_clear) struct strbuf plain = STRBUF_INIT;
		size_t count = split(cases[i].text, &plain);
		assert_string_equal(plain.data, "x");
		if (runs[count - 1].style.colour != cases[i].colour)
			fail_msg("%s", cases[i].text + 1);
	}
}

static void what_is_no_colour_stays(void **state)
{
	static const char *const texts[] = {
		"plain",   "\x1b[2J",
		"\x1b[31", "\x1b]0;title\x07",
		"",	   "\x1b[1;2;3;4;5;6;7;8;9;10;11;12;13;14;15;16m"};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		AUTO(strbuf_clear) struct strbuf plain = STRBUF_INIT;
		size_t count;
		assert_false(log_colours_split(texts[i], strlen(texts[i]), STYLE_NORMAL, &plain,
					       runs, &count));
		assert_int_equal(plain.size, 0);
	}
}

static void more_colours_than_there_is_room_for_are_harmless(void **state)
{
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	AUTO(strbuf_clear) struct strbuf plain = STRBUF_INIT;
	(void)state;
	for (int i = 0; i < 1000; i++)
		strbuf_append(&text, "\x1b[31mx");
	assert_int_equal(split(text.data, &plain), COLOUR_RUNS_MAX);
	assert_int_equal(plain.size, 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_text_is_plain_and_the_colours_are_where_they_were),
		cmocka_unit_test(many_colours_become_the_nearest_of_few),
		cmocka_unit_test(what_is_no_colour_stays),
		cmocka_unit_test(more_colours_than_there_is_room_for_are_harmless),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
