/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <string.h>

#include "base/alloc.h"
#include "cli/json_path.h"
#include "cli/json_path_write.h"

static const char document_text[] =
	"{\"project\":\"shop\",\"a.b\":1,\"ratio\":1.5,\"none\":null,"
	"\"instances\":[{\"name\":\"web-0\",\"state\":\"Ready\",\"ready\":true,\"restarts\":0},"
	"{\"name\":\"web-1\",\"state\":\"Running\",\"ready\":false,\"restarts\":3},"
	"{\"name\":\"db-0\",\"state\":\"Ready\",\"ready\":true,\"restarts\":1}],"
	"\"ports\":[{\"host\":\"127.0.0.1\",\"hostPort\":8080,\"backends\":[1,2]}]}";

static char *picked(const char *template)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	AUTO_PTR(json_document)
	struct json_document *document =
		json_document_parse(document_text, strlen(document_text), "test", 0, &err);
	AUTO_PTR(json_path) struct json_path *path = json_path_parse(template, &err);

	assert_non_null(document);
	if (path == NULL)
		return xstrdup(err.message);
	json_path_write(path, json_document_root(document), " ", &out);
	/* Whatever is asked for, the document is not at fault. */
	assert_null(json_document_problem(document));
	return strbuf_take(&out);
}

static void check(const char *template, const char *wanted)
{
	AUTO_FREE char *got = picked(template);
	assert_string_equal(got, wanted);
}

static void picks_fields_elements_and_all(void **state)
{
	(void)state;
	check("{.project}", "shop");
	check(".project", "shop");
	check("{$.project}", "shop");
	check("{.instances[0].name}", "web-0");
	check("{.instances[-1].name}", "db-0");
	check("{.instances[*].name}", "web-0 web-1 db-0");
	check("{.instances[1:].name}", "web-1 db-0");
	check("{.instances[0:2].name}", "web-0 web-1");
	check("{['project']}/{.ports[0]['hostPort']}", "shop/8080");
	check("{.a\\.b}", "1");
	check("{.ratio}", "1.5");
	check("{.ports[0]}", "{\"host\":\"127.0.0.1\",\"hostPort\":8080,\"backends\":[1,2]}");
	check("{.ports[0].*}", "127.0.0.1 8080 [1,2]");
}

static void what_is_not_there_prints_nothing(void **state)
{
	(void)state;
	check("<{.nothing.at.all}{.instances[7].name}{.project[0]}{.project.x}{.none}>", "<>");
	check("{.instances[-9].name}", "");
}

static void conditions_choose_elements(void **state)
{
	(void)state;
	check("{.instances[?(@.state==\"Ready\")].name}", "web-0 db-0");
	check("{.instances[?(@.state!='Ready')].name}", "web-1");
	check("{.instances[?(@.restarts>0)].name}", "web-1 db-0");
	check("{.instances[?( @.restarts <= 1 )].name}", "web-0 db-0");
	check("{.instances[?(@.ready==false)].name}", "web-1");
	check("{.instances[?(@.nothing)].name}", "");
	check("{.instances[?(@.restarts)].name}", "web-0 web-1 db-0");
	check("{.ports[?(@.backends[?(@==2)])].host}", "127.0.0.1");
	/* A text is no number, so they differ, and neither is more. */
	check("{.instances[?(@.name>0)].name}", "");
}

static void range_repeats_what_is_in_it(void **state)
{
	(void)state;
	check("{range .instances[*]}{.name}={.state}{\"\\n\"}{end}done",
	      "web-0=Ready\nweb-1=Running\ndb-0=Ready\ndone");
	check("{range .ports[*]}{range .backends[*]}<{@}>{end};{end}", "<1><2>;");
	check("{range .nothing[*]}x{end}", "");
}

static void errors_name_the_place(void **state)
{
	(void)state;
	check("{.instances[*.name}",
	      "jsonpath, character 13: an index, a 'name', * or ?( is missing");
	check("{.a", "jsonpath, character 4: } is missing");
	check("project", "jsonpath, character 1: a path begins with . as in {.project}");
	check("{project}", "jsonpath, character 2: a path begins with . as in {.project}");
	check("{..name}", "jsonpath, character 3: '..' is not done here: write the whole path");
	check("{.a[0,1]}", "jsonpath, character 6: unions are not done here: write two {}");
	check("{.a['x}", "jsonpath, character 8: the quotes are not closed");
	check("{.a[?(.x)]}", "jsonpath, character 7: a condition begins with @");
	check("{.a[?(@.x==y)]}",
	      "jsonpath, character 12: a number, true, false or a text in quotes "
	      "is missing");
	check("{range .a[*]}x", "jsonpath, character 15: {range} without {end}");
	check("{end}", "jsonpath, character 6: {end} without {range}");
	check("{.a b}", "jsonpath, character 5: this is not understood");
	check("{.a[99999999999]}", "jsonpath, character 5: this is no index");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(picks_fields_elements_and_all),
		cmocka_unit_test(what_is_not_there_prints_nothing),
		cmocka_unit_test(conditions_choose_elements),
		cmocka_unit_test(range_repeats_what_is_in_it),
		cmocka_unit_test(errors_name_the_place),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
