/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/problem.h"
#include "release/config.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "manifest/load.h"
#include "test.h"
#include "wire/release_document.h"

static void make(const char *text, struct release_config *ret)
{
	AUTO(app_clear) struct app app = {0};
	AUTO(problem_list_clear) struct problem_list problems = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	struct load_options options = {.project = "test", .folder = "/"};
	if (!app_load_text(&options, "-", text, strlen(text), &app, &problems, &err))
		fail_msg("%s", problems.count > 0 ? problems.items[0].message : err.message);
	assert_true(release_config_make(&app, &app.pods[0], ret, &err));
}

#define POD(labels, config)                                                                        \
	"apiVersion: v1\nkind: Pod\nmetadata: {name: web, labels: " labels "}\nspec:\n"            \
	"  containers:\n  - name: web\n    image: nginx\n"                                         \
	"    env:\n    - {name: A, value: \"$(B)\"}\n"                                             \
	"    - {name: B, valueFrom: {configMapKeyRef: {name: c, key: k}}}\n"                       \
	"    - {name: S, valueFrom: {secretKeyRef: {name: s, key: p}}}\n"                          \
	"    - {name: U, valueFrom: {fieldRef: {fieldPath: metadata.uid}}}\n"                      \
	"    volumeMounts: [{name: d, mountPath: /d, readOnly: true}]\n"                           \
	"  volumes: [{name: d, emptyDir: {sizeLimit: 1Mi}}]\n" config

#define CONFIG(keys, secret)                                                                       \
	"---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: " keys "\n"              \
	"---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: unused}\ndata: {x: v}\n"           \
	"---\napiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {p: " secret "}\n"

static void the_document_is_exactly_this(void **state)
{
	AUTO(release_config_clear) struct release_config config = {0};
	(void)state;
	make(POD("{z: \"1\", a: \"2\"}", CONFIG("{k: v, a: w}", "hunter2")), &config);
	assert_string_equal(
		config.json,
		"{\"version\":1,\"labels\":{\"a\":\"2\",\"z\":\"1\"},\"annotations\":{},"
		"\"containers\":{\"web\":{\"env\":[{\"name\":\"A\",\"value\":\"$(B)\"},"
		"{\"name\":\"B\",\"configMap\":\"c\",\"key\":\"k\"},"
		"{\"name\":\"S\",\"secret\":\"s\",\"key\":\"p\"},"
		"{\"name\":\"U\",\"field\":\"metadata.uid\"}],\"envFrom\":[],"
		"\"mounts\":[{\"volume\":\"d\",\"path\":\"/d\",\"readOnly\":true}]}},"
		"\"volumes\":[{\"name\":\"d\",\"kind\":\"emptyDir\",\"sizeLimitBytes\":1048576}],"
		"\"configMaps\":{\"c\":{\"a\":{\"text\":\"w\"},\"k\":{\"text\":\"v\"}}},"
		"\"secrets\":{\"s\":{\"p\":{\"base64\":\"aHVudGVyMg==\"}}}}");
	AUTO(release_clear) struct release release = {0};
	assert_true(release_config_read(config.json, strlen(config.json), &release, NULL));
}

static void order_of_keys_does_not_change_the_digest(void **state)
{
	AUTO(release_config_clear) struct release_config first = {0};
	AUTO(release_config_clear) struct release_config second = {0};
	(void)state;
	make(POD("{z: \"1\", a: \"2\"}", CONFIG("{k: v, a: w}", "x")), &first);
	make(POD("{a: \"2\", z: \"1\"}", CONFIG("{a: w, k: v}", "x")), &second);
	assert_true(digest_equal(&first.digest, &second.digest));
}

static void any_value_changes_the_digest(void **state)
{
	AUTO(release_config_clear) struct release_config first = {0};
	AUTO(release_config_clear) struct release_config config = {0};
	AUTO(release_config_clear) struct release_config secret = {0};
	(void)state;
	make(POD("{a: b}", CONFIG("{k: v}", "x")), &first);
	make(POD("{a: b}", CONFIG("{k: w}", "x")), &config);
	make(POD("{a: b}", CONFIG("{k: v}", "z")), &secret);
	assert_false(digest_equal(&first.digest, &config.digest));
	assert_false(digest_equal(&first.digest, &secret.digest));
	assert_false(digest_equal(&config.digest, &secret.digest));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_document_is_exactly_this),
		cmocka_unit_test(order_of_keys_does_not_change_the_digest),
		cmocka_unit_test(any_value_changes_the_digest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
