/* SPDX-License-Identifier: Apache-2.0 */
/* tui.yml, themes, and what a terminal without UTF-8 is shown. */
#include <locale.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "sample.h"
#include "test.h"
#include "tui/config.h"
#include "tui/draw.h"
#include "tui/glyphs.h"
#include "tui/key.h"

static bool take(const char *text, struct tui_config *config, struct error *err)
{
	return tui_config_read("tui.yml", text, strlen(text), config, err);
}

static void keys_theme_and_mouse_are_read(void **state)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	struct tui_config config;
	(void)state;
	bool is_taken = (take("theme: light\nmouse: no\nkeys:\n  restart: ctrl-t\n  logs: [L, l]\n"
			      "  stop: []\n  page-down: [pgdn, ' ']\n  mark: é\n",
			      &config, &err));
	if (!is_taken)
		fail_msg("%s", err.message);
	assert_int_equal(config.theme, THEME_LIGHT);
	assert_true(config.has_no_mouse);
	const struct bindings *bindings = &config.bindings;
	assert_int_equal(bindings_find(bindings, TUI_KEY_CONTROL('t'), VIEW_PODS)->kind,
			 ACTION_RESTART);
	assert_null(bindings_find(bindings, 'r', VIEW_PODS));
	assert_null(bindings_find(bindings, 'x', VIEW_PODS));
	assert_int_equal(bindings_find(bindings, 'L', VIEW_PODS)->kind, ACTION_LOGS);
	assert_int_equal(bindings_find(bindings, ' ', VIEW_PODS)->kind, ACTION_PAGE_DOWN);
	assert_int_equal(bindings_find(bindings, 0xe9, VIEW_PODS)->kind, ACTION_MARK);
}

static void an_empty_file_changes_nothing(void **state)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	struct tui_config config;
	struct tui_config plain;
	(void)state;
	tui_config_init(&plain);
	assert_true(take("# nothing\n", &config, &err));
	assert_memory_equal(&config, &plain, sizeof(config));
	assert_true(tui_config_load("/nonexistent/tui.yml", &config, &err));
	assert_memory_equal(&config, &plain, sizeof(config));
}

static void what_is_wrong_is_said_with_its_place(void **state)
{
	static const struct {
		const char *text;
		const char *message;
	} cases[] = {
		{"theme: pink\n", "tui.yml:1:8: theme is auto, dark, light or none, not pink"},
		{"mouse: 3\n", "tui.yml:1:8: mouse is true or false"},
		{"colour: red\n", "tui.yml:1:1: 'colour' means nothing here"},
		{"keys: r\n", "tui.yml:1:7: keys has a key"},
		{"keys:\n  restat: r\n", "tui.yml:2:3: no action is called 'restat'"},
		{"keys:\n  restart: abc\n", "tui.yml:2:12: abc is no key"},
		{"keys:\n  restart: ~\n", "tui.yml:2:12: nothing is no key"},
		{"keys:\n  restart: [r, [s]]\n", "tui.yml:2:16: a list is no key"},
		{"keys:\n  restart: [a, b, c, d, e]\n", "tui.yml:2:25: an action has at most 4"},
		{"keys:\n  quit: []\n", "tui.yml:2:9: quit needs a key"},
		{"keys:\n  restart: l\n",
		 "tui.yml:2:12: the key l of restart is that of logs on the same screen"},
		{"keys:\n  logs: r\n",
		 "tui.yml:2:9: the key r of logs is that of restart on the same screen"},
		{"- a\n", "tui.yml:1:1: theme, mouse and keys"},
		{"a: b\n---\nc: d\n", "one document is enough"},
		{"keys: {restart: r\n", "tui.yml:1:7: a '{'"},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO(error_clear) struct error err = ERROR_INIT;
		struct tui_config config = {.theme = THEME_NONE};
		if (take(cases[i].text, &config, &err))
			fail_msg("taken: %s", cases[i].text);
		if (strstr(err.message, cases[i].message) == NULL)
			fail_msg("%s instead of %s", err.message, cases[i].message);
		assert_int_equal(config.theme, THEME_NONE); /* untouched */
	}
}

static void every_key_name_is_read_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < action_count; i++) {
		for (size_t k = 0; k < ACTION_MAX_KEYS && actions[i].keys[k] != 0; k++) {
			AUTO(strbuf_clear) struct strbuf name = STRBUF_INIT;
			unsigned key = actions[i].keys[k];
			if (key == TUI_KEY_WHEEL_UP || key == TUI_KEY_WHEEL_DOWN)
				continue;
			key_name(key, &name);
			assert_int_equal(key_from_name(name.data), key);
		}
	}
}

static void help_and_the_line_of_keys_show_what_is_in_force(void **state)
{
	AUTO(model_clear) struct model model;
	AUTO(canvas_clear) struct canvas canvas;
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	AUTO(error_clear) struct error err = ERROR_INIT;
	struct tui_config config;
	(void)state;
	sample_model(&model, 80, 100);
	assert_true(take("keys: {restart: ctrl-t, shell: []}", &config, &err));
	model.bindings = config.bindings;
	canvas_init(&canvas, 80, 100);
	draw_screen(&canvas, &model);
	canvas_dump(&canvas, &text);
	assert_non_null(strstr(text.data, "^T restart"));
	assert_null(strstr(text.data, "s shell"));
	sample_press(&model, "?");
	strbuf_reset(&text);
	draw_screen(&canvas, &model);
	canvas_dump(&canvas, &text);
	assert_non_null(strstr(text.data, "^T             restart"));
	sample_press(&model, "qs");
	assert_non_null(strstr(model.message, "s does nothing"));
}

/* ---- contrast, as WCAG 2.1 counts it ---- */

static double channel(unsigned value)
{
	double c = value / 255.0;
	return c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4);
}

/* Of a colour of the 256, from 16 on: the cube and the greys are the same on all terminals. */
static double luminance(short colour)
{
	static const unsigned steps[] = {0, 95, 135, 175, 215, 255};
	unsigned cube = (unsigned)colour - 16;
	if (colour >= 232)
		return channel((unsigned)(colour - 232) * 10 + 8);
	return 0.2126 * channel(steps[cube / 36]) + 0.7152 * channel(steps[cube / 6 % 6]) +
	       0.0722 * channel(steps[cube % 6]);
}

static double contrast(double a, double b)
{
	return a > b ? (a + 0.05) / (b + 0.05) : (b + 0.05) / (a + 0.05);
}

static void expect_legible(const struct palette *palette, double background)
{
	for (int i = 0; i < COLOURS; i++) {
		if (palette->text[i] >= 16)
			assert_true(contrast(luminance(palette->text[i]), background) >= 4.4);
		for (int ground = GROUND_BAR; ground <= GROUND_SELECTED; ground++)
			assert_true(contrast(luminance(palette->on_ground[i]),
					     luminance(palette->grounds[ground])) >= 3.0);
	}
	assert_true(contrast(luminance(palette->on_match),
			     luminance(palette->grounds[GROUND_MATCH])) >= 4.5);
}

static void every_colour_can_be_read(void **state)
{
	const struct palette *either = theme_palette(THEME_AUTO, NULL, 256);
	(void)state;
	expect_legible(theme_palette(THEME_DARK, NULL, 256), 0.0);
	expect_legible(theme_palette(THEME_LIGHT, NULL, 256), 1.0);
	expect_legible(either, 0.0);
	expect_legible(either, 1.0);
	assert_int_not_equal(either->text[COLOUR_YELLOW], 3);
	assert_ptr_equal(theme_palette(THEME_AUTO, "0;15", 256),
			 theme_palette(THEME_LIGHT, NULL, 256));
	assert_ptr_equal(theme_palette(THEME_AUTO, "15;default;0", 256),
			 theme_palette(THEME_DARK, NULL, 256));
	assert_ptr_equal(theme_palette(THEME_AUTO, "nonsense", 256), either);
	assert_false(theme_palette(THEME_LIGHT, NULL, 8)->has_grounds);
}

/* Every glyph that the screens draw has one of ASCII. */
static void without_utf8_nothing_but_ascii_is_sent(void **state)
{
	AUTO(model_clear) struct model model;
	AUTO(canvas_clear) struct canvas canvas;
	(void)state;
	sample_model(&model, 40, 140);
	sample_crash_loop(&model);
	canvas_init(&canvas, 40, 140);
	for (int view = 0; view < VIEW_COUNT; view++) {
		model.view = (enum view_kind)view;
		draw_screen(&canvas, &model);
		for (int i = 0; i < canvas.rows * canvas.columns; i++) {
			const char *text = canvas.cells[i].text;
			if (text[0] != '\0' && strcmp(text, "?") != 0 &&
			    strcmp(glyph_ascii(text), "?") == 0)
				fail_msg("nothing stands for %s", text);
		}
	}
	assert_string_equal(glyph_ascii("漢"), "?");
	assert_true(glyphs_need_ascii("ANSI_X3.4-1968", "xterm"));
	assert_true(glyphs_need_ascii("UTF-8", "linux"));
	assert_false(glyphs_need_ascii("UTF-8", "xterm"));
	assert_false(glyphs_need_ascii("UTF-8", NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_theme_and_mouse_are_read),
		cmocka_unit_test(an_empty_file_changes_nothing),
		cmocka_unit_test(what_is_wrong_is_said_with_its_place),
		cmocka_unit_test(every_key_name_is_read_back),
		cmocka_unit_test(help_and_the_line_of_keys_show_what_is_in_force),
		cmocka_unit_test(every_colour_can_be_read),
		cmocka_unit_test(without_utf8_nothing_but_ascii_is_sent),
	};
	(void)setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
