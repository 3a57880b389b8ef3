/* SPDX-License-Identifier: Apache-2.0 */
#include "local/client/port_check.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "base/alloc.h"
#include "base/cleanup.h"

#include "test.h"

static void add(struct project_plan *plan, const char *name, uint16_t host, uint16_t target,
		bool is_asked_for)
{
	struct service_plan *service = ARRAY_APPEND(plan->services, plan->service_count);
	struct port_plan *port = ARRAY_APPEND(service->ports, service->port_count);

	service->name = xstrdup(name);
	*port = (struct port_plan){.port = target,
				   .target_port = target,
				   .host_port = host,
				   .is_asked_for = is_asked_for};
}

/* A socket that listens; its number. */
static int hold_port(uint16_t *ret)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	*ret = ntohs(address.sin_port);
	return fd;
}

static void two_pods_of_one_port_are_refused(void **state)
{
	AUTO(project_plan_clear) struct project_plan plan = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	(void)state;

	add(&plan, "web", 8080, 80, true);
	add(&plan, "api", 8080, 8000, true);
	assert_false(port_check_plan(&plan, &err));
	assert_string_equal(err.message, "'web' and 'api' both publish port 8080");
	assert_string_equal(err.hint, "--publish api:16080:8000");
}

static void one_that_nobody_asked_for_moves(void **state)
{
	AUTO(project_plan_clear) struct project_plan plan = {0};
	(void)state;

	add(&plan, "web", 8080, 80, true);
	add(&plan, "cache", 8080, 80, false);
	assert_true(port_check_plan(&plan, NULL));
}

static void a_taken_port_is_found_before_anything_runs(void **state)
{
	AUTO(project_plan_clear) struct project_plan plan = {.bind = xstrdup("127.0.0.1")};
	AUTO(error_clear) struct error err = ERROR_INIT;
	uint16_t number = 0;
	AUTO_CLOSE int holder = hold_port(&number);
	AUTO_FREE char *hint = NULL;
	(void)state;

	add(&plan, "web", number, 80, true);
	assert_false(port_check_free(&plan, NULL, &err));
	assert_int_equal(err.kind, ERROR_EXISTS);
	hint = xasprintf("--publish web:%u:80",
			 number + 8000 <= UINT16_MAX ? number + 8000 : number - 8000);
	assert_non_null(strstr(err.message, "is taken by"));
	assert_non_null(strstr(err.hint, hint));
}

static void what_the_project_has_itself_is_free(void **state)
{
	AUTO(project_plan_clear) struct project_plan plan = {.bind = xstrdup("127.0.0.1")};
	struct port_status own = {0};
	const struct project_status running = {.ports = &own, .port_count = 1};
	AUTO_CLOSE int holder = hold_port(&own.host_port);
	(void)state;

	add(&plan, "web", own.host_port, 80, true);
	assert_true(port_check_free(&plan, &running, NULL));
}

static void an_address_of_another_machine_is_refused(void **state)
{
	AUTO(project_plan_clear) struct project_plan plan = {.bind = xstrdup("192.0.2.77")};
	AUTO(error_clear) struct error err = ERROR_INIT;
	(void)state;

	add(&plan, "web", 8080, 80, true);
	assert_false(port_check_free(&plan, NULL, &err));
	assert_non_null(strstr(err.message, "192.0.2.77:8080"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_pods_of_one_port_are_refused),
		cmocka_unit_test(one_that_nobody_asked_for_moves),
		cmocka_unit_test(a_taken_port_is_found_before_anything_runs),
		cmocka_unit_test(what_the_project_has_itself_is_free),
		cmocka_unit_test(an_address_of_another_machine_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
