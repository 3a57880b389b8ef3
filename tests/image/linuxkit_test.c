/* SPDX-License-Identifier: Apache-2.0 */
/* golden/linuxkit-*.json were written by linuxkit's own build (v1.8.2) from golden/linuxkit.yml. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "image/linuxkit/linuxkit_append.h"
#include "image/linuxkit/linuxkit_bundle.h"
#include "image/linuxkit/linuxkit_document.h"
#include "image/linuxkit/linuxkit_pod.h"
#include "test.h"

static char *golden(const char *name, size_t *ret_size)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_FREE char *path = xasprintf("%s/%s", getenv("I2KIT_GOLDEN"), name);
	char *text = NULL;
	if (!file_read(path, 1 << 20, &text, ret_size, &err))
		fail_msg("%s", err.message);
	return text;
}

static void load(struct linuxkit_document *document)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	size_t size = 0;
	AUTO_FREE char *text = golden("linuxkit.yml", &size);
	if (!linuxkit_document_parse(text, size, "linuxkit.yml", document, &err))
		fail_msg("%s", err.message);
}

static const char plain_config[] =
	"{\"config\":{\"Cmd\":[\"/usr/bin/app\"],\"Env\":[\"PATH=/bin\"]}}";
static const char label_config[] =
	"{\"config\":{\"Entrypoint\":[\"/usr/bin/app\"],\"Cmd\":[\"--x\",\"<&>\"],"
	"\"Env\":[\"PATH=/usr/bin\",\"A=\xe2\x80\xa8"
	"b\"],\"WorkingDir\":\"/srv\",\"User\":\"1000\",\"Labels\":{\"org.mobyproject.config\":"
	"\"{\\\"capabilities\\\":[\\\"CAP_NET_ADMIN\\\",\\\"CAP_CHOWN\\\"],\\\"binds\\\":"
	"[\\\"/a:/b\\\",\\\"/var/run:/run:ro\\\"],\\\"env\\\":[\\\"L=1\\\"],\\\"readonly\\\":true,"
	"\\\"net\\\":\\\"new\\\",\\\"runtime\\\":{\\\"mkdir\\\":[\\\"/m\\\"],\\\"bindNS\\\":"
	"{\\\"net\\\":\\\"/run/n\\\"}},\\\"tmpfs\\\":[\\\"/tmp:size=1m,ro\\\"],\\\"rlimits\\\":"
	"[\\\"nofile,100,unlimited\\\"]}\"}}}";

static void compare(const struct linuxkit_document *document,
		    const struct linuxkit_component *component, const char *config,
		    const char *path, const char *root, const char *name)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO(linuxkit_bundle_clear) struct linuxkit_bundle bundle = {0};
	AUTO_FREE char *config_name = xasprintf("linuxkit-%s.config.json", name);
	AUTO_FREE char *runtime_name = xasprintf("linuxkit-%s.runtime.json", name);
	AUTO_FREE char *want_config = golden(config_name, NULL);
	AUTO_FREE char *want_runtime = golden(runtime_name, NULL);
	if (!linuxkit_bundle_make(document, component, config, path, root, &bundle, &err))
		fail_msg("%s", err.message);
	assert_string_equal(bundle.config_json, want_config);
	assert_string_equal(bundle.runtime_json, want_runtime);
}

static void bundles_are_what_linuxkit_itself_writes(void **state)
{
	AUTO(linuxkit_document_clear) struct linuxkit_document document = {0};
	(void)state;
	load(&document);
	compare(&document, &document.onboot.items[0], plain_config, "containers/onboot/000-sysctl",
		NULL, "every-field");
	compare(&document, &document.onboot.items[1], label_config, "containers/onboot/001-app",
		NULL, "label");
	compare(&document, &document.services.items[0], label_config, "containers/services/web",
		"containers/onboot/001-app/rootfs", "overrides");
	compare(&document, &document.onshutdown.items[0], plain_config,
		"containers/onshutdown/000-bye", "containers/onboot/000-sysctl/lower", "elsewhere");
}

static void names_are_numbers_from_100_in_order(void **state)
{
	static const struct {
		const char *name;
		uint32_t id;
	} ids[] = {{"sysctl", 100}, {"app", 101}, {"bye", 102}, {"web", 103},
		   {"web2", 104},   {"root", 0},  {"", 0},	{"77", 77}};
	AUTO(linuxkit_document_clear) struct linuxkit_document document = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	uint32_t id = 1;
	(void)state;
	load(&document);
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		assert_true(linuxkit_document_find_id(&document, ids[i].name, &id, &err));
		assert_int_equal(id, ids[i].id);
	}
	assert_false(linuxkit_document_find_id(&document, "nobody", &id, &err));
}

static void what_linuxkit_does_not_know_is_refused_with_its_place(void **state)
{
	static const char *const cases[][2] = {
		{"kernel: {imagee: x}", "t.yml:1:10: LinuxKit has no key 'imagee' here"},
		{"services:\n  - name: a\n", "t.yml:2:1: services[0] needs name and image"},
		{"services:\n  - {name: a, image: x}\n  - {name: a, image: y}\n",
		 "t.yml:3:1: there are two services 'a'"},
		{"init: [1]", "t.yml:1:8: 'init' is not a text"},
		{"files:\n- {path: a, mode: 0644, contents: x}",
		 "t.yml:2:19: 'mode' is not a text"},
		{"files:\n- {path: a}\n", "t.yml:2:1: a needs exactly one of contents"},
		{"files:\n- {path: a, contents: x, source: y}\n",
		 "t.yml:2:1: a needs exactly one of contents"},
		{"volumes:\n- {name: A}\n", "t.yml:2:1: 'A' is not a volume's name"},
		{"services:\n- {name: ../x, image: y}\n", "t.yml:2:1: '../x' is not a name"},
		{"services:\n- {name: x, image: y, readonly: yes}\n",
		 "t.yml:2:33: 'readonly' is not true or false"},
		{"onboot: {a: b}", "t.yml:1:9: 'onboot' is not a list"},
		{"a: 1\n---\nb: 2\n", "t.yml:1:1: 2 YAML documents"},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO(error_clear) struct error err = ERROR_INIT;
		AUTO(linuxkit_document_clear) struct linuxkit_document document = {0};
		assert_false(linuxkit_document_parse(cases[i][0], strlen(cases[i][0]), "t.yml",
						     &document, &err));
		if (strncmp(err.message, cases[i][1], strlen(cases[i][1])) != 0)
			fail_msg("%s\nis not\n%s", err.message, cases[i][1]);
	}
}

static void a_component_that_means_nothing_is_refused(void **state)
{
	static const char *const entries[] = {
		"capabilities: [CAP_NONSENSE]", "binds: [\"/a\"]",
		"binds: [\"novolume:/a\"]",	"binds: [\"a:b:c:d\"]",
		"tmpfs: [\"/a:b:c\"]",		"rlimits: [\"nofile,1\"]",
		"rlimits: [\"nonsense,1,2\"]",	"uid: stranger",
		"mounts: [{destination: /x}]",	"mounts: [{type: tmpfs}]",
		"devices: [{path: /dev/x}]",
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(entries); i++) {
		AUTO(error_clear) struct error err = ERROR_INIT;
		AUTO(linuxkit_document_clear) struct linuxkit_document document = {0};
		AUTO(linuxkit_bundle_clear) struct linuxkit_bundle bundle = {0};
		AUTO_FREE char *text =
			xasprintf("services:\n- name: a\n  image: b\n  %s\n", entries[i]);
		assert_true(linuxkit_document_parse(text, strlen(text), "t.yml", &document, &err));
		if (linuxkit_bundle_make(&document, &document.services.items[0], plain_config, "p",
					 NULL, &bundle, &err))
			fail_msg("accepted: %s", entries[i]);
		assert_non_null(strstr(err.message, "'a'"));
	}
}

static void a_second_document_adds_to_the_first(void **state)
{
	static const char first[] = "kernel: {image: a, cmdline: b}\ninit: [i]\nservices:\n"
				    "- {name: x, image: x}\nfiles:\n- {path: p, contents: c}\n";
	static const char second[] = "kernel: {cmdline: d, tar: none}\ninit: [j]\nservices:\n"
				     "- {name: y, image: y}\nvolumes:\n- {name: v}\n";
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO(linuxkit_document_clear) struct linuxkit_document to = {0};
	AUTO(linuxkit_document_clear) struct linuxkit_document from = {0};
	AUTO(linuxkit_document_clear) struct linuxkit_document again = {0};
	(void)state;
	assert_true(linuxkit_document_parse(first, strlen(first), "1", &to, &err));
	assert_true(linuxkit_document_parse(second, strlen(second), "2", &from, &err));
	assert_true(linuxkit_document_append(&to, &from, &err));
	assert_string_equal(to.kernel.image, "a");
	assert_string_equal(to.kernel.cmdline, "d");
	assert_string_equal(to.kernel.tar, "none");
	assert_int_equal(to.init.count, 2);
	assert_int_equal(to.services.count, 2);
	assert_int_equal(to.file_count, 1);
	assert_non_null(linuxkit_document_find_volume(&to, "v"));
	assert_string_equal(
		to.json,
		"{\"kernel\":{\"image\":\"a\",\"cmdline\":\"d\",\"tar\":\"none\"},\"init\":[\"i\","
		"\"j\"],\"services\":[{\"name\":\"x\",\"image\":\"x\"},{\"name\":\"y\",\"image\":"
		"\"y\"}],\"files\":[{\"path\":\"p\",\"contents\":\"c\"}],\"volumes\":[{\"name\":"
		"\"v\"}]}");
	assert_true(linuxkit_document_parse(first, strlen(first), "3", &again, &err));
	assert_false(linuxkit_document_append(&to, &again, &err));
	assert_non_null(strstr(err.message, "service 'x'"));
}

static void a_pod_becomes_a_document_that_is_read_back(void **state)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO(linuxkit_document_clear) struct linuxkit_document document = {0};
	char image_name[] = "nginx:1.22";
	char web[] = "web";
	char step[] = "step";
	char config[] = "{\"config\":{\"Entrypoint\":[\"/entry\"],\"User\":\"33\"}}";
	char word[] = "a: \"b\"";
	char *words[] = {word, NULL};
	struct container_spec init = {
		.name = step, .image = image_name, .has_command = true, .command = {words, 1}};
	struct container_spec main_container = {
		.name = web, .image = image_name, .has_args = true, .args = {words, 1}};
	struct pod_spec pod = {.name = web,
			       .init_containers = &init,
			       .init_container_count = 1,
			       .containers = &main_container,
			       .container_count = 1};
	struct oci_image images[2] = {{.config_json = config}, {.config_json = config}};
	(void)state;
	images[0].digest = sha256_digest("x", 1);
	images[1].digest = sha256_digest("x", 1);
	AUTO_FREE char *text = linuxkit_pod_write(&pod, images, false);
	if (!linuxkit_document_parse(text, strlen(text), "pod", &document, &err))
		fail_msg("%s\n%s", err.message, text);
	assert_int_equal(document.onboot.count, 2);
	assert_int_equal(document.services.count, 1);
	const char *json = document.services.items[0].json;
	assert_non_null(strstr(json, "\"command\":[\"/entry\",\"a: \\\"b\\\"\"]"));
	assert_non_null(strstr(json, "\"uid\":33"));
	assert_non_null(strstr(json, "docker.io/library/nginx:1.22@sha256:"));
	assert_non_null(strstr(json, "CAP_NET_BIND_SERVICE"));
	assert_non_null(strstr(document.onboot.items[1].json, "\"command\":[\"a: \\\"b\\\"\"]"));
}

static void an_image_whose_command_is_no_text_is_refused(void **state)
{
	static const char *const configs[][2] = {
		{"{\"config\":{\"Entrypoint\":[1]}}", "'config.Entrypoint[0]' is not a text"},
		{"{\"config\":{\"Cmd\":[\"a\",null]}}", "'config.Cmd[1]' is null"},
		{"{\"config\":{\"Env\":\"A=1\"}}", "'config.Env' is not a list"},
		{"{", "image config:1:"},
	};
	const char *text = "onboot:\n- {name: n, image: i}\n";
	AUTO(linuxkit_document_clear) struct linuxkit_document document = {0};
	(void)state;
	assert_true(linuxkit_document_parse(text, strlen(text), "t.yml", &document, NULL));
	for (size_t i = 0; i < ARRAY_SIZE(configs); i++) {
		AUTO(error_clear) struct error err = ERROR_INIT;
		AUTO(linuxkit_bundle_clear) struct linuxkit_bundle bundle = {0};
		assert_false(linuxkit_bundle_make(&document, &document.onboot.items[0],
						  configs[i][0], "p", NULL, &bundle, &err));
		assert_non_null(strstr(err.message, configs[i][1]));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bundles_are_what_linuxkit_itself_writes),
		cmocka_unit_test(names_are_numbers_from_100_in_order),
		cmocka_unit_test(what_linuxkit_does_not_know_is_refused_with_its_place),
		cmocka_unit_test(a_component_that_means_nothing_is_refused),
		cmocka_unit_test(a_second_document_adds_to_the_first),
		cmocka_unit_test(a_pod_becomes_a_document_that_is_read_back),
		cmocka_unit_test(an_image_whose_command_is_no_text_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
