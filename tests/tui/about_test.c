/* SPDX-License-Identifier: Apache-2.0 */
/* What a pod is made of: written as the supervisor and the image maker write it, read and shown. */
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "sample.h"
#include "test.h"
#include "tui/draw.h"
#include "tui/update.h"

#define T(text) ((char[]){text})

static char *config_json(void)
{
	struct map_entry secret = {.key = T("password"), .bytes = T("hunter2"), .size = 7};
	struct map_entry setting = {.key = T("LEVEL"), .bytes = T("debug"), .size = 5};
	struct map_entry binary = {.key = T("blob"), .bytes = T("\x00\xff"), .size = 2};
	struct map_entry secrets[] = {secret, binary};
	struct release_map maps[] = {
		{.name = T("settings"), .entries = &setting, .entry_count = 1},
		{.name = T("login"), .is_secret = true, .entries = secrets, .entry_count = 2}};
	struct env_rule env[] = {
		{.name = T("MODE"), .kind = ENV_VALUE, .value = T("fast")},
		{.name = T("PASSWORD"),
		 .kind = ENV_SECRET,
		 .value = T("login"),
		 .key = T("password")},
		{.name = T("GONE"),
		 .kind = ENV_SECRET,
		 .value = T("login"),
		 .key = T("no"),
		 .is_optional = true},
		{.name = T("POD_IP"), .kind = ENV_FIELD, .value = T("status.podIP")}};
	struct env_import imports[] = {{.map = T("settings"), .prefix = T("APP_")},
				       {.map = T("login"), .is_secret = true}};
	struct mount_rule mounts[] = {
		{.volume = T("data"), .path = T("/var/lib/data")},
		{.volume = T("keys"), .path = T("/keys"), .is_read_only = true}};
	struct container_config container = {.name = T("nginx"),
					     .env = env,
					     .env_count = ARRAY_SIZE(env),
					     .sources = imports,
					     .source_count = ARRAY_SIZE(imports),
					     .mounts = mounts,
					     .mount_count = ARRAY_SIZE(mounts)};
	struct volume_rule volumes[] = {{.name = T("data"), .kind = VOLUME_CLAIM, .ref = T("data")},
					{.name = T("keys"),
					 .kind = VOLUME_SECRET,
					 .ref = T("login"),
					 .default_mode = 0400}};
	struct release release = {.hostname = T("web"),
				  .containers = &container,
				  .container_count = 1,
				  .volumes = volumes,
				  .volume_count = 2,
				  .maps = maps,
				  .map_count = 2};
	string_list_add(&release.labels, "app=web");
	char *text = release_config_write(&release, RELEASE_CONFIG_STYLE);
	string_list_clear(&release.labels);
	return text;
}

static char *pod_json(void)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	struct port_entry port = {.name = T("http"), .port = 80};
	size_t layer = 0;
	struct layer_entry layers[] = {
		{.name = T("layer-0"),
		 .uuid = T("6f1c2b1e-0000-4000-8000-00000000a001"),
		 .digest = T(
			 "sha256:91c4de0000000000000000000000000000000000000000000000000000000000"),
		 .diff_id = T("sha256:"
			      "91c4de0000000000000000000000000000000000000000000000000000000000")}};
	struct container_image container = {.name = T("nginx"),
					    .image = T("nginx:1.27"),
					    .layers = &layer,
					    .layer_count = 1,
					    .ports = &port,
					    .port_count = 1,
					    .memory_limit_bytes = 64 << 20};
	struct pod_image image = {
		.pod = T("web"),
		.namespace = T("default"),
		.grace_ms = 30000,
		.backoff_limit = -1,
		.fs_group = -1,
		.base_name = T("base"),
		.base_uuid = T("6f1c2b1e-0000-4000-8000-00000000a002"),
		.base_digest = T(
			"sha256:91c4de0000000000000000000000000000000000000000000000000000000000"),
		.layers = layers,
		.layer_count = 1,
		.containers = &container,
		.container_count = 1};
	string_list_add(&container.env, "PATH=/bin");
	container.readiness.check.type = CHECK_HTTP;
	container.readiness.check.path = T("/ready");
	container.readiness.check.port = 80;
	container.readiness.period_ms = 10000;
	container.readiness.timeout_ms = 1000;
	container.readiness.success_threshold = 1;
	container.readiness.failure_threshold = 3;
	container.readiness.grace_ms = -1;
	container.security.user = container.security.group = -1;
	char *text = pod_document_write(&image, &err);
	string_list_clear(&container.env);
	if (text == NULL)
		fail_msg("%s", err.message);
	return text;
}

static void make_facts(struct pod_facts *ret)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_FREE char *json = pod_json();
	struct project_plan plan = {0};
	struct pod_plan *pod = ARRAY_APPEND(plan.pods, plan.pod_count);

	pod->name = xstrdup("web");
	pod->kind_name = xstrdup("StatefulSet");
	pod->image_path = xstrdup("/store/disks/3f2a.img");
	pod->config_json = config_json();
	pod->replicas = 2;
	pod->cpu_count = 1;
	pod->memory_bytes = 128 << 20;
	pod->release = sample_status.instances[0].release;
	struct volume_plan *volume = ARRAY_APPEND(pod->volumes, pod->volume_count);
	volume->name = xstrdup("data");
	volume->claim = xstrdup("data");
	volume->is_template = true;
	volume->size_bytes = 64 << 20;
	if (!pod_facts_make(&plan, "web", json, ret, &err))
		fail_msg("%s", err.message);
}

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

static void drop_effects(struct model *model)
{
	struct effect effect = {0};
	while (model_take_effect(model, &effect))
		effect_clear(&effect);
}

/* web-0 is selected, `key` is pressed, and the runner has answered. */
static void open_about(struct model *model, const char *key)
{
	struct effect effect = {0};
	struct pod_facts facts = {0};

	sample_model(model, 90, 110);
	sample_press(model, "j");
	sample_press(model, key);
	assert_true(model_take_effect(model, &effect));
	assert_int_equal(effect.kind, EFFECT_ABOUT);
	assert_string_equal(effect.text, "web");
	effect_clear(&effect);
	make_facts(&facts);
	model_update(model, &(struct event){.kind = EVENT_ABOUT, .facts = &facts});
	assert_null(facts.pod); /* taken */
}

static void the_manifest_and_release_of_a_pod(void **state)
{
	AUTO(model_clear) struct model model;
	(void)state;
	open_about(&model, "y");
	expect(&model, "web-0  [y manifest]  e environment  m mounts  w why");
	expect(&model, "kind: StatefulSet");
	expect(&model, "    app: web");
	expect(&model, "image: nginx:1.27");
	expect(&model, "path: /ready");
	expect(&model, "memory: 64Mi");
	expect(&model, "claimName: data");
	expect(&model, "secretKeyRef:");
	expect(&model, "disk:     /store/disks/3f2a.img");
	expect_no(&model, "hunter2");
	expect_no(&model, "older release");
}

static void secrets_are_hidden_until_asked_for(void **state)
{
	AUTO(model_clear) struct model model;
	AUTO(effect_clear) struct effect effect = {0};
	(void)state;
	open_about(&model, "e");
	expect(&model, "PATH=/bin   (image)");
	expect(&model, "MODE = fast");
	expect(&model, "APP_LEVEL = debug   (all of configMap settings)");
	expect(&model, "PASSWORD = ******   (secret login, password)");
	expect(&model, "password = ******   (all of secret login)");
	expect(&model, "POD_IP = (status.podIP of the instance)");
	expect_no(&model, "hunter2");
	sample_press(&model, "c"); /* nor are they copied */
	assert_true(model_take_effect(&model, &effect));
	assert_null(strstr(effect.text, "hunter2"));
	sample_press(&model, "v");
	expect(&model, "PASSWORD = hunter2");
	expect(&model, "(2 bytes that are no text)");
	sample_press(&model, "v");
	expect_no(&model, "hunter2");
	sample_press(&model, "v\x1b"); /* and hidden again the next time */
	sample_press(&model, "e");
	struct pod_facts facts = {0};
	make_facts(&facts);
	model_update(&model, &(struct event){.kind = EVENT_ABOUT, .facts = &facts});
	expect_no(&model, "hunter2");
}

static void mounts_say_where_they_are(void **state)
{
	AUTO(model_clear) struct model model;
	(void)state;
	open_about(&model, "m");
	expect(&model, "/var/lib/data  rw  data: ");
	expect(&model, "a disk of 64 MiB for each replica");
	expect(&model, "/keys  ro  keys: ");
}

static void why_is_asked_anew(void **state)
{
	AUTO(model_clear) struct model model;
	AUTO(strbuf_clear) struct strbuf command = STRBUF_INIT;
	AUTO(effect_clear) struct effect effect = {0};
	(void)state;
	open_about(&model, "w");
	assert_true(model_take_effect(&model, &effect));
	action_command_line(&effect.argv, &command);
	assert_string_equal(command.data, "i2kit -p shop why web-0");
	expect(&model, "asking");
	model_update(&model, &(struct event){.kind = EVENT_ANSWER,
					     .ask = ASK_WHY,
					     .text = "web-0 waits:\n  readiness: HTTP 404\n"});
	expect(&model, "readiness: HTTP 404");
	model_update(&model,
		     &(struct event){.kind = EVENT_ANSWER, .ask = ASK_WHY, .problem = "x y"});
	expect(&model, "x y");
}

static void an_unreadable_plan_says_why(void **state)
{
	AUTO(model_clear) struct model model;
	(void)state;
	sample_model(&model, 24, 80);
	sample_press(&model, "jy");
	drop_effects(&model);
	expect(&model, "reading the plan");
	model_update(&model, &(struct event){.kind = EVENT_ABOUT, .problem = "the disk is gone"});
	expect(&model, "the disk is gone");
	sample_press(&model, "\x1b");
	assert_int_equal(model.view, VIEW_PODS);
}

static void a_page_is_searched_and_saved(void **state)
{
	AUTO(model_clear) struct model model;
	AUTO(effect_clear) struct effect effect = {0};
	(void)state;
	open_about(&model, "y");
	model_update(&model, &(struct event){.kind = EVENT_RESIZE, .row = 16, .column = 80});
	sample_press(&model, "/claimName\r");
	expect(&model, "claimName: data");
	size_t there = model.lists[VIEW_ABOUT].found;
	sample_press(&model, "n");
	expect(&model, "no further match");
	assert_int_equal(model.lists[VIEW_ABOUT].found, there);
	sample_press(&model, "N");
	expect(&model, "no earlier match");
	sample_press(&model, "/name:\rnN");
	assert_true(model.lists[VIEW_ABOUT].found < there);
	sample_press(&model, "Wpage.txt\r");
	assert_true(model_take_effect(&model, &effect));
	assert_int_equal(effect.kind, EFFECT_SAVE_TEXT);
	assert_string_equal(effect.text, "page.txt");
	assert_non_null(strstr(effect.content, "kind: StatefulSet"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_manifest_and_release_of_a_pod),
		cmocka_unit_test(secrets_are_hidden_until_asked_for),
		cmocka_unit_test(mounts_say_where_they_are),
		cmocka_unit_test(why_is_asked_anew),
		cmocka_unit_test(an_unreadable_plan_says_why),
		cmocka_unit_test(a_page_is_searched_and_saved),
	};
	(void)setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
