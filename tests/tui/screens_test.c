/* SPDX-License-Identifier: Apache-2.0 */
/* Keys in, whole screens out. I2KIT_UPDATE_GOLDEN=1 writes the files anew: read the diff. */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "sample.h"
#include "test.h"
#include "tui/draw.h"
#include "tui/update.h"

static void expect_screen(const struct model *model, const char *name)
{
	AUTO(canvas_clear) struct canvas canvas;
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	AUTO_FREE char *path = xasprintf("%s/%s.txt", GOLDEN_FOLDER, name);
	AUTO_FREE char *wanted = NULL;
	AUTO(error_clear) struct error err = ERROR_INIT;

	canvas_init(&canvas, model->rows, model->columns);
	draw_screen(&canvas, model);
	canvas_dump(&canvas, &text);
	if (getenv("I2KIT_UPDATE_GOLDEN") != NULL) {
		assert_true(file_write_atomic(path, text.data, text.size, 0644, &err));
		return;
	}
	if (!file_read(path, 1 << 20, &wanted, NULL, &err))
		fail_msg("%s", err.message);
	assert_string_equal(text.data, wanted);
}

static void pods_at_80_columns(void **state)
{
	AUTO(model_clear) struct model model;
	(void)state;
	sample_model(&model, 24, 80);
	expect_screen(&model, "pods-80");
}

static void pods_at_140_columns_show_everything(void **state)
{
	AUTO(model_clear) struct model model;
	(void)state;
	sample_model(&model, 30, 140);
	sample_press(&model, "j ");
	expect_screen(&model, "pods-140");
}

/* How far a Job is, when a CronJob is due, and what its runs have come to. */
static void jobs_are_seen_as_such(void **state)
{
	AUTO(model_clear) struct model model;
	(void)state;
	sample_model(&model, 24, 100);
	model_update(&model, &(struct event){.kind = EVENT_STATUS, .status = &sample_jobs});
	sample_press(&model, "g");
	expect_screen(&model, "pods-jobs");
}

static void a_filter_and_its_end(void **state)
{
	AUTO(model_clear) struct model model;
	(void)state;
	sample_model(&model, 24, 80);
	sample_press(&model, "&db\r");
	expect_screen(&model, "pods-filtered");
	sample_press(&model, "\x1b");
	expect_screen(&model, "pods-80");
}

static void the_detail_of_a_pod(void **state)
{
	AUTO(model_clear) struct model model;
	(void)state;
	sample_model(&model, 40, 100);
	sample_press(&model, "j\r");
	expect_screen(&model, "pod");
}

static void a_pod_that_dies_while_its_detail_is_open(void **state)
{
	AUTO(model_clear) struct model model;
	struct project_status without = sample_status;
	(void)state;
	sample_model(&model, 24, 80);
	sample_press(&model, "j\r");
	without.instance_count = 0;
	model_update(&model, &(struct event){.kind = EVENT_STATUS, .status = &without});
	expect_screen(&model, "pod-gone");
	sample_press(&model, "r\x1b");
	assert_int_equal(model.view, VIEW_PODS);
}

static void services(void **state)
{
	AUTO(model_clear) struct model model;
	(void)state;
	sample_model(&model, 24, 130);
	sample_press(&model, "2j");
	expect_screen(&model, "services");
}

static void events_and_help(void **state)
{
	AUTO(model_clear) struct model model;
	(void)state;
	sample_model(&model, 24, 100);
	sample_press(&model, "6");
	expect_screen(&model, "events");
	sample_press(&model, "1?");
	expect_screen(&model, "help");
}

static void no_pods_and_broken_libvirt_say_what_to_do(void **state)
{
	AUTO(model_clear) struct model model;
	char project[] = "shop";
	char connection[] = "qemu:///session";
	struct project_status empty = {.project = project, .connection = connection};
	(void)state;
	model_init(&model, "shop", 24, 80);
	model_update(&model, &(struct event){.kind = EVENT_STATUS,
					     .text = "libvirt does not answer: i2kit doctor"});
	expect_screen(&model, "no-libvirt");
	model_update(&model, &(struct event){.kind = EVENT_STATUS, .status = &empty});
	expect_screen(&model, "no-pods");
}

static void logs_follow_pause_filter_and_json(void **state)
{
	AUTO(model_clear) struct model model;
	(void)state;
	sample_model(&model, 24, 100);
	sample_press(&model, "3");
	for (uint64_t i = 1; i <= 40; i++)
		sample_log(&model, i, i % 2 ? "web" : "db", "main", i % 5 == 0, "a plain line");
	sample_log(&model, 41, "web", "main", 0,
		   "{\"level\":\"error\",\"msg\":\"no database\",\"host\":\"db\",\"tries\":3}");
	sample_log(&model, 42, "web", "main", 1, "\x1b[2Jhostile \xff bytes \xe2\x80\xae!");
	expect_screen(&model, "logs-follow");
	sample_press(&model, "kk");
	sample_log(&model, 43, "db", "main", 0, "later");
	assert_false(model.is_following);
	sample_press(&model, "tw/hostile\r");
	expect_screen(&model, "logs-search");
	sample_press(&model, "&plain\r");
	assert_int_equal(model.effects[model.effect_count - 1].kind, EFFECT_LOGS_OPEN);
	assert_true(model.logs.has_regex);
}

static void what_destroys_is_asked_and_shows_its_command(void **state)
{
	AUTO(model_clear) struct model model;
	AUTO(effect_clear) struct effect effect = {0};
	(void)state;
	sample_model(&model, 24, 80);
	sample_press(&model, "jr");
	expect_screen(&model, "confirm");
	sample_press(&model, "n");
	assert_false(model_take_effect(&model, &effect));
	sample_press(&model, "ry");
	assert_true(model_take_effect(&model, &effect));
	assert_int_equal(effect.kind, EFFECT_RUN);
	assert_string_equal(effect.argv.items[2], "restart");
	assert_string_equal(effect.argv.items[3], "web-0");
}

static void jobs_show_their_output(void **state)
{
	AUTO(model_clear) struct model model;
	(void)state;
	sample_model(&model, 24, 80);
	model_update(&model, &(struct event){.kind = EVENT_JOB_STARTED,
					     .number = 1,
					     .text = "i2kit -p shop up -d"});
	model_update(&model,
		     &(struct event){.kind = EVENT_JOB_LINE, .number = 1, .text = "web: building"});
	sample_press(&model, "7");
	expect_screen(&model, "jobs-running");
	model_update(&model,
		     &(struct event){.kind = EVENT_JOB_ENDED, .number = 1, .exit_status = 1});
	expect_screen(&model, "jobs-failed");
}

static void images_come_from_json(void **state)
{
	AUTO(model_clear) struct model model;
	AUTO(effect_clear) struct effect effect = {0};
	(void)state;
	sample_model(&model, 24, 80);
	sample_press(&model, "4");
	assert_true(model_take_effect(&model, &effect));
	assert_int_equal(effect.kind, EFFECT_ASK);
	model_update(&model,
		     &(struct event){
			     .kind = EVENT_ANSWER,
			     .ask = ASK_IMAGES,
			     .text = "[{\"reference\":\"nginx:1.27\",\"digest\":\"sha256:"
				     "0a1b2c3d4e5f6071\",\"source\":\"docker.io\",\"pulled\":"
				     "\"2026-11-26T13:45:10.123Z\",\"whole\":true,\"layers\":7,"
				     "\"sizeBytes\":71303168},"
				     "{\"reference\":\"redis:7\",\"digest\":\"sha256:"
				     "ffeeddccbbaa9988\",\"source\":\"oci:out/redis\",\"pulled\":"
				     "\"2026-11-25T08:00:00.000Z\",\"whole\":true,\"layers\":4,"
				     "\"sizeBytes\":41943040}]"});
	expect_screen(&model, "images");
	model_update(&model,
		     &(struct event){.kind = EVENT_ANSWER, .ask = ASK_IMAGES, .text = "{broken"});
	assert_non_null(model.answers[ASK_IMAGES].problem);
}

static void a_small_terminal_says_so_and_survives(void **state)
{
	AUTO(model_clear) struct model model;
	(void)state;
	sample_model(&model, 24, 80);
	for (int rows = 1; rows < 12; rows++) {
		model_update(&model, &(struct event){.kind = EVENT_RESIZE,
						     .row = rows,
						     .column = 20 + rows * 5});
		for (int view = 0; view < VIEW_COUNT; view++) {
			AUTO(canvas_clear) struct canvas canvas;
			model.view = (enum view_kind)view;
			canvas_init(&canvas, model.rows, model.columns);
			draw_screen(&canvas, &model);
			sample_press(&model, "jkGg");
		}
	}
}

static void a_million_lines_stay_within_the_window(void **state)
{
	AUTO(model_clear) struct model model;
	(void)state;
	sample_model(&model, 24, 80);
	sample_press(&model, "3");
	for (uint64_t i = 1; i <= 1000000; i++)
		sample_log(&model, i, "web", "main", 0, "0123456789012345678901234567890123456789");
	assert_true(model.logs.count <= LOG_WINDOW_LINES);
	assert_true(model.logs.bytes <= LOG_WINDOW_BYTES + 4096);
	assert_int_equal(model.logs.total, 1000000);
}

static void every_key_of_a_view_is_unique(void **state)
{
	const struct action *first = NULL;
	const struct action *second = NULL;
	struct bindings bindings;
	unsigned key = 0;
	(void)state;
	bindings_init(&bindings);
	if (bindings_clash(&bindings, &first, &second, &key))
		fail_msg("%s and %s share a key", first->name, second->name);
}

static void a_narrow_screen_has_the_state_first(void **state)
{
	AUTO(model_clear) struct model model;
	(void)state;
	sample_model(&model, 20, 60);
	sample_crash_loop(&model);
	expect_screen(&model, "pods-60");
	model_update(&model, &(struct event){.kind = EVENT_RESIZE, .row = 12, .column = 40});
	expect_screen(&model, "pods-40");
}

static void the_palette_lists_what_fits(void **state)
{
	AUTO(model_clear) struct model model;
	(void)state;
	sample_model(&model, 24, 80);
	sample_press(&model, "j:se\t\t");
	expect_screen(&model, "palette");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pods_at_80_columns),
		cmocka_unit_test(pods_at_140_columns_show_everything),
		cmocka_unit_test(jobs_are_seen_as_such),
		cmocka_unit_test(a_filter_and_its_end),
		cmocka_unit_test(the_detail_of_a_pod),
		cmocka_unit_test(a_pod_that_dies_while_its_detail_is_open),
		cmocka_unit_test(services),
		cmocka_unit_test(events_and_help),
		cmocka_unit_test(no_pods_and_broken_libvirt_say_what_to_do),
		cmocka_unit_test(logs_follow_pause_filter_and_json),
		cmocka_unit_test(what_destroys_is_asked_and_shows_its_command),
		cmocka_unit_test(jobs_show_their_output),
		cmocka_unit_test(images_come_from_json),
		cmocka_unit_test(a_small_terminal_says_so_and_survives),
		cmocka_unit_test(a_million_lines_stay_within_the_window),
		cmocka_unit_test(every_key_of_a_view_is_unique),
		cmocka_unit_test(a_narrow_screen_has_the_state_first),
		cmocka_unit_test(the_palette_lists_what_fits),
	};
	(void)setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
