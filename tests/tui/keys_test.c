/* SPDX-License-Identifier: Apache-2.0 */
/* What keys, clicks and answers do to the model. */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "sample.h"
#include "test.h"
#include "tui/draw.h"
#include "tui/keys_document.h"
#include "tui/log_json.h"
#include "tui/table.h"
#include "tui/update.h"

static char *screen_of(const struct model *model)
{
	AUTO(canvas_clear) struct canvas canvas;
	struct strbuf text = STRBUF_INIT;
	canvas_init(&canvas, model->rows, model->columns);
	draw_screen(&canvas, model);
	canvas_dump(&canvas, &text);
	return strbuf_take(&text);
}

static void expect(const struct model *model, const char *text)
{
	AUTO_FREE char *screen = screen_of(model);
	if (strstr(screen, text) == NULL)
		fail_msg("'%s' is not on the screen:\n%s", text, screen);
}

static void expect_no(const struct model *model, const char *text)
{
	AUTO_FREE char *screen = screen_of(model);
	if (strstr(screen, text) != NULL)
		fail_msg("'%s' is on the screen:\n%s", text, screen);
}

static void drop_effects(struct model *model)
{
	struct effect effect = {0};
	while (model_take_effect(model, &effect))
		effect_clear(&effect);
}

/* The next effect must be a command; its words joined. */
static char *next_command(struct model *model, enum effect_kind kind)
{
	AUTO(effect_clear) struct effect effect = {0};
	assert_true(model_take_effect(model, &effect));
	assert_int_equal(effect.kind, kind);
	return string_list_join(&effect.argv, " ");
}

static void every_list_is_filtered_sorted_and_searched(void **state)
{
	AUTO(model_clear) struct model model;
	(void)state;
	sample_model(&model, 24, 130);
	sample_press(&model, "2&admin\r");
	expect(&model, "1 of 3 match /admin/");
	expect_no(&model, "8053");
	sample_press(&model, "\x1b");
	expect(&model, "8053");
	sample_press(&model, ">");
	expect(&model, "by SERVICE");
	sample_press(&model, "I");
	expect(&model, "by SERVICE reversed");
	sample_press(&model, "gI/dns\r");
	AUTO(table_clear) struct table table;
	table_make(&table, &model, VIEW_SERVICES);
	assert_string_equal(table.rows[0].fields[0].text, "admin");
	assert_string_equal(table.rows[model.lists[VIEW_SERVICES].selected].fields[0].text, "dns");
	sample_press(&model, "6&ready\r");
	expect(&model, "after 4.15 s");
	expect_no(&model, "VM defined");
}

static void numbers_are_sorted_by_size_and_back_again(void **state)
{
	AUTO(model_clear) struct model model;
	(void)state;
	sample_model(&model, 24, 130);
	while (model.lists[VIEW_PODS].sort_column !=
	       8) /* MEM: POD STATE READY RESTARTS EXIT AGE CPU */
		sample_press(&model, ">");
	AUTO(table_clear) struct table table;
	table_make(&table, &model, VIEW_PODS);
	assert_string_equal(table.rows[0].key, "db-0");
	assert_string_equal(table.rows[1].key, "web-0");
	sample_press(&model, "<<<<<<<<");
	assert_int_equal(model.lists[VIEW_PODS].sort_column, 0);
}

static void the_plan_is_shown_before_promote_is_asked_about(void **state)
{
	AUTO(model_clear) struct model model;
	(void)state;
	sample_model(&model, 24, 100);
	drop_effects(&model);
	sample_press(&model, "P");
	AUTO_FREE char *plan = next_command(&model, EFFECT_RUN);
	assert_string_equal(plan, "-p shop -C /home/anna/shop promote -e environment.yml --plan");
	assert_int_equal(model.prompt.kind, PROMPT_NONE);
	model_update(&model, &(struct event){.kind = EVENT_JOB_STARTED, .number = 1, .text = plan});
	model_update(&model, &(struct event){.kind = EVENT_JOB_LINE,
					     .number = 1,
					     .text = "+ AutoScalingGroup web"});
	expect(&model, "+ AutoScalingGroup web");
	assert_int_equal(model.prompt.kind, PROMPT_NONE);
	model_update(&model, &(struct event){.kind = EVENT_JOB_ENDED, .number = 1});
	expect(&model, "promote this plan? (y/n)");
	expect(&model, "i2kit -p shop -C /home/anna/shop promote -e environment.yml --yes");
	sample_press(&model, "y");
	AUTO_FREE char *command = next_command(&model, EFFECT_RUN);
	assert_string_equal(command, "-p shop -C /home/anna/shop promote -e environment.yml --yes");
}

static void a_plan_that_fails_asks_nothing(void **state)
{
	AUTO(model_clear) struct model model;
	(void)state;
	sample_model(&model, 24, 100);
	sample_press(&model, "5R3\r");
	model_update(&model,
		     &(struct event){.kind = EVENT_JOB_STARTED, .number = 4, .text = "plan"});
	model_update(&model,
		     &(struct event){.kind = EVENT_JOB_ENDED, .number = 4, .exit_status = 1});
	assert_int_equal(model.prompt.kind, PROMPT_NONE);
	expect(&model, "failed with 1");
}

static void the_cloud_is_compared_with_what_runs_here(void **state)
{
	AUTO(model_clear) struct model model;
	AUTO(strbuf_clear) struct strbuf json = STRBUF_INIT;
	(void)state;
	sample_model(&model, 24, 120);
	sample_press(&model, "5");
	expect(&model, "asking");
	strbuf_appendf(&json,
		       "{\"stack\":\"i2kit-shop\",\"state\":\"UPDATE_COMPLETE\",\"addresses\":{"
		       "\"web\":\"http://lb.example\"},\"pods\":["
		       "{\"name\":\"web\",\"imageDigest\":\"%s\",\"configDigest\":\"%s\","
		       "\"receipt\":\"ready 2/2 tcg\"},"
		       "{\"name\":\"db\",\"imageDigest\":\"sha256:1111111222\",\"configDigest\":"
		       "\"sha256:22\",\"receipt\":\"ready 1/1 tcg\"},"
		       "{\"name\":\"old\",\"imageDigest\":\"sha256:3333333\",\"configDigest\":"
		       "\"sha256:22\",\"receipt\":\"none\"}],"
		       "\"instances\":[{\"id\":\"i-1\",\"pod\":\"web\",\"state\":\"running\"},"
		       "{\"id\":\"i-2\",\"pod\":\"web\",\"state\":\"pending\"}]}",
		       DIGEST_TEXT(&sample_status.instances[0].release.image),
		       DIGEST_TEXT(&sample_status.instances[0].release.config));
	model_update(&model,
		     &(struct event){.kind = EVENT_ANSWER, .ask = ASK_STATUS, .text = json.data});
	model_update(&model, &(struct event){.kind = EVENT_ANSWER,
					     .ask = ASK_RELEASES,
					     .text = "[{\"release\":3,\"timeNs\":1,\"by\":\"anna\","
						     "\"pods\":[{\"name\":\"web\",\"imageDigest\":"
						     "\"sha256:3f2a9c0\",\"configDigest\":"
						     "\"sha256:77b1\"}]}]"});
	expect(&model, "= same");
	expect(&model, "> older there");
	expect(&model, "- only there");
	expect(&model, "+ only here");
	expect(&model, "1/2 running");
	expect(&model, "stack i2kit-shop: UPDATE_COMPLETE");
	expect(&model, "anna");
}

static void a_paused_log_stays_where_it_is(void **state)
{
	AUTO(model_clear) struct model model;
	(void)state;
	sample_model(&model, 24, 100);
	sample_press(&model, "3");
	for (uint64_t i = 1; i <= 100; i++)
		sample_log(&model, i, "web", "main", 0, i == 50 ? "the fiftieth" : "a line");
	sample_press(&model, "/fiftieth\r");
	expect(&model, "the fiftieth");
	for (uint64_t i = 101; i <= 20000; i++)
		sample_log(&model, i, "web", "main", 0, "more");
	expect(&model, "the fiftieth");
	expect(&model, "paused");
	assert_true(model.logs.is_newest_cut);
	drop_effects(&model);
	sample_press(&model, "f"); /* what is no longer in memory is read from the store */
	AUTO(effect_clear) struct effect effect = {0};
	assert_true(model_take_effect(&model, &effect));
	assert_int_equal(effect.kind, EFFECT_LOGS_OPEN);
}

static void a_search_goes_on_in_the_store(void **state)
{
	AUTO(model_clear) struct model model;
	struct effect effect = {0};
	(void)state;
	sample_model(&model, 24, 100);
	sample_press(&model, "3");
	sample_log(&model, 500, "web", "main", 0, "new");
	drop_effects(&model);
	sample_press(&model, "/needle\r");
	assert_true(model_take_effect(&model, &effect));
	assert_int_equal(effect.kind, EFFECT_LOGS_OLDER);
	struct log_line line = {.sequence = 10,
				.pod = (char[]){"web"},
				.instance = (char[]){"web-0"},
				.container = (char[]){"main"},
				.text = "a needle",
				.size = 8};
	model_update(&model, &(struct event){.kind = EVENT_LOG_OLDER, .line = &line});
	model_update(&model, &(struct event){.kind = EVENT_LOG_OLDER_DONE, .number = 1});
	assert_int_equal(model.log_cursor, 0);
	expect(&model, ">web-0/main │ a needle");
	assert_false(model.search_goes_on);
	/* Nothing passed and there is more: it goes on by itself; at the end it says so. */
	sample_press(&model, "n");
	assert_true(model_take_effect(&model, &effect));
	model_update(&model, &(struct event){.kind = EVENT_LOG_OLDER_DONE, .number = 0});
	assert_true(model_take_effect(&model, &effect));
	assert_int_equal(effect.kind, EFFECT_LOGS_OLDER);
	model_update(&model, &(struct event){.kind = EVENT_LOG_OLDER_DONE, .is_end = true});
	expect(&model, "no earlier match for needle");
}

static void the_first_pods_of_a_log_have_colours_of_their_own(void **state)
{
	static const char *const pods[] = {"vote", "result", "worker", "db", "redis", "web"};
	AUTO(model_clear) struct model model;
	unsigned seen = 0;
	(void)state;
	sample_model(&model, 24, 100);
	sample_press(&model, "3");
	for (size_t i = 0; i < ARRAY_SIZE(pods); i++)
		sample_log(&model, i + 1, pods[i], "main", 0, "a line");
	for (size_t i = 0; i < ARRAY_SIZE(pods); i++)
		seen |= 1U << log_window_line(&model.logs, i)->colour;
	assert_int_equal(seen, 0x3f);
}

static void json_lines_show_level_and_message(void **state)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	enum log_level_kind level = LOG_IS_NONE;
	static const char pino[] = "{\"level\":50,\"time\":1,\"msg\":\"no db\",\"tries\":3}";
	static const char other[] = "{\"hello\":\"world\"}";
	(void)state;
	assert_true(log_json_summary(pino, strlen(pino), &out, &level));
	assert_string_equal(out.data, "ERROR no db  tries=3");
	assert_int_equal(level, LOG_IS_ERROR);
	strbuf_reset(&out);
	assert_false(log_json_summary(other, strlen(other), &out, &level));
	assert_false(log_json_summary("[1]", 3, &out, &level));
	assert_true(log_json_indent(other, strlen(other), &out));
	assert_string_equal(out.data, "{\n  \"hello\": \"world\"\n}");
}

static void running_work_is_asked_about_before_leaving(void **state)
{
	AUTO(model_clear) struct model model;
	AUTO(effect_clear) struct effect effect = {0};
	(void)state;
	sample_model(&model, 24, 80);
	drop_effects(&model);
	model_update(&model, &(struct event){.kind = EVENT_JOB_STARTED, .number = 1, .text = "x"});
	sample_press(&model, "q");
	assert_false(model_take_effect(&model, &effect));
	expect(&model, "leave? (y/n)");
	sample_press(&model, "nj");
	sample_press(&model, "qy");
	drop_effects(&model);
	model_update(&model, &(struct event){.kind = EVENT_JOB_ENDED, .number = 1});
	sample_press(&model, "q");
	assert_true(model_take_effect(&model, &effect));
	assert_int_equal(effect.kind, EFFECT_QUIT);
}

static void click(struct model *model, int row, int column)
{
	model_update(model, &(struct event){.kind = EVENT_CLICK, .row = row, .column = column});
}

static void the_mouse_selects_opens_and_changes_screens(void **state)
{
	AUTO(model_clear) struct model model;
	(void)state;
	sample_model(&model, 24, 100);
	click(&model, FIRST_BODY_ROW + 2, 10);
	assert_int_equal(model.lists[VIEW_PODS].selected, 1);
	click(&model, FIRST_BODY_ROW + 2, 10);
	assert_int_equal(model.view, VIEW_POD);
	click(&model, TABS_ROW, 12);
	assert_int_equal(model.view, VIEW_SERVICES);
	click(&model, 23, 3); /* "Enter open" in the line of keys */
	assert_int_equal(model.view, VIEW_POD);
	click(&model, 200, 200);
	click(&model, -1, -1);
}

static void the_man_page_has_every_action(void **state)
{
	AUTO_FREE char *document = tui_keys_document();
	(void)state;
	for (size_t i = 0; i < action_count; i++) {
		AUTO(strbuf_clear) struct strbuf name = STRBUF_INIT;
		for (const char *c = actions[i].name; *c != '\0'; c++)
			strbuf_appendf(&name, *c == '-' ? "\\%c" : "%c", *c);
		strbuf_append(&name, "*\n");
		assert_non_null(strstr(document, name.data));
	}
}

static void a_page_stops_at_its_end(void **state)
{
	AUTO(model_clear) struct model model;
	(void)state;
	sample_model(&model, 24, 100);
	sample_press(&model, "j\rG");
	expect(&model, "connection refused");
	size_t last = model.lists[VIEW_POD].top;
	sample_press(&model, "k");
	assert_int_equal(model.lists[VIEW_POD].top, last - 1);
	sample_press(&model, "g");
	expect(&model, "● Ready");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_list_is_filtered_sorted_and_searched),
		cmocka_unit_test(numbers_are_sorted_by_size_and_back_again),
		cmocka_unit_test(the_plan_is_shown_before_promote_is_asked_about),
		cmocka_unit_test(a_plan_that_fails_asks_nothing),
		cmocka_unit_test(the_cloud_is_compared_with_what_runs_here),
		cmocka_unit_test(a_paused_log_stays_where_it_is),
		cmocka_unit_test(a_search_goes_on_in_the_store),
		cmocka_unit_test(the_first_pods_of_a_log_have_colours_of_their_own),
		cmocka_unit_test(json_lines_show_level_and_message),
		cmocka_unit_test(running_work_is_asked_about_before_leaving),
		cmocka_unit_test(the_mouse_selects_opens_and_changes_screens),
		cmocka_unit_test(the_man_page_has_every_action),
		cmocka_unit_test(a_page_stops_at_its_end),
	};
	(void)setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
