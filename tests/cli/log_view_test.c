/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/log_view.h"

#include <string.h>

#include "base/cleanup.h"

#include "test.h"

static char pod[] = "web";
static char instance[] = "web-0";
static char nginx[] = "nginx";
static char sidecar[] = "proxy";

static struct log_line line_of(const char *text)
{
	return (struct log_line){.sequence = 7,
				 .time_ns = INT64_C(1500000000),
				 .pod = pod,
				 .instance = instance,
				 .container = nginx,
				 .text = text,
				 .size = strlen(text)};
}

static void expect(const struct log_view_options *options, const struct log_line *lines,
		   size_t count, const char *wanted)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	struct log_view *view = log_view_new(options);

	for (size_t i = 0; i < count; i++)
		log_view_append(view, &lines[i], &out);
	log_view_finish(view, &out);
	log_view_free(view);
	assert_string_equal(strbuf_text(&out), wanted);
}

static void lines_have_their_place_before_them(void **state)
{
	const struct log_view_options options = {.has_timestamps = true};
	const struct log_line line = line_of("hello");
	(void)state;
	expect(&options, &line, 1, "web-0/nginx | 1970-01-01T00:00:01.500000Z hello\n");
}

static void control_sequences_are_shown_and_colours_dropped_without_colour(void **state)
{
	const struct log_view_options options = {.no_prefix = true};
	const struct log_line line = line_of("\x1b[31mred\x1b[0m \x1b[2J\x1b]0;title\x07\r");
	(void)state;
	expect(&options, &line, 1, "red \\x1b[2J\\x1b]0;title\\x07\n");
}

static void colours_pass_with_colour_and_end_with_the_line(void **state)
{
	const struct log_view_options options = {.no_prefix = true, .is_colored = true};
	const struct log_line line = line_of("\x1b[31mred\x1b[2J");
	(void)state;
	expect(&options, &line, 1, "\x1b[31mred\\x1b[2J\x1b[0m\n");
}

/* Two streams write long lines, which come in pieces that are merged by time. */
static void no_line_is_cut_by_another_stream(void **state)
{
	const struct log_view_options options = {0};
	struct log_line lines[6] = {line_of("out1 "), line_of("err1 "), line_of("out2 "),
				    line_of("whole"), line_of("err2"),	line_of("out3")};
	(void)state;
	lines[0].is_partial = lines[1].is_partial = lines[2].is_partial = true;
	lines[1].source = lines[4].source = 1;
	lines[3].container = sidecar;
	expect(&options, lines, 6,
	       "web-0/proxy | whole\nweb-0/nginx | err1 err2\nweb-0/nginx | out1 out2 out3\n");
}

static void a_prompt_is_shown_and_goes_on(void **state)
{
	const struct log_view_options options = {0};
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	struct log_view *view = log_view_new(&options);
	struct log_line prompt = line_of("name: "), answer = line_of("me"), other = line_of("x");
	(void)state;
	prompt.is_partial = true;
	other.container = sidecar;
	log_view_append(view, &prompt, &out);
	assert_string_equal(strbuf_text(&out), "");
	log_view_show_held(view, &out);
	log_view_show_held(view, &out);
	assert_string_equal(strbuf_text(&out), "web-0/nginx | name: ");
	log_view_append(view, &answer, &out);
	log_view_append(view, &prompt, &out);
	log_view_show_held(view, &out);
	log_view_append(view, &other, &out);
	log_view_append(view, &answer, &out);
	log_view_finish(view, &out);
	log_view_free(view);
	assert_string_equal(strbuf_text(&out),
			    "web-0/nginx | name: me\nweb-0/nginx | name: \nweb-0/proxy | x\n"
			    "web-0/nginx | me\n");
}

static void a_loss_ends_what_was_held(void **state)
{
	const struct log_view_options options = {.no_prefix = true};
	struct log_line lines[2] = {line_of("begun"), line_of("after")};
	(void)state;
	lines[0].is_partial = true;
	lines[1].lost_before = 3;
	expect(&options, lines, 2, "begun\n[3 lines were lost here]\nafter\n");
}

static void partial_lines_go_on_when_another_comes_between(void **state)
{
	const struct log_view_options options = {0};
	struct log_line lines[4] = {line_of("one "), line_of("line"), line_of("a half"),
				    line_of("other")};
	(void)state;
	lines[0].is_partial = true;
	lines[2].is_partial = true;
	lines[3].container = sidecar;
	expect(&options, lines, 4,
	       "web-0/nginx | one line\nweb-0/proxy | other\nweb-0/nginx | a half\n");
}

static void losses_are_said_before_the_line(void **state)
{
	const struct log_view_options options = {0};
	struct log_line line = line_of("after");
	(void)state;
	line.lost_before = 12;
	expect(&options, &line, 1,
	       "web-0/nginx | [12 lines were lost here]\nweb-0/nginx | after\n");
}

static void json_lines_carry_everything(void **state)
{
	const struct log_view_options options = {.is_json = true};
	struct log_line line = line_of("a \"b\"\xff");
	(void)state;
	line.source = 1;
	line.run = 2;
	line.lost_before = 3;
	expect(&options, &line, 1,
	       "{\"sequence\":7,\"time\":\"1970-01-01T00:00:01.500000000Z\",\"pod\":\"web\","
	       "\"instance\":\"web-0\",\"container\":\"nginx\",\"stream\":\"stderr\",\"run\":2,"
	       "\"text\":\"a \\\"b\\\"\xef\xbf\xbd\",\"lostBefore\":3}\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_have_their_place_before_them),
		cmocka_unit_test(control_sequences_are_shown_and_colours_dropped_without_colour),
		cmocka_unit_test(colours_pass_with_colour_and_end_with_the_line),
		cmocka_unit_test(partial_lines_go_on_when_another_comes_between),
		cmocka_unit_test(no_line_is_cut_by_another_stream),
		cmocka_unit_test(a_prompt_is_shown_and_goes_on),
		cmocka_unit_test(a_loss_ends_what_was_held),
		cmocka_unit_test(losses_are_said_before_the_line),
		cmocka_unit_test(json_lines_carry_everything),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
