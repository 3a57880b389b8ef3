/* SPDX-License-Identifier: Apache-2.0 */
/* What keys start, ask and answer. */
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "sample.h"
#include "test.h"
#include "tui/draw.h"
#include "tui/key.h"
#include "tui/keys.h"
#include "tui/table.h"
#include "tui/update.h"
#include "tui/view_logs.h"

static char *screen_text(const struct model *model)
{
	AUTO(canvas_clear) struct canvas canvas;
	struct strbuf text = STRBUF_INIT;
	canvas_init(&canvas, model->rows, model->columns);
	draw_screen(&canvas, model);
	canvas_dump(&canvas, &text);
	return strbuf_take(&text);
}

static void expect(const struct model *model, const char *wanted)
{
	AUTO_FREE char *text = screen_text(model);
	if (strstr(text, wanted) == NULL)
		fail_msg("no '%s' on:\n%s", wanted, text);
}

static void expect_no(const struct model *model, const char *unwanted)
{
	AUTO_FREE char *text = screen_text(model);
	if (strstr(text, unwanted) != NULL)
		fail_msg("'%s' is on:\n%s", unwanted, text);
}

/* The next effect's command line; "" where there is none. */
static char *next_command(struct model *model, enum effect_kind kind)
{
	AUTO(effect_clear) struct effect effect = {0};
	struct strbuf text = STRBUF_INIT;
	if (!model_take_effect(model, &effect))
		return strbuf_take(&text);
	assert_int_equal(effect.kind, kind);
	action_command_line(&effect.argv, &text);
	return strbuf_take(&text);
}

static void press_key(struct model *model, unsigned key)
{
	model_update(model, &(struct event){.kind = EVENT_KEY, .key = key});
}

static void an_unknown_key_says_where_the_keys_are(void **state)
{
	AUTO(model_clear) struct model model;
	(void)state;
	sample_model(&model, 24, 80);
	sample_press(&model, "Z");
	expect(&model, "Z does nothing on this screen; ? shows the keys");
	sample_press(&model, "j");
	expect_no(&model, "does nothing");
	press_key(&model, TUI_KEY_WHEEL_UP);
	expect_no(&model, "does nothing");
}

/* Whatever stops or replaces something: nothing happens before a y, and its command is shown. */
static void all_that_stops_is_asked_about(void **state)
{
	static const struct {
		const char *keys;
		const char *command;
	} acts[] = {
		{"r", "i2kit -p shop restart web-0"},  {"x", "i2kit -p shop scale web=0"},
		{"D", "i2kit -p shop down"},	       {"S1\r", "i2kit -p shop scale web=1"},
		{"S0\r", "i2kit -p shop scale web=0"}, {"b", "i2kit -p shop up -d /home/anna/shop"},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(acts); i++) {
		AUTO(model_clear) struct model model;
		sample_model(&model, 24, 100);
		sample_press(&model, "j");
		sample_press(&model, acts[i].keys);
		expect(&model, "(y/n)");
		expect(&model, acts[i].command);
		AUTO_FREE char *early = next_command(&model, EFFECT_RUN);
		assert_string_equal(early, "");
		sample_press(&model, "y");
		AUTO_FREE char *command = next_command(&model, EFFECT_RUN);
		assert_string_equal(command, acts[i].command);
	}
}

static void a_cron_job_has_acts_of_its_own(void **state)
{
	static const struct {
		const char *key;
		const char *command;
	} acts[] = {{"r", "i2kit -p shop start report"}, {"x", "i2kit -p shop stop report"}};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(acts); i++) {
		AUTO(model_clear) struct model model;
		sample_model(&model, 24, 100);
		model_update(&model, &(struct event){.kind = EVENT_STATUS, .status = &sample_jobs});
		sample_press(&model, "g");
		sample_press(&model, acts[i].key);
		expect(&model, "(y/n)");
		sample_press(&model, "y");
		AUTO_FREE char *command = next_command(&model, EFFECT_RUN);
		assert_string_equal(command, acts[i].command);
	}
}

static void more_replicas_are_not_asked_about(void **state)
{
	AUTO(model_clear) struct model model;
	(void)state;
	sample_model(&model, 24, 100);
	sample_press(&model, "jS3\r");
	AUTO_FREE char *command = next_command(&model, EFFECT_RUN);
	assert_string_equal(command, "i2kit -p shop scale web=3");
}

static void cancelling_is_asked_about(void **state)
{
	AUTO(model_clear) struct model model;
	AUTO(effect_clear) struct effect effect = {0};
	(void)state;
	sample_model(&model, 24, 100);
	model_update(&model, &(struct event){.kind = EVENT_JOB_STARTED,
					     .number = 4,
					     .text = "i2kit -p shop promote"});
	press_key(&model, TUI_KEY_CONTROL('k'));
	expect(&model, "cancel? (y/n)  i2kit -p shop promote");
	assert_false(model_take_effect(&model, &effect));
	sample_press(&model, "y");
	assert_true(model_take_effect(&model, &effect));
	assert_int_equal(effect.kind, EFFECT_CANCEL_JOB);
	assert_int_equal(effect.number, 4);
}

static void a_long_command_is_shown_whole(void **state)
{
	AUTO(model_clear) struct model model;
	char folder[] = "/home/anna/a/folder/whose/name/is/longer/than/the/screen";
	struct project_status status = sample_status;
	(void)state;
	sample_model(&model, 12, 40);
	status.folder = folder;
	model_update(&model, &(struct event){.kind = EVENT_STATUS, .status = &status});
	sample_press(&model, "b");
	expect(&model, "i2kit -p shop up -d");
	expect(&model, "longer/than/the/scre\n  en\n build");
}

static void tab_completes_an_action(void **state)
{
	AUTO(model_clear) struct model model;
	(void)state;
	sample_model(&model, 24, 80);
	sample_press(&model, ":serv\t");
	expect(&model, ":services");
	sample_press(&model, "\r");
	assert_int_equal(model.view, VIEW_SERVICES);
	sample_press(&model, "1:se"); /* services, search … */
	press_key(&model, TUI_KEY_ARROW_DOWN);
	sample_press(&model, "\r");
	assert_int_equal(model.view, VIEW_SERVICES);
	sample_press(&model, "1:s\r");
	expect(&model, "beginning of several");
	sample_press(&model, ":\r");
	expect_no(&model, "several");
}

static void a_shell_asks_in_which_container(void **state)
{
	AUTO(model_clear) struct model model;
	(void)state;
	sample_model(&model, 24, 80);
	sample_press(&model, "js");
	expect(&model, "a shell in:");
	assert_int_equal(model.prompt.choice_count, 2); /* not the init container that ended */
	sample_press(&model, "exp\t\r");
	AUTO_FREE char *command = next_command(&model, EFFECT_FOREGROUND);
	assert_string_equal(command, "i2kit -p shop exec -it -c exporter web-0 /bin/sh");
	sample_press(&model, "s\r"); /* the first is chosen */
	AUTO_FREE char *first = next_command(&model, EFFECT_FOREGROUND);
	assert_string_equal(first, "i2kit -p shop exec -it -c nginx web-0 /bin/sh");
	sample_press(&model, "ks"); /* db-0 says nothing of containers: nothing to choose */
	AUTO_FREE char *only = next_command(&model, EFFECT_FOREGROUND);
	assert_string_equal(only, "i2kit -p shop exec -it db-0 /bin/sh");
	assert_int_equal(model.prompt.kind, PROMPT_NONE);
}

static void logs_offer_the_containers_they_are_of(void **state)
{
	AUTO(model_clear) struct model model;
	(void)state;
	sample_model(&model, 24, 80);
	sample_press(&model, "jlc");
	expect(&model, "all of them");
	expect(&model, "migrate");
	sample_press(&model, "ngi\t\r");
	assert_string_equal(model.logs.container, "nginx");
	sample_press(&model, "c\r");
	assert_null(model.logs.container);
}

static void logs_scroll_sideways(void **state)
{
	AUTO(model_clear) struct model model;
	(void)state;
	sample_model(&model, 24, 60);
	sample_press(&model, "3");
	sample_log(&model, 1, "web", "main", 0,
		   "the beginning of a line ................. its end");
	expect(&model, "the beginning");
	press_key(&model, TUI_KEY_ARROW_RIGHT);
	expect_no(&model, "the beginning");
	expect(&model, "its end");
	sample_press(&model, "h");
	expect(&model, "the beginning");
	sample_press(&model, "wl");
	expect(&model, "lines are wrapped");
}

static void a_line_is_opened_and_copied(void **state)
{
	AUTO(model_clear) struct model model;
	struct effect effect = {0};
	(void)state;
	sample_model(&model, 24, 80);
	sample_press(&model, "3");
	sample_log(&model, 1, "web", "main", 0, "the line");
	sample_press(&model, "\r");
	assert_int_equal(model.view, VIEW_LINE);
	expect(&model, "stream");
	sample_press(&model, "q");
	while (model_take_effect(&model, &effect))
		effect_clear(&effect);
	sample_press(&model, "y");
	assert_true(model_take_effect(&model, &effect));
	assert_int_equal(effect.kind, EFFECT_COPY);
	assert_string_equal(effect.text, "the line");
	effect_clear(&effect);
}

/* An action without anybody who does it would be a key that does nothing and says nothing. */
static void every_action_does_something(void **state)
{
	(void)state;
	for (size_t i = 0; i < action_count; i++) {
		for (int view = 0; view < VIEW_COUNT; view++) {
			AUTO(model_clear) struct model model;
			if ((actions[i].views & IN_VIEW(view)) == 0 ||
			    actions[i].kind == ACTION_REFRESH)
				continue;
			sample_model(&model, 24, 80);
			if (view == VIEW_ABOUT)
				sample_press(&model, "jy");
			else
				model.view = (enum view_kind)view;
			assert_true(keys_do(&model, &actions[i], 0));
		}
	}
}

/* The columns stand where they stood, whatever their cells say. */
static void columns_stay_where_they_are(void **state)
{
	AUTO(model_clear) struct model model;
	int before[TABLE_COLUMNS];
	int after[TABLE_COLUMNS];
	(void)state;
	sample_model(&model, 24, 120);
	AUTO(table_clear) struct table calm;
	table_make(&calm, &model, VIEW_PODS);
	int gap = table_layout(&calm, 117, before);
	sample_crash_loop(&model);
	sample_press(&model, "&db\r");
	AUTO(table_clear) struct table looping;
	table_make(&looping, &model, VIEW_PODS);
	assert_int_equal(table_layout(&looping, 117, after), gap);
	assert_memory_equal(before, after, sizeof(before));
}

static void a_crash_loop_shows_its_exit_code(void **state)
{
	AUTO(model_clear) struct model model;
	(void)state;
	for (int columns = 40; columns <= 200; columns += 20) {
		sample_model(&model, 24, columns);
		sample_crash_loop(&model);
		expect(&model, "CrashLoopBackOff");
		expect(&model, " 137");
		expect(&model, "web-0");
		if (columns < 200)
			model_clear(&model);
	}
}

static void a_filter_may_be_turned_round(void **state)
{
	AUTO(model_clear) struct model model;
	(void)state;
	sample_model(&model, 24, 80);
	sample_press(&model, "&!web|worker\r");
	expect(&model, "1 of 4 match /!web|worker/");
	expect(&model, "db-0");
	expect_no(&model, "web-0");
	sample_press(&model, "3&!debug\r");
	sample_log(&model, 1, "web", "main", 0, "a debug line");
	sample_log(&model, 2, "web", "main", 0, "another line");
	expect_no(&model, "a debug line");
	expect(&model, "another line");
	sample_press(&model, "&!(\r");
	expect(&model, "not a regular expression");
}

static void a_mark_stands_between_old_and_new_lines(void **state)
{
	AUTO(model_clear) struct model model;
	(void)state;
	sample_model(&model, 24, 80);
	sample_press(&model, "3");
	sample_log(&model, 1, "web", "main", 0, "old");
	sample_press(&model, "m");
	expect(&model, "stands below a line");
	assert_int_equal(view_log_rows(&model, 0), 1);
	sample_log(&model, 2, "web", "main", 0, "new");
	assert_int_equal(view_log_rows(&model, 1), 2);
	expect(&model, " ───────────");
	sample_press(&model, "C");
	assert_int_equal(model.logs.since_ns, model.now_ns);
}

static void files_are_copied_by_cp(void **state)
{
	AUTO(model_clear) struct model model;
	(void)state;
	sample_model(&model, 24, 80);
	sample_press(&model, "jt");
	expect(&model, "copy FROM TO: web-0:/");
	sample_press(&model, "etc/hosts\r");
	expect(&model, "two names");
	sample_press(&model, "tetc/hosts hosts\r");
	AUTO_FREE char *command = next_command(&model, EFFECT_RUN);
	assert_string_equal(command, "i2kit -p shop cp web-0:/etc/hosts hosts");
}

/* ---- all projects ---- */

static void open_projects(struct model *model, struct string_list *names)
{
	struct project_status mail = sample_status;

	sample_press(model, "0");
	expect(model, "looking for projects");
	string_list_add(names, "mail");
	string_list_add(names, "old");
	string_list_add(names, "shop");
	model_update(model, &(struct event){.kind = EVENT_PROJECTS, .names = names});
	mail.instance_count = 1;
	mail.pod_count = 1;
	model_update(model,
		     &(struct event){.kind = EVENT_OTHER_STATUS, .text = "mail", .status = &mail});
	model_update(model, &(struct event){.kind = EVENT_OTHER_STATUS,
					    .text = "shop",
					    .status = &sample_status});
	model_update(model, &(struct event){.kind = EVENT_OTHER_STATUS,
					    .text = "old",
					    .problem = "nobody answers"});
	model_update(
		model,
		&(struct event){.kind = EVENT_OTHER_STATUS, .text = "unknown", .status = &mail});
}

static void all_projects_are_on_one_screen(void **state)
{
	AUTO(model_clear) struct model model;
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;
	(void)state;
	sample_model(&model, 30, 120);
	open_projects(&model, &names);
	assert_int_equal(model_list_size(&model, VIEW_PROJECTS), 6); /* 1, 1, and 3 and worker */
	expect(&model, "mail     ● Ready");
	expect(&model, "nobody answers");
	expect(&model, "worker: pulling worker:1.4");
	expect(&model, "/home/anna/shop");
	sample_press(&model, "&mail|old\r");
	expect_no(&model, "db-0");
	/* A project that went is no longer there, and the others keep what is known of them. */
	AUTO(string_list_clear) struct string_list fewer = STRING_LIST_INIT;
	string_list_add(&fewer, "mail");
	model_update(&model, &(struct event){.kind = EVENT_PROJECTS, .names = &fewer});
	expect_no(&model, "nobody answers");
	expect(&model, "mail     ● Ready");
}

static void enter_goes_to_another_project(void **state)
{
	AUTO(model_clear) struct model model;
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;
	AUTO(effect_clear) struct effect effect = {0};
	(void)state;
	sample_model(&model, 30, 120);
	sample_press(&model, "j ");
	open_projects(&model, &names);
	sample_press(&model, "\r");
	assert_string_equal(model.project, "mail");
	assert_int_equal(model.view, VIEW_PODS);
	assert_int_equal(model.marked.count, 0);
	assert_int_equal(model.event_count, 0);
	assert_false(model.has_status);
	assert_true(model_take_effect(&model, &effect));
	assert_int_equal(effect.kind, EFFECT_PROJECT);
	expect(&model, "looking for pods");
	model_update(&model, &(struct event){.kind = EVENT_STATUS, .status = &sample_status});
	assert_string_equal(model_current_instance(&model)->name, "web-0"); /* that was selected */
	sample_press(&model, "ry");
	AUTO_FREE char *command = next_command(&model, EFFECT_RUN);
	assert_string_equal(command, "i2kit -p mail restart web-0");
}

/* ---- images ---- */

static void images_are_removed_and_pruned_after_a_yes(void **state)
{
	AUTO(model_clear) struct model model;
	(void)state;
	sample_model(&model, 24, 100);
	sample_press(&model, "4");
	AUTO_FREE char *asked = next_command(&model, EFFECT_ASK);
	assert_string_equal(asked, "i2kit -p shop images -o json");
	sample_press(&model, "d");
	expect(&model, "no image is selected");
	model_update(&model, &(struct event){.kind = EVENT_ANSWER,
					     .ask = ASK_IMAGES,
					     .text = "[{\"reference\":\"nginx:1.27\"}]"});
	sample_press(&model, "d");
	expect(&model, "remove nginx:1.27 from the store? (y/n)");
	expect(&model, "i2kit images rm nginx:1.27");
	sample_press(&model, "y");
	AUTO_FREE char *removed = next_command(&model, EFFECT_RUN);
	assert_string_equal(removed, "i2kit images rm nginx:1.27");
	sample_press(&model, "Dn");
	AUTO_FREE char *nothing = next_command(&model, EFFECT_RUN);
	assert_string_equal(nothing, "");
	sample_press(&model, "Dy");
	AUTO_FREE char *pruned = next_command(&model, EFFECT_RUN);
	assert_string_equal(pruned, "i2kit prune");
	/* Whatever ran, the list is asked for again when it has ended. */
	model_update(&model, &(struct event){.kind = EVENT_JOB_STARTED, .number = 1, .text = "x"});
	model_update(&model, &(struct event){.kind = EVENT_JOB_ENDED, .number = 1});
	AUTO_FREE char *again = next_command(&model, EFFECT_ASK);
	assert_string_equal(again, "i2kit -p shop images -o json");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_unknown_key_says_where_the_keys_are),
		cmocka_unit_test(all_that_stops_is_asked_about),
		cmocka_unit_test(a_cron_job_has_acts_of_its_own),
		cmocka_unit_test(more_replicas_are_not_asked_about),
		cmocka_unit_test(cancelling_is_asked_about),
		cmocka_unit_test(a_long_command_is_shown_whole),
		cmocka_unit_test(tab_completes_an_action),
		cmocka_unit_test(a_shell_asks_in_which_container),
		cmocka_unit_test(logs_offer_the_containers_they_are_of),
		cmocka_unit_test(logs_scroll_sideways),
		cmocka_unit_test(a_line_is_opened_and_copied),
		cmocka_unit_test(every_action_does_something),
		cmocka_unit_test(columns_stay_where_they_are),
		cmocka_unit_test(a_crash_loop_shows_its_exit_code),
		cmocka_unit_test(a_filter_may_be_turned_round),
		cmocka_unit_test(a_mark_stands_between_old_and_new_lines),
		cmocka_unit_test(files_are_copied_by_cp),
		cmocka_unit_test(all_projects_are_on_one_screen),
		cmocka_unit_test(enter_goes_to_another_project),
		cmocka_unit_test(images_are_removed_and_pruned_after_a_yes),
	};
	(void)setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
