/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A supervisor and its client in one process, over libvirt's test driver, which makes no real VM.
 */
#include "local/supervisor/supervisor.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/json_writer.h"
#include "base/path.h"
#include "local/client/client.h"
#include "local/client/session_client.h"
#include "local/plan/project_identity.h"
#include "local/plan/project_plan.h"
#include "local/plan/project_plan_json.h"
#include "local/supervisor/run_session.h"
#include "local/supervisor/session.h"
#include "local/supervisor/supervisor_start.h"

#include "test.h"

static struct {
	char home[32];
	struct loop *loop;
	struct supervisor *supervisor;
	struct client *client;
	unsigned statuses;
	bool is_lost;
	char events[16384]; /* "Starting web-0\n" … */
	unsigned done;
	struct error problem;
} bench;

static void add_pod(struct project_plan *plan, const char *name, unsigned replicas, char digit)
{
	struct pod_plan *pod = ARRAY_APPEND(plan->pods, plan->pod_count);

	pod->name = xstrdup(name);
	pod->kind_name = xstrdup("Deployment");
	pod->workload = WORKLOAD_DEPLOYMENT;
	pod->replicas = replicas;
	pod->image_path = xstrdup("/no/such/image.raw");
	pod->kernel_path = xstrdup("/no/such/kernel");
	pod->initrd_path = xstrdup("/no/such/initrd");
	pod->cmdline = xstrdup("quiet");
	pod->config_json = xstrdup("{}");
	memset(&pod->release, digit, sizeof(pod->release));
	pod->memory_bytes = (uint64_t)64 << 20;
	pod->cpu_count = 1;
}

static void save_plan(unsigned web_replicas, char digit)
{
	AUTO(project_plan_clear)
	struct project_plan plan = {.project = xstrdup("shop"),
				    .folder = xstrdup("/srv/shop"),
				    .uri = xstrdup("test:///default"),
				    .accel = xstrdup("tcg"),
				    .firmware = xstrdup("direct"),
				    .bind = xstrdup("127.0.0.1")};

	add_pod(&plan, "web", web_replicas, digit);
	assert_true(project_plan_save(&plan, NULL));
}

static void on_status(const struct project_status *status, void *arg)
{
	(void)arg;
	bench.statuses++;
	bench.is_lost = status == NULL;
}

static void on_event(const struct project_event *event, void *arg)
{
	AUTO_FREE char *line = xasprintf("%s %s\n", event->type, event->object);
	size_t used = strlen(bench.events);
	(void)arg;

	if (used + strlen(line) < sizeof(bench.events))
		memcpy(bench.events + used, line, strlen(line) + 1);
}

static void on_done(struct error *err_or_null, void *arg)
{
	(void)arg;
	bench.done++;
	if (err_or_null != NULL)
		error_move(&bench.problem, err_or_null);
}

/* client_status() would wait for a supervisor that runs on this very loop. */
static void turn(unsigned ms)
{
	uint64_t end_ms = clock_monotonic_ms() + ms;

	while (clock_monotonic_ms() < end_ms)
		loop_step(bench.loop, 5);
}

static void wait_for_event(const char *line)
{
	uint64_t end_ms = clock_monotonic_ms() + 8000;

	while (strstr(bench.events, line) == NULL && clock_monotonic_ms() < end_ms)
		loop_step(bench.loop, 10);
	if (strstr(bench.events, line) == NULL)
		fail_msg("no '%s' in:\n%s", line, bench.events);
}

static bool wait_for_act(void)
{
	uint64_t end_ms = clock_monotonic_ms() + 8000;

	while (bench.done == 0 && clock_monotonic_ms() < end_ms)
		loop_step(bench.loop, 10);
	assert_int_equal(bench.done, 1);
	bench.done = 0;
	return bench.problem.kind == ERROR_NONE;
}

static struct loop *one_loop(void)
{
	/* libvirt's events stay with the loop that was first: one for all tests. */
	static struct loop *loop = NULL;

	if (loop == NULL)
		loop = loop_new(NULL);
	return loop;
}

static int start(void **state)
{
	AUTO(project_identity_clear)
	struct project_identity identity = {.project = xstrdup("shop"),
					    .folder = xstrdup("/srv/shop")};
	(void)state;

	memset(&bench, 0, sizeof(bench));
	(void)memcpy(bench.home, "/tmp/i2kit-sup.XXXXXX", 22);
	if (mkdtemp(bench.home) == NULL || setenv("XDG_STATE_HOME", bench.home, 1) < 0 ||
	    setenv("XDG_DATA_HOME", bench.home, 1) < 0 ||
	    setenv("XDG_RUNTIME_DIR", bench.home, 1) < 0 ||
	    setenv("XDG_CACHE_HOME", bench.home, 1) < 0 || !project_identity_claim(&identity, NULL))
		return -1;
	bench.loop = one_loop();
	save_plan(1, 'a');
	bench.supervisor = supervisor_new(bench.loop, "shop", NULL, &bench.problem);
	if (bench.supervisor == NULL)
		return -1;
	bench.client = client_open(bench.loop, "shop", NULL);
	client_watch_status(bench.client, on_status, NULL);
	client_watch_events(bench.client, on_event, NULL);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	client_close(bench.client);
	supervisor_free(bench.supervisor);
	error_clear(&bench.problem);
	return path_remove_tree(bench.home, NULL) ? 0 : -1;
}

static void a_vm_that_cannot_be_made_is_tried_again_and_said(void **state)
{
	(void)state;
	wait_for_event("Starting web-0");
	wait_for_event("BackOff web-0");
	assert_true(bench.statuses > 0);
	char *first = strstr(bench.events, "Starting web-0");
	memset(first, ' ', strlen("Starting web-0"));
	wait_for_event("Starting web-0");
}

static void replicas_come_and_go_and_stay_in_the_plan(void **state)
{
	AUTO(project_plan_clear) struct project_plan plan = {0};
	(void)state;

	client_scale(bench.client, "web", 3, on_done, NULL);
	assert_true(wait_for_act());
	wait_for_event("Starting web-2");
	assert_true(project_plan_load("shop", &plan, NULL));
	assert_int_equal(plan.pods[0].replicas, 3);
}

static void a_pod_that_was_stopped_comes_back_as_it_was(void **state)
{
	AUTO(project_plan_clear) struct project_plan stopped = {0};
	AUTO(project_plan_clear) struct project_plan again = {0};
	(void)state;

	client_scale(bench.client, "web", 2, on_done, NULL);
	assert_true(wait_for_act());
	client_stop(bench.client, "web", on_done, NULL);
	assert_true(wait_for_act());
	assert_true(project_plan_load("shop", &stopped, NULL));
	assert_int_equal(stopped.pods[0].replicas, 0);
	turn(100);
	client_restart(bench.client, "web", on_done, NULL);
	assert_true(wait_for_act());
	assert_true(project_plan_load("shop", &again, NULL));
	assert_int_equal(again.pods[0].replicas, 2);
}

static void acts_on_what_is_not_there_are_refused(void **state)
{
	(void)state;
	client_restart(bench.client, "wbe", on_done, NULL);
	assert_false(wait_for_act());
	assert_int_equal(bench.problem.kind, ERROR_NOT_FOUND);
	assert_string_equal(bench.problem.message, "project 'shop' has no pod 'wbe'");
	error_clear(&bench.problem);
	client_scale(bench.client, "web", 1001, on_done, NULL);
	assert_false(wait_for_act());
	assert_int_equal(bench.problem.kind, ERROR_UNSUPPORTED);
}

static void a_new_plan_is_applied_and_answered_after_libvirt_was_looked_at(void **state)
{
	(void)state;
	wait_for_event("BackOff web-0");
	bench.events[0] = '\0';
	save_plan(1, 'b');
	client_apply(bench.client, on_done, NULL);
	assert_true(wait_for_act());
	wait_for_event("web-0");
}

static void a_plan_that_is_damaged_is_not_applied(void **state)
{
	AUTO_FREE char *path = project_plan_path("shop");
	(void)state;

	assert_true(file_write_atomic(path, "{\"version\":", 11, 0600, NULL));
	client_apply(bench.client, on_done, NULL);
	assert_false(wait_for_act());
	/* What runs goes on by the plan of before. */
	error_clear(&bench.problem);
	client_scale(bench.client, "web", 2, on_done, NULL);
	assert_true(wait_for_act());
}

static void its_lock_and_its_socket_are_where_clients_look(void **state)
{
	AUTO_FREE char *path = path_join(bench.home, "i2kit/shop/supervisor.lock");
	(void)state;
	assert_true(path_exists(path));
	AUTO_CLOSE int fd = control_connect("shop", NULL);
	assert_true(fd >= 0);
}

static void down_ends_it_and_the_plan_goes(void **state)
{
	AUTO_FREE char *path = project_plan_path("shop");
	uint64_t end_ms = clock_monotonic_ms() + 8000;
	(void)state;

	wait_for_event("Starting web-0");
	client_down(bench.client, true, on_done, NULL);
	assert_true(wait_for_act());
	while (path_exists(path) && clock_monotonic_ms() < end_ms)
		loop_step(bench.loop, 10);
	assert_false(path_exists(path));
}

/* What waits for an answer hears that none comes; what was open stays usable. */
static void a_client_whose_supervisor_goes_is_told(void **state)
{
	(void)state;
	turn(50);
	client_apply(bench.client, on_done, NULL);
	supervisor_free(bench.supervisor);
	bench.supervisor = NULL;
	assert_false(wait_for_act());
	assert_true(bench.problem.kind == ERROR_NETWORK);
	error_clear(&bench.problem);
	client_restart(bench.client, "web", on_done, NULL);
	assert_false(wait_for_act());
	assert_int_equal(bench.problem.kind, ERROR_NOT_FOUND);
}

static void close_it(struct error *err_or_null, void *arg)
{
	(void)err_or_null;
	(void)arg;
	bench.done++;
	client_close(bench.client);
	bench.client = NULL;
}

static void a_client_may_be_closed_from_within_an_answer(void **state)
{
	(void)state;
	client_scale(bench.client, "web", 2, close_it, NULL);
	client_scale(bench.client, "web", 1, close_it, NULL);
	assert_true(wait_for_act());
	assert_null(bench.client);
	turn(50);
}

/* The request of a run called `name`, as `i2kit run` writes it. */
static char *run_request(const char *name)
{
	AUTO(project_plan_clear)
	struct project_plan plan = {.project = xstrdup("shop"),
				    .accel = xstrdup("tcg"),
				    .firmware = xstrdup("direct"),
				    .bind = xstrdup("127.0.0.1")};
	struct strbuf text = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&text, 0);

	add_pod(&plan, name, 1, 'c');
	plan.pods[0].run_container = xstrdup("main");
	AUTO_FREE char *written = project_plan_write(&plan, NULL);
	json_open_object(&json, NULL);
	json_write_text(&json, "session", "run");
	json_write_text(&json, "target", name);
	json_write_text(&json, "plan", written);
	json_close(&json);
	strbuf_append_char(&text, '\n');
	return strbuf_take(&text);
}

static size_t no_output(bool is_stderr, const void *bytes, size_t size, void *arg)
{
	(void)is_stderr;
	(void)bytes;
	(void)arg;
	return size;
}

static void on_run_done(int code, const char *problem, void *arg)
{
	(void)arg;
	bench.done++;
	assert_int_equal(code, 126);
	assert_non_null(problem);
}

/* The answer's line, which comes from this very loop. */
static void expect_line(int fd, const char *wanted)
{
	char line[512] = "";
	size_t got = 0;
	uint64_t end_ms = clock_monotonic_ms() + 8000;

	while (strchr(line, '\n') == NULL && clock_monotonic_ms() < end_ms) {
		loop_step(bench.loop, 5);
		while (got < sizeof(line) - 1 && strchr(line, '\n') == NULL &&
		       recv(fd, line + got, 1, MSG_DONTWAIT) == 1)
			got++;
	}
	if (strstr(line, wanted) == NULL)
		fail_msg("'%s' is not in '%s'", wanted, line);
}

static void ask_run(int fd, const char *name)
{
	AUTO_FREE char *request = run_request(name);

	assert_true(fd_write_all(fd, request, strlen(request), NULL));
}

static void a_run_that_gets_no_vm_says_so_and_leaves_the_plan(void **state)
{
	static const struct exec_client_handler handler = {.output = no_output,
							   .done = on_run_done};
	AUTO(project_plan_clear) struct project_plan saved = {0};
	int fd = control_connect("shop", NULL);
	AUTO_CLOSE int twice = control_connect("shop", NULL);
	(void)state;

	ask_run(fd, "web-run-1");
	expect_line(fd, "{\"ok\":true,\"instance\":\"web-run-1-0\"}");
	ask_run(twice, "web-run-1");
	expect_line(twice, "runs already");
	struct exec_client *client = exec_client_new(bench.loop, fd, &handler, NULL);
	assert_true(wait_for_act());
	exec_client_free(client);
	wait_for_event("web-run-1-0");
	client_scale(bench.client, "web", 2, on_done, NULL);
	assert_true(wait_for_act());
	assert_true(project_plan_load("shop", &saved, NULL));
	assert_int_equal(saved.pod_count, 1);
	turn(100);
	client_scale(bench.client, "web-run-1", 1, on_done, NULL);
	assert_false(wait_for_act());
	assert_int_equal(bench.problem.kind, ERROR_NOT_FOUND);
}

static void a_plan_that_is_applied_keeps_the_runs_there_are(void **state)
{
	AUTO(project_plan_clear)
	struct project_plan before = {.project = xstrdup("shop"),
				      .accel = xstrdup("tcg"),
				      .firmware = xstrdup("direct"),
				      .bind = xstrdup("127.0.0.1")};
	AUTO(project_plan_clear) struct project_plan fresh = {0};
	(void)state;

	add_pod(&before, "old", 1, 'a');
	add_pod(&before, "web-run-2", 1, 'c');
	before.pods[1].run_container = xstrdup("main");
	struct service_plan *service = ARRAY_APPEND(before.services, before.service_count);
	service->name = xstrdup("web-run-2");
	service->slot = 3;
	string_list_add(&service->pods, "web-run-2");
	assert_true(project_plan_load("shop", &fresh, NULL));
	assert_true(run_session_carry(&before, &fresh, NULL));
	assert_int_equal(fresh.pod_count, 2);
	assert_string_equal(fresh.pods[1].name, "web-run-2");
	assert_int_equal(fresh.services[0].slot, 3);
	assert_null(project_plan_find(&fresh, "old"));
	assert_string_equal(before.services[0].name, "web-run-2");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)
	const struct CMUnitTest tests[] = {
		TEST(a_vm_that_cannot_be_made_is_tried_again_and_said),
		TEST(replicas_come_and_go_and_stay_in_the_plan),
		TEST(a_pod_that_was_stopped_comes_back_as_it_was),
		TEST(acts_on_what_is_not_there_are_refused),
		TEST(a_new_plan_is_applied_and_answered_after_libvirt_was_looked_at),
		TEST(a_plan_that_is_damaged_is_not_applied),
		TEST(its_lock_and_its_socket_are_where_clients_look),
		TEST(a_client_whose_supervisor_goes_is_told),
		TEST(a_client_may_be_closed_from_within_an_answer),
		TEST(a_run_that_gets_no_vm_says_so_and_leaves_the_plan),
		TEST(a_plan_that_is_applied_keeps_the_runs_there_are),
		TEST(down_ends_it_and_the_plan_goes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
