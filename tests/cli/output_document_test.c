/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <string.h>

#include "base/cleanup.h"
#include "cli/output_document.h"

static void check(const char *word, const char *names, const char *json, const char *wanted)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO(output_shape_clear) struct output_shape shape = {0};
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;

	assert_true(output_shape_read(word, names, &shape, &err));
	output_shape_write(&shape, json, &out);
	assert_string_equal(strbuf_text(&out), wanted);
}

static void json_stays_as_it_is(void **state)
{
	(void)state;
	check("json", NULL, "{\"a\":  1}", "{\"a\":  1}\n");
}

static void yaml_is_read_back_as_the_same_values(void **state)
{
	(void)state;
	check("yaml", NULL,
	      "{\"a\":1,\"t\":true,\"s\":\"yes\",\"n\":\"12\",\"e\":[],\"o\":{},"
	      "\"l\":[{\"x\":\"a: b\",\"y\":[1,\"web-0\"]},[2],\"\"],\"m\":{\"k\":\"line\\nend\"}}",
	      "a: 1\nt: true\ns: \"yes\"\n\"n\": \"12\"\ne: []\no: {}\n"
	      "l:\n- x: \"a: b\"\n  \"y\":\n  - 1\n  - web-0\n- - 2\n- \"\"\n"
	      "m:\n  k: \"line\\nend\"\n");
	check("yaml", NULL, "[]", "[]\n");
}

static void names_stand_one_a_line(void **state)
{
	(void)state;
	check("name", "{[*].name}", "[{\"name\":\"a\"},{\"name\":\"b\"}]", "a\nb\n");
	check("name", "{[*].name}", "[]", "");
}

static void a_path_picks_on_one_line(void **state)
{
	(void)state;
	check("jsonpath={.l[*]}", NULL, "{\"l\":[1,2]}", "1 2\n");
	check("jsonpath={.none}", NULL, "{\"l\":[1,2]}", "");
}

static void wrong_words_are_usage_errors(void **state)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO(output_shape_clear) struct output_shape shape = {0};
	(void)state;

	assert_false(output_shape_read("name", NULL, &shape, &err));
	assert_int_equal(err.kind, ERROR_USAGE);
	error_clear(&err);
	assert_false(output_shape_read("jsonpath={.a", NULL, &shape, &err));
	assert_int_equal(err.kind, ERROR_USAGE);
}

static void error_is(const char *message, const char *wanted)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;

	error_set(&err, ERROR_NOT_FOUND, "%s", message);
	output_error_write(&err, 1, &out);
	assert_string_equal(strbuf_text(&out), wanted);
}

static void an_error_names_its_place(void **state)
{
	(void)state;
	error_is("k8s/web.yml:12:5: no such field",
		 "{\"error\":{\"kind\":\"not-found\",\"code\":1,"
		 "\"message\":\"k8s/web.yml:12:5: no such field\",\"hint\":null,"
		 "\"file\":\"k8s/web.yml\",\"line\":12,\"column\":5}}");
	error_is("i2kit.lock:3: no digest", "{\"error\":{\"kind\":\"not-found\",\"code\":1,"
					    "\"message\":\"i2kit.lock:3: no digest\",\"hint\":null,"
					    "\"file\":\"i2kit.lock\",\"line\":3,\"column\":null}}");
	error_is("127.0.0.1:8080 is taken", "{\"error\":{\"kind\":\"not-found\",\"code\":1,"
					    "\"message\":\"127.0.0.1:8080 is taken\",\"hint\":null,"
					    "\"file\":null,\"line\":null,\"column\":null}}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_stays_as_it_is),
		cmocka_unit_test(yaml_is_read_back_as_the_same_values),
		cmocka_unit_test(names_stand_one_a_line),
		cmocka_unit_test(a_path_picks_on_one_line),
		cmocka_unit_test(wrong_words_are_usage_errors),
		cmocka_unit_test(an_error_names_its_place),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
