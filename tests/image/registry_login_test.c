/* SPDX-License-Identifier: Apache-2.0 */
#include "image/oci/registry_login.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"

#include "test.h"

static char user[] = "bob";
static char password[] = "se:cret";

/* What one writes, the other finds: also beside docker's own spelling of the key. */
static void what_is_put_is_found_and_the_rest_stays(void **state)
{
	static const char *const texts[] = {
		NULL,
		"{}",
		"{\"auths\":{}}",
		"{\"detachKeys\":\"ctrl-x\",\"auths\":{\"quay.io\":{\"auth\":\"YTpi\"},"
		"\"https://h:5000/v2/\":{\"auth\":\"b2xkOm9sZA==\"}}}",
	};
	const struct credential given = {.username = user, .password = password};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
		AUTO(strbuf_clear) struct strbuf without = STRBUF_INIT;
		AUTO(credential_clear) struct credential found = {0};
		AUTO(credential_clear) struct credential gone = {0};
		size_t size = texts[i] != NULL ? strlen(texts[i]) : 0;
		bool was_there = false;
		assert_true(docker_config_put(texts[i], size, "h:5000", &given, &out, NULL));
		assert_true(docker_config_find(out.data, out.size, "h:5000", "x", &found, NULL));
		assert_string_equal(found.username, "bob");
		assert_string_equal(found.password, "se:cret");
		assert_null(strstr(out.data, "b2xkOm9sZA=="));
		assert_true(docker_config_remove(out.data, out.size, "h:5000", &without, &was_there,
						 NULL));
		assert_true(was_there);
		assert_true(
			docker_config_find(without.data, without.size, "h:5000", "x", &gone, NULL));
		assert_null(gone.username);
		if (i == 3) {
			assert_non_null(strstr(without.data, "ctrl-x"));
			assert_non_null(strstr(without.data, "YTpi"));
		}
	}
}

static void docker_io_has_docker_s_own_key(void **state)
{
	const struct credential given = {.username = user, .password = password};
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	AUTO_FREE char *host = registry_login_host("https://index.docker.io/v1/");
	AUTO_FREE char *other = registry_login_host("https://quay.io/v2/");
	(void)state;

	assert_string_equal(host, "docker.io");
	assert_string_equal(other, "quay.io");
	assert_true(docker_config_put(NULL, 0, "docker.io", &given, &out, NULL));
	assert_non_null(strstr(out.data, "\"https://index.docker.io/v1/\""));
}

static void what_a_helper_keeps_is_not_in_the_file(void **state)
{
	static const char text[] = "{\"credHelpers\":{\"h\":\"pass\"},\"credsStore\":\"desktop\"}";
	AUTO_FREE char *own = docker_config_helper(text, strlen(text), "h");
	AUTO_FREE char *all = docker_config_helper(text, strlen(text), "quay.io");
	AUTO_FREE char *none = docker_config_helper("{}", 2, "h");
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	(void)state;

	assert_string_equal(own, "pass");
	assert_string_equal(all, "desktop");
	assert_null(none);
	const struct credential given = {.username = user, .password = password, .helper = own};
	assert_true(docker_config_put(text, strlen(text), "h", &given, &out, NULL));
	assert_null(strstr(out.data, "auth\":"));
	assert_non_null(strstr(out.data, "\"h\": {}"));
}

static void what_is_no_config_is_left_alone(void **state)
{
	static const char *const texts[] = {"", "[]", "{\"auths\":7}", "{\"auths\":"};
	const struct credential given = {.username = user, .password = password};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
		AUTO(error_clear) struct error err = ERROR_INIT;
		assert_false(
			docker_config_put(texts[i], strlen(texts[i]), "h", &given, &out, &err));
		assert_non_null(err.message);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_put_is_found_and_the_rest_stays),
		cmocka_unit_test(docker_io_has_docker_s_own_key),
		cmocka_unit_test(what_a_helper_keeps_is_not_in_the_file),
		cmocka_unit_test(what_is_no_config_is_left_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
