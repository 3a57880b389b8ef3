/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pod that lives: a domain of libvirt's test driver that the supervisor finds running, and a
 * guest that this test plays on the domain's channel.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/path.h"
#include "local/client/client.h"
#include "local/client/verdict.h"
#include "local/plan/project_identity.h"
#include "local/plan/project_plan.h"
#include "local/plan/project_plan_json.h"
#include "local/supervisor/supervisor.h"
#include "local/vm/vm_identity.h"
#include "release/receipt.h"
#include "wire/frame.h"

#include "test.h"

static struct {
	char home[32];
	struct loop *loop;
	struct supervisor *supervisor;
	struct client *client;
	struct project_status status; /* the last one told */
	char events[16384];
	int listen_fd;
	int guest_fd;
	struct wire_decoder *decoder;
	struct release_id release;
	unsigned done;
} bench;

/* ---- the guest ---- */

static void guest_accept(void)
{
	uint64_t end_ms = clock_monotonic_ms() + 5000;

	while (bench.guest_fd < 0 && clock_monotonic_ms() < end_ms) {
		bench.guest_fd = accept4(bench.listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		loop_step(bench.loop, 5);
	}
	assert_true(bench.guest_fd >= 0);
}

/* The next message of that type; others are passed over. */
static void guest_expect(enum wire_type type, struct wire_message *ret)
{
	uint64_t end_ms = clock_monotonic_ms() + 7000;
	static char bytes[65536];

	while (clock_monotonic_ms() < end_ms) {
		enum wire_result result = wire_decoder_next(bench.decoder, ret, NULL);
		if (result == WIRE_MESSAGE && ret->type == type)
			return;
		if (result == WIRE_MESSAGE)
			continue;
		loop_step(bench.loop, 5);
		ssize_t got = recv(bench.guest_fd, bytes, sizeof(bytes), MSG_DONTWAIT);
		if (got > 0)
			wire_decoder_feed(bench.decoder, bytes, (size_t)got);
	}
	fail_msg("the host did not send %s", wire_type_name(type));
}

static void guest_send(enum wire_type type, const char *text)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;

	wire_append_text(&out, type, 0, text);
	assert_int_equal(send(bench.guest_fd, out.data, out.size, MSG_NOSIGNAL), out.size);
}

static void guest_greet_with(const char *json)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	struct wire_message hello;

	guest_accept();
	guest_expect(WIRE_HELLO, &hello);
	wire_append_hello(&out, hello.bytes + WIRE_MAGIC_SIZE, json);
	assert_int_equal(send(bench.guest_fd, out.data, out.size, MSG_NOSIGNAL), out.size);
}

static void guest_greet(const char *state)
{
	AUTO_FREE char *json =
		xasprintf("{\"version\":2,\"state\":\"%s\",\"boot\":\"b1\",\"ping\":true}", state);

	guest_greet_with(json);
}

/* ---- the host ---- */

static void on_status(const struct project_status *status, void *arg)
{
	(void)arg;

	project_status_clear(&bench.status);
	if (status == NULL)
		return;
	bench.status.is_supervised = status->is_supervised;
	for (size_t i = 0; i < status->pod_count; i++) {
		struct pod_status *pod = ARRAY_APPEND(bench.status.pods, bench.status.pod_count);
		*pod = status->pods[i];
		pod->name = xstrdup(status->pods[i].name);
		pod->kind = NULL;
		pod->message = NULL;
	}
	for (size_t i = 0; i < status->instance_count; i++) {
		const struct instance_status *from = &status->instances[i];
		struct instance_status *to =
			ARRAY_APPEND(bench.status.instances, bench.status.instance_count);
		to->name = xstrdup(from->name);
		to->pod = xstrdup(from->pod);
		to->state = from->state;
		to->is_ready = from->is_ready;
		to->is_outdated = from->is_outdated;
		to->restarts = from->restarts;
		to->memory_used_bytes = from->memory_used_bytes;
		to->reason = xstrdup_or_null(from->reason);
		for (size_t k = 0; k < from->container_count; k++) {
			struct container_status *container =
				ARRAY_APPEND(to->containers, to->container_count);
			*container = from->containers[k];
			container->name = xstrdup(from->containers[k].name);
			container->reason = xstrdup_or_null(from->containers[k].reason);
			container->message = xstrdup_or_null(from->containers[k].message);
			container->last_reason = NULL;
		}
	}
}

static void on_event(const struct project_event *event, void *arg)
{
	AUTO_FREE char *line = xasprintf("%s %s: %s\n", event->type, event->object, event->message);
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
		fail_msg("%s", err_or_null->message);
}

static void wait_for_event(const char *line)
{
	uint64_t end_ms = clock_monotonic_ms() + 8000;

	while (strstr(bench.events, line) == NULL && clock_monotonic_ms() < end_ms)
		loop_step(bench.loop, 10);
	if (strstr(bench.events, line) == NULL)
		fail_msg("no '%s' in:\n%s", line, bench.events);
}

static const struct instance_status *web(void)
{
	return bench.status.instance_count > 0 ? &bench.status.instances[0] : NULL;
}

static void wait_for_state(enum instance_state state)
{
	uint64_t end_ms = clock_monotonic_ms() + 8000;

	while ((web() == NULL || web()->state != state) && clock_monotonic_ms() < end_ms)
		loop_step(bench.loop, 10);
	assert_non_null(web());
	assert_string_equal(instance_state_name(web()->state), instance_state_name(state));
}

/* ---- the machine ---- */

static void save_plan(const struct project_identity *identity, const char *uri)
{
	AUTO(project_plan_clear)
	struct project_plan plan = {.project = xstrdup("shop"),
				    .folder = xstrdup(identity->folder),
				    .uri = xstrdup(uri),
				    .accel = xstrdup("tcg"),
				    .firmware = xstrdup("direct"),
				    .bind = xstrdup("127.0.0.1")};
	struct pod_plan *pod = ARRAY_APPEND(plan.pods, plan.pod_count);

	pod->name = xstrdup("web");
	pod->kind_name = xstrdup("Job");
	pod->workload = WORKLOAD_JOB;
	pod->replicas = 1;
	pod->image_path = xasprintf("%s/image.raw", bench.home);
	pod->release = bench.release;
	pod->kernel_path = xstrdup("/no/such/kernel");
	pod->initrd_path = xstrdup("/no/such/initrd");
	pod->cmdline = xstrdup("quiet");
	pod->config_json = xstrdup("{\"env\":{}}");
	pod->memory_bytes = (uint64_t)64 << 20;
	pod->cpu_count = 1;
	string_list_add(&pod->init_containers, "migrate");
	assert_true(project_plan_save(&plan, NULL));
}

static void write_node(const struct project_identity *identity, const char *path,
		       const char *socket_path)
{
	AUTO(strbuf_clear) struct strbuf metadata = STRBUF_INIT;
	struct vm_plan vm = {.domain = xstrdup("i2kit-shop.web-0"),
			     .project = xstrdup("shop"),
			     .project_id = xstrdup(identity->id),
			     .project_folder = xstrdup(identity->folder),
			     .pod = xstrdup("web"),
			     .instance = xstrdup("web-0"),
			     .memory_bytes = (uint64_t)64 << 20,
			     .cpu_count = 1,
			     .grace_s = 1,
			     .owner_uid = geteuid(),
			     .agent_socket = xstrdup(socket_path)};

	vm_uuid_make(identity->id, "web-0", vm.uuid);
	vm.release = bench.release;
	vm_identity_write(&vm, clock_wall_ns(), &metadata);
	AUTO_FREE char *xml =
		xasprintf("<node><domain type='test'><name>%s</name><uuid>%s</uuid>"
			  "<metadata>%s</metadata><memory>65536</memory><vcpu>1</vcpu>"
			  "<os><type>hvm</type></os><devices>"
			  "<disk type='file'><source file='/v/data.qcow2'/><target dev='vdb'/>"
			  "</disk></devices></domain></node>",
			  vm.domain, vm.uuid, strbuf_text(&metadata));
	assert_true(file_write_atomic(path, xml, strlen(xml), 0600, NULL));
	vm_plan_clear(&vm);
}

static int listen_at(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	memcpy(address.sun_path, path, strlen(path));
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 4), 0);
	return fd;
}

static int start(void **state)
{
	AUTO(project_identity_clear)
	struct project_identity wanted = {.project = xstrdup("shop"),
					  .folder = xstrdup("/srv/shop")};
	AUTO(project_identity_clear) struct project_identity identity = {0};
	AUTO(error_clear) struct error problem = ERROR_INIT;
	static struct loop *loop = NULL;
	(void)state;

	memset(&bench, 0, sizeof(bench));
	bench.guest_fd = -1;
	(void)memcpy(bench.home, "/tmp/i2kit-pod.XXXXXX", 22);
	if (mkdtemp(bench.home) == NULL || setenv("XDG_STATE_HOME", bench.home, 1) < 0 ||
	    setenv("XDG_DATA_HOME", bench.home, 1) < 0 ||
	    setenv("XDG_CONFIG_HOME", bench.home, 1) < 0 ||
	    setenv("XDG_RUNTIME_DIR", bench.home, 1) < 0 ||
	    !project_identity_claim(&wanted, &problem) ||
	    !project_identity_load("shop", &identity, &problem))
		return -1;
	/* "/session": as with QEMU's user network, for which no privileges are needed. */
	AUTO_FREE char *folder = path_join(bench.home, "session");
	AUTO_FREE char *node = path_join(folder, "node.xml");
	AUTO_FREE char *uri = xasprintf("test://%s", node);
	AUTO_FREE char *socket_path = path_join(bench.home, "agent.sock");
	AUTO_FREE char *image = path_join(bench.home, "image.raw");
	assert_true(path_make_folders(folder, 0700, NULL));
	assert_true(file_write_atomic(image, "a disk", 6, 0600, NULL));
	bench.release.image = sha256_digest("a disk", 6);
	bench.release.config = bench.release.image;
	save_plan(&identity, uri);
	write_node(&identity, node, socket_path);
	bench.listen_fd = listen_at(socket_path);
	bench.decoder = wire_decoder_new(WIRE_MAX_TO_GUEST);
	wire_decoder_expect_hello(bench.decoder, NULL);
	if (loop == NULL)
		loop = loop_new(NULL);
	bench.loop = loop;
	bench.supervisor = supervisor_new(loop, "shop", NULL, &problem);
	if (bench.supervisor == NULL)
		fail_msg("%s", problem.message);
	bench.client = client_open(loop, "shop", NULL);
	client_watch_status(bench.client, on_status, NULL);
	client_watch_events(bench.client, on_event, NULL);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	client_close(bench.client);
	supervisor_free(bench.supervisor);
	project_status_clear(&bench.status);
	wire_decoder_free(bench.decoder);
	auto_close(&bench.guest_fd);
	auto_close(&bench.listen_fd);
	return path_remove_tree(bench.home, NULL) ? 0 : -1;
}

static void run_containers(void)
{
	guest_send(WIRE_EVENT, "{\"seq\":1,\"type\":\"boot\",\"stage\":\"kernel\",\"uptimeMs\":5}");
	guest_send(
		WIRE_EVENT,
		"{\"seq\":2,\"type\":\"container\",\"container\":\"migrate\","
		"\"state\":\"terminated\",\"reason\":\"Completed\",\"exitCode\":0,\"restarts\":0}");
	guest_send(WIRE_EVENT, "{\"seq\":3,\"type\":\"container\",\"container\":\"nginx\","
			       "\"state\":\"running\",\"reason\":\"Started\",\"restarts\":0}");
}

static void become_ready(void)
{
	struct wire_message release;

	guest_greet("waiting");
	guest_expect(WIRE_RELEASE, &release);
	run_containers();
	guest_send(WIRE_EVENT,
		   "{\"seq\":4,\"type\":\"probe\",\"container\":\"nginx\",\"probe\":\"readiness\","
		   "\"ok\":true,\"message\":\"HTTP 200\"}");
	guest_send(WIRE_EVENT, "{\"seq\":5,\"type\":\"ready\",\"ready\":true}");
	wait_for_state(INSTANCE_READY);
}

static void a_guest_that_waits_gets_its_release_and_becomes_ready(void **state)
{
	struct wire_message message;
	(void)state;

	wait_for_event("Adopted web-0");
	guest_greet("waiting");
	guest_expect(WIRE_TIME, &message);
	guest_expect(WIRE_RELEASE, &message);
	AUTO_FREE char *release = xstrndup((const char *)message.bytes, message.size);
	assert_non_null(strstr(release, "\"instance\":\"web-0\""));
	assert_non_null(strstr(release, DIGEST_TEXT(&bench.release.image)));
	wait_for_state(INSTANCE_BOOTING);
	run_containers();
	wait_for_state(INSTANCE_RUNNING);
	/* Init containers are told apart from those that have to be ready. */
	assert_int_equal(web()->container_count, 2);
	assert_true(web()->containers[0].is_init);
	assert_false(web()->containers[1].is_init);
	guest_send(WIRE_EVENT, "{\"seq\":5,\"type\":\"ready\",\"ready\":true}");
	wait_for_event("Ready web-0");
	wait_for_state(INSTANCE_READY);
	guest_send(WIRE_EVENT, "{\"seq\":6,\"type\":\"ready\",\"ready\":false}");
	wait_for_event("NotReady web-0: no longer ready");
	wait_for_state(INSTANCE_RUNNING);
}

/*
 * A supervisor that is killed leaves its HELLO in the channel, where the guest finds it when it has
 * booted; its successor greets anew.
 */
static void one_adopted_while_it_boots_gets_its_release_from_the_next_host(void **state)
{
	AUTO(error_clear) struct error problem = ERROR_INIT;
	(void)state;

	wait_for_event("Adopted web-0");
	guest_accept();
	struct wire_message hello;
	guest_expect(WIRE_HELLO, &hello);
	client_close(bench.client);
	supervisor_free(bench.supervisor);
	auto_close(&bench.guest_fd);
	bench.guest_fd = -1;
	wire_decoder_expect_hello(bench.decoder, NULL);
	bench.events[0] = '\0';
	bench.supervisor = supervisor_new(bench.loop, "shop", NULL, &problem);
	if (bench.supervisor == NULL)
		fail_msg("%s", problem.message);
	bench.client = client_open(bench.loop, "shop", NULL);
	client_watch_status(bench.client, on_status, NULL);
	client_watch_events(bench.client, on_event, NULL);
	wait_for_event("Adopted web-0");
	become_ready();
}

static void a_guest_of_another_protocol_is_replaced_and_said_so(void **state)
{
	(void)state;

	wait_for_event("Adopted web-0");
	guest_greet_with("{\"version\":9,\"state\":\"waiting\",\"boot\":\"b1\"}");
	wait_for_event("Replacing web-0: the guest speaks version 9 of the agent protocol");
	wait_for_event("BackOff web-0: the guest speaks version 9 of the agent protocol");
}

static void one_whose_hello_cannot_be_read_likewise(void **state)
{
	(void)state;

	guest_greet_with("{\"state\":\"waiting\"}");
	wait_for_event("Replacing web-0: HELLO");
	wait_for_event("BackOff web-0: HELLO");
}

static void what_became_ready_gets_a_receipt_of_what_was_booted(void **state)
{
	AUTO(receipt_clear) struct receipt receipt = {0};
	uint64_t end_ms = clock_monotonic_ms() + 5000;
	bool is_found = false;
	(void)state;

	become_ready();
	while (!is_found && clock_monotonic_ms() < end_ms) {
		loop_step(bench.loop, 20);
		is_found = receipt_find("shop", "web", &bench.release, &receipt, NULL);
	}
	assert_true(is_found);
	assert_int_equal(receipt.replicas, 1);
	assert_string_equal(receipt.probes[0].probe, "readiness");
}

static void a_disk_that_was_changed_gets_none(void **state)
{
	AUTO_FREE char *image = path_join(bench.home, "image.raw");
	AUTO(receipt_clear) struct receipt receipt = {0};
	(void)state;

	assert_true(file_write_atomic(image, "a disc", 6, 0600, NULL));
	become_ready();
	wait_for_event("ReceiptFailed web");
	assert_false(receipt_find("shop", "web", &bench.release, &receipt, NULL));
}

static void one_that_cannot_be_started_boots_no_more_and_is_no_more_waited_for(void **state)
{
	struct wire_message release;
	struct verdict verdict;
	(void)state;

	guest_greet("waiting");
	guest_expect(WIRE_RELEASE, &release);
	guest_send(WIRE_EVENT,
		   "{\"seq\":2,\"type\":\"container\",\"container\":\"nginx\",\"state\":"
		   "\"terminated\","
		   "\"reason\":\"StartError\",\"message\":\"not found\",\"restarts\":3}");
	wait_for_state(INSTANCE_RUNNING);
	guest_send(
		WIRE_EVENT,
		"{\"seq\":3,\"type\":\"container\",\"container\":\"nginx\",\"state\":\"waiting\","
		"\"reason\":\"CrashLoopBackOff\",\"nextStartMs\":10000,\"restarts\":3}");
	wait_for_event("CrashLoopBackOff web-0/nginx: starts again in 10.0 s");
	verdict_make(&bench.status, NULL, &verdict);
	assert_non_null(verdict.failure);
	verdict_clear(&verdict);
	/* Why it could not be started is still there while it waits for its next try. */
	assert_string_equal(bench.status.instances[0].containers[0].message, "not found");
}

static void a_job_that_ends_well_has_succeeded(void **state)
{
	(void)state;
	become_ready();
	guest_send(WIRE_EVENT,
		   "{\"seq\":7,\"type\":\"pod\",\"phase\":\"Succeeded\",\"exitCode\":0}");
	wait_for_event("Succeeded web-0: ended with exit code 0");
}

static void numbers_of_a_guest_are_shown(void **state)
{
	uint64_t end_ms = clock_monotonic_ms() + 5000;
	(void)state;

	become_ready();
	client_watch_stats(bench.client, 1000);
	struct wire_message asked;
	guest_expect(WIRE_STATS_REQUEST, &asked);
	guest_send(WIRE_STATS, "{\"timeNs\":1,\"memory\":{\"totalBytes\":9,\"availableBytes\":2,"
			       "\"usedBytes\":7},\"load1\":0.5,\"containers\":{\"nginx\":"
			       "{\"cpuUsec\":5,\"memoryBytes\":6}},\"network\":{}}");
	while ((web() == NULL || web()->memory_used_bytes == 0) && clock_monotonic_ms() < end_ms)
		loop_step(bench.loop, 10);
	assert_int_equal(web()->memory_used_bytes, 7);
}

/* A guest that causes events without end: some are shown, and then how many were not. */
static void a_flood_of_events_leaves_room_for_those_of_others(void **state)
{
	size_t lines = 0;
	(void)state;

	become_ready();
	for (int i = 0; i < 1000; i++) {
		AUTO_FREE char *event = xasprintf(
			"{\"type\":\"probe\",\"container\":\"nginx\",\"probe\":\"liveness\","
			"\"ok\":false,\"message\":\"HTTP %d\"}",
			i);
		guest_send(WIRE_EVENT, event);
		loop_step(bench.loop, 0);
	}
	uint64_t end_ms = clock_monotonic_ms() + 700;
	while (clock_monotonic_ms() < end_ms)
		loop_step(bench.loop, 10);
	for (const char *at = bench.events; (at = strstr(at, "Unhealthy web-0/nginx")) != NULL;
	     at++)
		lines++;
	assert_in_range(lines, 100, 210);
}

static void a_restart_stops_it_in_order_and_starts_it_anew(void **state)
{
	struct wire_message message;
	(void)state;

	become_ready();
	client_restart(bench.client, "web", on_done, NULL);
	guest_expect(WIRE_SHUTDOWN, &message);
	wait_for_state(INSTANCE_STOPPING);
	assert_int_equal(bench.done, 1);
	wait_for_event("Stopping web-0: asked to restart");
}

static void a_paused_one_stands_still_and_goes_on_with_the_time_of_then(void **state)
{
	struct wire_message message;
	(void)state;

	become_ready();
	client_pause(bench.client, "web", on_done, NULL);
	wait_for_event("Paused web-0: its VM stands still; i2kit unpause lets it go on");
	client_unpause(bench.client, "web-0", on_done, NULL);
	wait_for_event("Resumed web-0: its VM goes on");
	guest_expect(WIRE_TIME, &message);
	wait_for_state(INSTANCE_READY);
	assert_int_equal(bench.done, 2);
}

static void one_that_is_killed_alone_is_not_asked_and_comes_again(void **state)
{
	(void)state;

	become_ready();
	client_kill_one(bench.client, "web-0", on_done, NULL);
	wait_for_event("Stopping web-0: killed");
	wait_for_event("Starting web-0:");
	assert_int_equal(bench.done, 1);
}

static void down_by_force_asks_nobody(void **state)
{
	AUTO_FREE char *plan = project_plan_path("shop");
	uint64_t end_ms = clock_monotonic_ms() + 8000;
	(void)state;

	become_ready();
	client_kill(bench.client, on_done, NULL);
	while (path_exists(plan) && clock_monotonic_ms() < end_ms)
		loop_step(bench.loop, 10);
	assert_false(path_exists(plan));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)
	const struct CMUnitTest tests[] = {
		TEST(a_guest_that_waits_gets_its_release_and_becomes_ready),
		TEST(one_adopted_while_it_boots_gets_its_release_from_the_next_host),
		TEST(a_guest_of_another_protocol_is_replaced_and_said_so),
		TEST(one_whose_hello_cannot_be_read_likewise),
		TEST(what_became_ready_gets_a_receipt_of_what_was_booted),
		TEST(a_disk_that_was_changed_gets_none),
		TEST(one_that_cannot_be_started_boots_no_more_and_is_no_more_waited_for),
		TEST(a_job_that_ends_well_has_succeeded),
		TEST(numbers_of_a_guest_are_shown),
		TEST(a_flood_of_events_leaves_room_for_those_of_others),
		TEST(a_restart_stops_it_in_order_and_starts_it_anew),
		TEST(a_paused_one_stands_still_and_goes_on_with_the_time_of_then),
		TEST(one_that_is_killed_alone_is_not_asked_and_comes_again),
		TEST(down_by_force_asks_nobody),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
