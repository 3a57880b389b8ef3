/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Routes of a supervisor over libvirt's test driver, answered by a real HAProxy that its starter (this
 * program again) runs. No pod ever becomes ready here.
 */
#include "local/supervisor/proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/path.h"
#include "base/process.h"
#include "local/plan/project_identity.h"
#include "local/plan/project_plan.h"
#include "local/plan/project_plan_json.h"
#include "local/supervisor/status.h"
#include "local/supervisor/supervisor.h"
#include "local/supervisor/supervisor_parts.h"
#include "local/vm/starter.h"
#include "local/vm/starter_serve.h"
#include "test.h"

enum { SOCKET_FD = 3, WAIT_MS = 10000, WANTED_PORT = 18080, OTHER_PORT = 18180 };

static struct loop *loop;
static struct supervisor *supervisor;

static void save_plan(const char *path, uint16_t port)
{
	AUTO(project_plan_clear)
	struct project_plan plan = {.project = xstrdup("shop"),
				    .folder = xstrdup("/srv/shop"),
				    .uri = xstrdup("test:///default"),
				    .accel = xstrdup("tcg"),
				    .firmware = xstrdup("direct"),
				    .bind = xstrdup("127.0.0.1")};
	struct pod_plan *pod = ARRAY_APPEND(plan.pods, plan.pod_count);
	struct service_plan *service = ARRAY_APPEND(plan.services, plan.service_count);

	*pod = (struct pod_plan){.name = xstrdup("web"),
				 .kind_name = xstrdup("Deployment"),
				 .replicas = 1,
				 .image_path = xstrdup("/no/such/image.raw"),
				 .kernel_path = xstrdup("/no/such/kernel"),
				 .initrd_path = xstrdup("/no/such/initrd"),
				 .cmdline = xstrdup("quiet"),
				 .config_json = xstrdup("{}"),
				 .memory_bytes = (uint64_t)64 << 20,
				 .cpu_count = 1};
	memset(&pod->release, '1', sizeof(pod->release));
	service->name = xstrdup("web");
	service->slot = 1;
	string_list_add(&service->pods, "web");
	*ARRAY_APPEND(service->ports, service->port_count) =
		(struct port_plan){.port = 80, .target_port = 80};
	if (path != NULL) {
		struct route *route = ARRAY_APPEND(plan.proxy.routes, plan.proxy.route_count);
		struct route_backend *backend = ARRAY_APPEND(route->backends, route->backend_count);
		route->owner = xstrdup("Ingress 'shop'");
		route->path = xstrdup(path);
		route->is_http = true;
		*backend =
			(struct route_backend){.service = xstrdup("web"), .port = 80, .weight = 1};
		plan.proxy.ports[PROXY_HTTP].host_port = port;
	}
	assert_true(project_plan_save(&plan, NULL));
}

/* Steps the loop, since the supervisor runs on it; the answer, owned. */
static char *get(uint16_t port, const char *path)
{
	const struct sockaddr_in address = {.sin_family = AF_INET,
					    .sin_port = htons(port),
					    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	AUTO_FREE char *request =
		xasprintf("GET %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", path);
	AUTO_CLOSE int fd = socket(AF_INET, SOCK_STREAM, 0);
	uint64_t end_ms = clock_monotonic_ms() + WAIT_MS;
	char text[8192] = "";
	size_t size = 0;

	if (connect(fd, (const struct sockaddr *)(const void *)&address, sizeof(address)) < 0)
		return xstrdup("refused");
	assert_int_equal(write(fd, request, strlen(request)), strlen(request));
	while (clock_monotonic_ms() < end_ms && size < sizeof(text) - 1) {
		ssize_t got = recv(fd, text + size, sizeof(text) - 1 - size, MSG_DONTWAIT);
		if (got == 0)
			break;
		size += got > 0 ? (size_t)got : 0;
		loop_step(loop, 5);
	}
	return xstrdup(text);
}

static void wait_for(uint16_t port, const char *path, const char *wanted)
{
	uint64_t end_ms = clock_monotonic_ms() + WAIT_MS;
	AUTO_FREE char *text = NULL;

	do {
		free(text);
		text = get(port, path);
		if (strstr(text, wanted) != NULL)
			return;
	} while (clock_monotonic_ms() < end_ms);
	fail_msg("%s: no '%s' in:\n%s", path, wanted, text);
}

static void what_is_not_ready_is_named_and_routes_change_without_a_pause(void **state)
{
	AUTO(project_status_clear) struct project_status status = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	(void)state;

	supervisor_status(supervisor, &status);
	assert_int_equal(status.route_count, 1);
	assert_string_equal(status.routes[0].target, "web:80");
	assert_int_equal(status.routes[0].backends, 0);
	const struct port_status *front = &status.ports[status.port_count - 1];
	assert_string_equal(front->service, "routes");
	assert_true(port_status_serves(front, "web"));
	uint16_t port = front->host_port;
	AUTO_FREE char *url = xasprintf("http://localhost:%u/old", (unsigned)port);
	assert_string_equal(status.routes[0].http_url, url);
	AUTO_FREE char *first = get(port, "/old");
	assert_non_null(strstr(first, " 503 "));
	assert_non_null(strstr(first, "<li>pod web"));
	AUTO_FREE char *other = get(port, "/new");
	assert_non_null(strstr(other, " 404 "));
	/* Longer than the fence of a process that begins takes: none of them is lost. */
	save_plan("/new", WANTED_PORT);
	assert_true(supervisor_apply(supervisor, &err));
	uint64_t end_ms = clock_monotonic_ms() + 1500;
	while (clock_monotonic_ms() < end_ms) {
		AUTO_FREE char *text = get(port, "/new");
		assert_true(strstr(text, " 404 ") != NULL || strstr(text, " 503 ") != NULL);
	}
	wait_for(port, "/new", " 503 ");
	wait_for(port, "/old", " 404 ");
	/* Nobody holds a port that is not wanted any more, whoever still has a connection. */
	save_plan("/new", OTHER_PORT);
	assert_true(supervisor_apply(supervisor, &err));
	wait_for(port, "/new", "refused");
	AUTO(project_status_clear) struct project_status moved = {0};
	supervisor_status(supervisor, &moved);
	port = moved.ports[moved.port_count - 1].host_port;
	wait_for(port, "/new", " 503 ");
	save_plan(NULL, 0);
	assert_true(supervisor_apply(supervisor, &err));
	wait_for(port, "/new", "refused");
}

static int start(void **state)
{
	static char home[] = "/tmp/i2kit-proxy.XXXXXX";
	const struct string_list given = STRING_LIST_INIT;
	AUTO(project_identity_clear)
	struct project_identity identity = {.project = xstrdup("shop"),
					    .folder = xstrdup("/srv/shop")};
	(void)state;
	if (mkdtemp(home) == NULL || setenv("XDG_DATA_HOME", home, 1) < 0 ||
	    setenv("XDG_STATE_HOME", home, 1) < 0 || setenv("XDG_CACHE_HOME", home, 1) < 0 ||
	    setenv("XDG_RUNTIME_DIR", home, 1) < 0 || setenv("XDG_CONFIG_HOME", home, 1) < 0)
		return -1;
	*state = home;
	loop = loop_new(NULL);
	save_plan("/old", WANTED_PORT);
	if (!starter_launch(&given, NULL) || !project_identity_claim(&identity, NULL))
		return -1;
	supervisor = supervisor_new(loop, "shop", NULL, NULL);
	return supervisor != NULL ? 0 : -1;
}

static int stop(void **state)
{
	supervisor_free(supervisor);
	return path_remove_tree(*state, NULL) ? 0 : -1;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			what_is_not_ready_is_named_and_routes_change_without_a_pause, start, stop),
	};
	AUTO(string_list_clear) struct string_list given = STRING_LIST_INIT;
	AUTO_FREE char *program = process_find_program("haproxy");

	for (int i = 2; i < argc; i++)
		string_list_add(&given, argv[i]);
	if (argc > 1 && strcmp(argv[1], "starter") == 0)
		return starter_serve(SOCKET_FD, &given, NULL) ? 0 : 1;
	if (program == NULL) {
		(void)printf("1..0 # SKIP haproxy is not installed\n");
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
