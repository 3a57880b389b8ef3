/* SPDX-License-Identifier: Apache-2.0 */
#include "local/supervisor/control_request.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

#include "test.h"

static void what_is_written_is_read(void **state)
{
	const struct control_request requests[] = {
		{.op = CONTROL_STATUS},
		{.op = CONTROL_WATCH},
		{.op = CONTROL_EVENTS},
		{.op = CONTROL_STATS, .interval_ms = 1000},
		{.op = CONTROL_STATS},
		{.op = CONTROL_APPLY, .id = 1},
		{.op = CONTROL_DOWN, .id = 2, .with_volumes = true},
		{.op = CONTROL_DOWN, .id = INT64_MAX, .is_forced = true},
		{.op = CONTROL_SCALE, .id = 4, .name = (char[]){"web"}, .replicas = 0},
		{.op = CONTROL_SCALE, .id = 4, .name = (char[]){"w\"e\nb"}, .replicas = 1000},
		{.op = CONTROL_STOP, .id = 5, .name = (char[]){"web"}},
		{.op = CONTROL_RESTART, .id = 6, .name = (char[]){"web-0"}},
		{.op = CONTROL_KILL, .id = 7, .name = (char[]){"web-0"}},
		{.op = CONTROL_PAUSE, .id = 8, .name = (char[]){"web"}},
		{.op = CONTROL_UNPAUSE, .id = 9, .name = (char[]){"web"}},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		AUTO(control_request_clear) struct control_request read = {0};
		AUTO(strbuf_clear) struct strbuf line = STRBUF_INIT;
		control_request_write(&requests[i], &line);
		assert_int_equal(line.data[line.size - 1], '\n');
		assert_null(memchr(line.data, '\n', line.size - 1));
		assert_true(control_request_read(line.data, line.size - 1, &read, NULL));
		assert_int_equal(read.op, requests[i].op);
		assert_int_equal(read.id, requests[i].id);
		assert_int_equal(read.replicas, requests[i].replicas);
		assert_int_equal(read.interval_ms, requests[i].interval_ms);
		assert_int_equal(read.with_volumes, requests[i].with_volumes);
		assert_int_equal(read.is_forced, requests[i].is_forced);
		if (requests[i].name != NULL)
			assert_string_equal(read.name, requests[i].name);
		else
			assert_null(read.name);
	}
}

static void expect_refused(const char *line, uint64_t id, const char *message)
{
	AUTO(control_request_clear) struct control_request read = {0};
	AUTO(error_clear) struct error problem = ERROR_INIT;

	assert_false(control_request_read(line, strlen(line), &read, &problem));
	assert_int_equal(read.id, id);
	if (strstr(problem.message, message) == NULL)
		fail_msg("'%s' for %s", problem.message, line);
}

static void what_is_no_request_is_refused_and_answered(void **state)
{
	(void)state;
	expect_refused("", 0, "");
	expect_refused("[]", 0, "one JSON object");
	expect_refused("{\"id\":7}", 7, "needs an op");
	expect_refused("{\"id\":7,\"op\":3}", 7, "op");
	expect_refused("{\"id\":7,\"op\":\"explode\"}", 7, "unknown operation 'explode'");
	expect_refused("{\"id\":7,\"op\":\"stop\"}", 7, "'stop' needs a name");
	expect_refused("{\"id\":7,\"op\":\"pause\"}", 7, "'pause' needs a name");
	expect_refused("{\"id\":7,\"op\":\"scale\",\"name\":\"web\"}", 7, "number of replicas");
	expect_refused("{\"id\":7,\"op\":\"scale\",\"name\":\"web\",\"replicas\":-1}", 7,
		       "replicas");
	expect_refused("{\"id\":7,\"op\":\"down\",\"volumes\":\"yes\"}", 7, "volumes");
}

static void intervals_have_bounds(void **state)
{
	static const struct {
		const char *line;
		unsigned ms;
	} cases[] = {{"{\"op\":\"stats\",\"intervalMs\":1}", 500},
		     {"{\"op\":\"stats\",\"intervalMs\":0}", 0},
		     {"{\"op\":\"stats\"}", 0},
		     {"{\"op\":\"stats\",\"intervalMs\":9000000}", 60000}};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		AUTO(control_request_clear) struct control_request read = {0};
		assert_true(
			control_request_read(cases[i].line, strlen(cases[i].line), &read, NULL));
		assert_int_equal(read.interval_ms, cases[i].ms);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(what_is_no_request_is_refused_and_answered),
		cmocka_unit_test(intervals_have_bounds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
