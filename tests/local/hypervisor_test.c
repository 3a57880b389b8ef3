/* SPDX-License-Identifier: Apache-2.0 */
#include "local/supervisor/hypervisor.h"

#include <libvirt/libvirt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "local/supervisor/domain_work.h"

#include "test.h"

/* libvirt's own test driver: a host in this process with one domain, "test", that runs. */
static struct {
	struct loop *loop;
	struct hypervisor *hypervisor;
	size_t domains;
	unsigned views;
	uint64_t number;
	bool is_paused;
	char uuid[UUID_SIZE];
	bool is_refused;
	unsigned done;
	char *problem;
	int last_event;
} bench;

static bool on_seen(const struct hypervisor_view *view, void *arg, struct error *err)
{
	(void)arg;
	bench.views++;
	bench.domains = view->count;
	bench.number = view->number;
	if (view->count > 0) {
		memcpy(bench.uuid, view->domains[0].uuid, UUID_SIZE);
		bench.is_paused = view->domains[0].is_paused;
	}
	return !bench.is_refused || error_set(err, ERROR_EXISTS, "somebody else's");
}

static void on_lost(const char *why, void *arg)
{
	(void)why;
	(void)arg;
}

static void on_found(void *arg)
{
	(void)arg;
}

static void on_event(const char *uuid, int event, int detail, void *arg)
{
	(void)uuid;
	(void)detail;
	(void)arg;
	bench.last_event = event;
}

static const struct hypervisor_handler handler = {
	.seen = on_seen, .lost = on_lost, .found = on_found, .event = on_event};

static int start(void **state)
{
	(void)state;
	memset(&bench, 0, sizeof(bench));
	bench.last_event = -1;
	/* libvirt's events stay with the loop that was first: one for all tests. */
	static struct loop *loop = NULL;
	if (loop == NULL)
		loop = loop_new(NULL);
	bench.loop = loop;
	bench.hypervisor =
		hypervisor_new(bench.loop, "shop", "test:///default", &handler, NULL, NULL);
	return bench.hypervisor != NULL ? 0 : -1;
}

static int stop(void **state)
{
	(void)state;
	free(bench.problem);
	bench.problem = NULL;
	return hypervisor_free(bench.hypervisor) ? 0 : -1;
}

static void on_done(struct error *err_or_null, void *arg)
{
	(void)arg;
	bench.done++;
	bench.problem = err_or_null != NULL ? xstrdup(err_or_null->message) : NULL;
}

static void on_created(const struct template_use *use, struct error *err_or_null, void *arg)
{
	assert_false(use->is_warm);
	on_done(err_or_null, arg);
}

static void wait_for_view(uint64_t number)
{
	uint64_t end_ms = clock_monotonic_ms() + 5000;

	while (bench.number < number && clock_monotonic_ms() < end_ms)
		loop_step(bench.loop, 20);
	assert_true(bench.number >= number);
}

static void wait_for_done(void)
{
	uint64_t end_ms = clock_monotonic_ms() + 5000;

	while (bench.done == 0 && clock_monotonic_ms() < end_ms)
		loop_step(bench.loop, 20);
	assert_int_equal(bench.done, 1);
}

static void what_runs_is_seen_at_once(void **state)
{
	(void)state;
	assert_false(hypervisor_is_connected(bench.hypervisor));
	assert_true(hypervisor_connect(bench.hypervisor, NULL));
	assert_true(hypervisor_is_connected(bench.hypervisor));
	assert_int_equal(bench.views, 1);
	assert_int_equal(bench.domains, 1);
}

static void a_look_that_is_asked_for_is_of_after_the_asking(void **state)
{
	uint64_t number;
	(void)state;

	assert_true(hypervisor_connect(bench.hypervisor, NULL));
	number = hypervisor_look(bench.hypervisor);
	assert_true(number > bench.number);
	wait_for_view(number);
	/* And by itself, again and again. */
	unsigned views = bench.views;
	uint64_t end_ms = clock_monotonic_ms() + 6000;
	while (bench.views == views && clock_monotonic_ms() < end_ms)
		loop_step(bench.loop, 100);
	assert_true(bench.views > views);
}

static void a_vm_that_is_destroyed_is_gone_from_the_next_view(void **state)
{
	(void)state;
	assert_true(hypervisor_connect(bench.hypervisor, NULL));
	hypervisor_destroy(bench.hypervisor, bench.uuid, on_done, NULL);
	wait_for_done();
	assert_null(bench.problem);
	wait_for_view(hypervisor_look(bench.hypervisor));
	assert_int_equal(bench.domains, 0);
	assert_int_equal(bench.last_event, VIR_DOMAIN_EVENT_STOPPED);
	/* Once more is no error: it is not there. */
	bench.done = 0;
	hypervisor_destroy(bench.hypervisor, bench.uuid, on_done, NULL);
	wait_for_done();
	assert_null(bench.problem);
}

static void a_vm_that_cannot_be_made_is_an_error_of_its_own(void **state)
{
	struct vm_plan plan = {.domain = xstrdup("i2kit-shop.web-0"),
			       .uuid = "11111111-1111-4111-8111-111111111111",
			       .console_log = xstrdup("/dev/null/console"),
			       .disk_path = xstrdup("/no/such/disk"),
			       .agent_socket = xstrdup("/no/such/socket")};
	(void)state;

	assert_true(hypervisor_connect(bench.hypervisor, NULL));
	hypervisor_create(bench.hypervisor, &plan, NULL, on_created, NULL);
	assert_null(plan.domain); /* taken */
	wait_for_done();
	assert_non_null(bench.problem);
}

/* libvirt went on with what a killed host had asked for, and nobody has seen it yet. */
static void a_vm_that_nobody_knows_makes_room_for_its_successor(void **state)
{
	struct vm_plan plan = {.domain = xstrdup("test"),
			       .console_log = xstrdup("/dev/null/console"),
			       .disk_path = xstrdup("/no/such/disk"),
			       .agent_socket = xstrdup("/no/such/socket")};
	(void)state;

	assert_true(hypervisor_connect(bench.hypervisor, NULL));
	memcpy(plan.uuid, bench.uuid, UUID_SIZE);
	hypervisor_create(bench.hypervisor, &plan, NULL, on_created, NULL);
	wait_for_done();
	wait_for_view(hypervisor_look(bench.hypervisor));
	assert_int_equal(bench.domains, 0);
}

static void without_a_connection_acts_say_so(void **state)
{
	(void)state;
	hypervisor_resume(bench.hypervisor, "6695eb01-f6a4-8304-79aa-97f2502e193f", on_done, NULL);
	wait_for_done();
	assert_string_equal(bench.problem, "there is no connection to libvirt");
}

static void what_is_somebody_elses_is_refused_at_the_start(void **state)
{
	AUTO(error_clear) struct error problem = ERROR_INIT;
	(void)state;

	bench.is_refused = true;
	assert_false(hypervisor_connect(bench.hypervisor, &problem));
	assert_string_equal(problem.message, "somebody else's");
}

static void a_project_without_a_network_has_none_to_remove(void **state)
{
	(void)state;
	assert_true(hypervisor_connect(bench.hypervisor, NULL));
	hypervisor_remove_network(bench.hypervisor, on_done, NULL);
	wait_for_done();
	assert_null(bench.problem);
}

static void disks_that_are_written_are_read_from_the_xml(void **state)
{
	AUTO(string_list_clear) struct string_list disks = STRING_LIST_INIT;
	(void)state;

	domain_disks_read("<domain><devices>"
			  "<disk type='file' device='disk'><source file='/img/pod.raw'/>"
			  "<target dev='vda'/><readonly/></disk>"
			  "<disk type='file'><source file=\"/v/a&amp;b.qcow2\" index='1'/></disk>"
			  "<disk type='block'><source dev='/dev/sdb'/></disk>"
			  "<disk type='file'><source file='/v/c.qcow2'/></disk>"
			  "<disk type='file'><source file='cut",
			  &disks);
	assert_int_equal(disks.count, 2);
	assert_string_equal(disks.items[0], "/v/a&b.qcow2");
	assert_string_equal(disks.items[1], "/v/c.qcow2");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)
	const struct CMUnitTest tests[] = {
		TEST(what_runs_is_seen_at_once),
		TEST(a_look_that_is_asked_for_is_of_after_the_asking),
		TEST(a_vm_that_cannot_be_made_is_an_error_of_its_own),
		TEST(a_vm_that_nobody_knows_makes_room_for_its_successor),
		TEST(without_a_connection_acts_say_so),
		TEST(what_is_somebody_elses_is_refused_at_the_start),
		TEST(a_project_without_a_network_has_none_to_remove),
		TEST(a_vm_that_is_destroyed_is_gone_from_the_next_view),
		cmocka_unit_test(disks_that_are_written_are_read_from_the_xml),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
