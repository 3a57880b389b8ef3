/* SPDX-License-Identifier: Apache-2.0 */
/* What a supervisor leaves behind and says, as another version of this program reads it. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "local/plan/project_plan.h"
#include "local/plan/project_plan_json.h"
#include "local/plan/status_copy.h"
#include "local/plan/status_json.h"
#include "test.h"

#define DIGEST "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void fill_pod(struct pod_plan *pod)
{
	pod->name = xstrdup("web");
	pod->kind_name = xstrdup("Job");
	pod->workload = WORKLOAD_JOB;
	pod->restart_policy = RESTART_NEVER;
	pod->replicas = 3;
	assert_true(digest_parse(DIGEST, &pod->release.image));
	pod->release.config = pod->release.image;
	pod->image_path = xstrdup("/images/web");
	pod->image_bytes = UINT64_C(5) << 30;
	pod->kernel_path = xstrdup("/k");
	pod->initrd_path = xstrdup("/i");
	pod->cmdline = xstrdup("quiet");
	pod->config_json = xstrdup("{\"version\":1}");
	pod->cpu_count = 2;
	pod->memory_bytes = 1 << 28;
	pod->is_stateful = true;
	pod->stopped_replicas = 4;
	string_list_add(&pod->init_containers, "first");
	pod->incoming.is_isolated = true;
	struct traffic_item *item = ARRAY_APPEND(pod->incoming.items, pod->incoming.item_count);
	*item = (struct traffic_item){
		.pod = xstrdup("db"), .protocol = PROTOCOL_UDP, .first = 53, .last = 54};
	pod->outgoing.is_isolated = true;
	pod->outgoing.may_ask_names = true;
	struct volume_plan *volume = ARRAY_APPEND(pod->volumes, pod->volume_count);
	volume->name = xstrdup("data");
	volume->claim = xstrdup("data");
	volume->is_template = true;
	volume->size_bytes = 77;
}

static void fill_plan(struct project_plan *plan)
{
	plan->project = xstrdup("shop");
	plan->accel = xstrdup("kvm");
	plan->firmware = xstrdup("uefi");
	plan->bind = xstrdup("127.0.0.1");
	plan->metrics = xstrdup("0.0.0.0:9464");
	fill_pod(ARRAY_APPEND(plan->pods, plan->pod_count));
	struct service_plan *service = ARRAY_APPEND(plan->services, plan->service_count);
	service->name = xstrdup("web");
	service->slot = 7;
	service->has_affinity = true;
	string_list_add(&service->pods, "web");
	struct port_plan *port = ARRAY_APPEND(service->ports, service->port_count);
	port->name = xstrdup("http");
	port->port = 80;
	port->target_port = 8080;
	port->is_udp = true;
	port->host_port = 8000;
}

static void a_plan_reads_as_it_was_written_and_holds_words(void **state)
{
	AUTO(project_plan_clear) struct project_plan plan = {0};
	AUTO(project_plan_clear) struct project_plan again = {0};
	(void)state;
	fill_plan(&plan);
	AUTO_FREE char *text = project_plan_write(&plan, NULL);
	assert_non_null(strstr(text, "\"workload\":\"Job\""));
	assert_non_null(strstr(text, "\"restart\":\"Never\""));
	assert_true(project_plan_read("plan", text, strlen(text), &again, NULL));
	assert_int_equal(again.pods[0].workload, WORKLOAD_JOB);
	assert_int_equal(again.pods[0].restart_policy, RESTART_NEVER);
	assert_int_equal(again.services[0].slot, 7);
	const struct traffic_policy *incoming = &again.pods[0].incoming;
	assert_true(incoming->is_isolated && incoming->item_count == 1);
	assert_string_equal(incoming->items[0].pod, "db");
	assert_int_equal(incoming->items[0].protocol, PROTOCOL_UDP);
	assert_int_equal(incoming->items[0].last, 54);
	assert_true(again.pods[0].outgoing.is_isolated && again.pods[0].outgoing.may_ask_names);
	AUTO_FREE char *second = project_plan_write(&again, NULL);
	assert_string_equal(text, second);
}

static void a_set_keeps_its_order_and_what_was(void **state)
{
	AUTO(project_plan_clear) struct project_plan plan = {0};
	AUTO(project_plan_clear) struct project_plan again = {0};
	(void)state;
	fill_plan(&plan);
	struct pod_plan *pod = &plan.pods[0];
	pod->workload = WORKLOAD_STATEFUL_SET;
	pod->order = START_PARALLEL;
	pod->partition = 2;
	pod->former = xcalloc(1, sizeof(*pod->former));
	fill_pod(pod->former);
	free(pod->former->kernel_path);
	pod->former->kernel_path = xstrdup("/former");
	AUTO_FREE char *text = project_plan_write(&plan, NULL);
	assert_true(project_plan_read("plan", text, strlen(text), &again, NULL));
	assert_int_equal(again.pods[0].order, START_PARALLEL);
	assert_string_equal(pod_plan_of_replica(&again.pods[0], 1)->kernel_path, "/former");
	assert_string_equal(pod_plan_of_replica(&again.pods[0], 2)->kernel_path, "/k");
}

/* VMs run on through an upgrade, so the plan of the version before must be read. */
static void a_plan_of_version_1_has_numbers_for_words(void **state)
{
	static const char text[] =
		"{\"version\":1,\"project\":\"shop\",\"folder\":null,\"uri\":null,"
		"\"accel\":\"auto\",\"firmware\":\"direct\",\"bind\":\"127.0.0.1\",\"pods\":[{"
		"\"name\":\"web\",\"kind\":\"StatefulSet\",\"workload\":1,\"replicas\":1,"
		"\"imageDigest\":\"" DIGEST "\",\"imagePath\":\"/i\",\"imageBytes\":1,"
		"\"kernel\":\"/k\",\"initrd\":\"/r\",\"cmdline\":\"c\",\"configDigest\":\"" DIGEST
		"\",\"config\":\"{}\",\"cpus\":1,\"memory\":1,\"scratch\":0,\"grace\":30,"
		"\"surge\":1,\"stateful\":false,\"dirty\":false,\"restart\":1,\"service\":null,"
		"\"volumes\":[]}],\"services\":[]}";
	AUTO(project_plan_clear) struct project_plan plan = {0};
	(void)state;
	assert_true(project_plan_read("plan", text, strlen(text), &plan, NULL));
	assert_int_equal(plan.pods[0].workload, WORKLOAD_STATEFUL_SET);
	assert_int_equal(plan.pods[0].restart_policy, RESTART_ON_FAILURE);
}

static void assert_refused(const char *text, const char *why)
{
	AUTO(project_plan_clear) struct project_plan plan = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	assert_false(project_plan_read("plan.json", text, strlen(text), &plan, &err));
	assert_string_equal(err.message, why);
}

static void newer_and_damaged_plans_are_refused_with_a_word(void **state)
{
	(void)state;
	assert_refused("{\"version\":3}",
		       "plan.json: 'version' is 3: a newer i2kit wrote this, and this one reads "
		       "version 2");
	assert_refused("{\"version\":2}", "plan.json: 'project' is missing");
	assert_refused(
		"{\"version\":2,\"project\":\"p\",\"accel\":\"a\",\"firmware\":\"f\","
		"\"bind\":\"b\",\"pods\":[{\"name\":\"web\",\"kind\":\"Pod\","
		"\"workload\":\"Cron\"}]}",
		"plan.json: 'pods[0].workload' is none of Deployment, StatefulSet, Pod, Job");
}

static void fill_status(struct project_status *status)
{
	status->project = xstrdup("shop");
	status->is_session = true;
	status->metrics = xstrdup("127.0.0.1:9464");
	status->supervisor_pid = 4711;
	struct pod_status *pod = ARRAY_APPEND(status->pods, status->pod_count);
	pod->name = xstrdup("web");
	pod->desired = 2;
	pod->is_job = true;
	pod->cron_of = xstrdup("nightly");
	pod->message = xstrdup("Suspended");
	struct pod_status *cron = ARRAY_APPEND(status->pods, status->pod_count);
	cron->name = xstrdup("nightly");
	cron->kind = xstrdup("CronJob");
	cron->cron = (struct cron_status){.schedule = xstrdup("0 2 * * *"),
					  .time_zone = xstrdup("Europe/Berlin"),
					  .is_suspended = true,
					  .is_stopped = true,
					  .active = 3,
					  .last_ns = INT64_C(1700000001) * 1000000000,
					  .success_ns = INT64_C(1700000002) * 1000000000,
					  .next_ns = INT64_C(1700000003) * 1000000000};
	struct instance_status *instance = ARRAY_APPEND(status->instances, status->instance_count);
	instance->name = xstrdup("web-0");
	instance->rx_bytes = 1000;
	instance->tx_bytes = 2000;
	instance->pod = xstrdup("web");
	instance->state = INSTANCE_CRASHED;
	instance->is_kvm = true;
	instance->is_outdated = true;
	instance->is_synced = true;
	instance->is_warm = true;
	instance->shares_memory = true;
	instance->cold_reason = xstrdup("there is no template of it yet");
	instance->address = xstrdup("10.77.1.10");
	instance->full = xstrdup("its disk");
	instance->uuid = xstrdup("00000000-0000-8000-8000-000000000001");
	instance->reason = xstrdup("Error");
	instance->start_failures = 2;
	instance->created_ns = INT64_C(1700000000) * 1000000000;
	assert_true(digest_parse(DIGEST, &instance->release.image));
	struct container_status *container =
		ARRAY_APPEND(instance->containers, instance->container_count);
	container->name = xstrdup("main");
	container->state = CONTAINER_TERMINATED;
	container->exit_code = -1;
	container->message = xstrdup("a \"b\"\n");
	container->reason = xstrdup("Error");
	container->last_reason = xstrdup("OOMKilled");
	struct probe_result *probe = ARRAY_APPEND(instance->probes, instance->probe_count);
	probe->container = xstrdup("main");
	probe->probe = xstrdup("readiness");
	probe->message = xstrdup("refused");
	struct boot_stage *stage = ARRAY_APPEND(instance->stages, instance->stage_count);
	stage->name = xstrdup("define");
	struct port_status *port = ARRAY_APPEND(status->ports, status->port_count);
	port->service = xstrdup("web");
	port->host = xstrdup("127.0.0.1");
	port->is_udp = true;
	string_list_add(&port->pods, "web");
}

static void a_status_reads_as_it_was_written(void **state)
{
	AUTO(project_status_clear) struct project_status status = {0};
	AUTO(project_status_clear) struct project_status again = {0};
	(void)state;
	fill_status(&status);
	AUTO_FREE char *text = project_status_to_json(&status, true);
	AUTO_PTR(json_document)
	struct json_document *document = json_document_parse(text, strlen(text), "status", 0, NULL);
	assert_non_null(document);
	project_status_read(json_document_root(document), &again);
	assert_true(json_document_check(document, NULL));
	assert_int_equal(again.instances[0].state, INSTANCE_CRASHED);
	assert_int_equal(again.instances[0].containers[0].state, CONTAINER_TERMINATED);
	assert_true(again.ports[0].is_udp);
	assert_string_equal(again.pods[0].cron_of, "nightly");
	assert_string_equal(again.pods[1].cron.time_zone, "Europe/Berlin");
	assert_true(again.pods[1].cron.next_ns == status.pods[1].cron.next_ns);
	assert_true(again.instances[0].is_synced && again.instances[0].is_warm &&
		    again.instances[0].shares_memory);
	assert_string_equal(again.instances[0].cold_reason, "there is no template of it yet");
	AUTO_FREE char *second = project_status_to_json(&again, true);
	assert_string_equal(text, second);
}

/* What it holds is its own: the sanitizers see what is not. */
static void a_copy_of_a_status_outlives_it(void **state)
{
	AUTO(project_status_clear) struct project_status status = {0};
	AUTO(project_status_clear) struct project_status copy = {0};
	(void)state;

	fill_status(&status);
	AUTO_FREE char *text = project_status_to_json(&status, true);
	status_copy(&copy, &status);
	project_status_clear(&status);
	AUTO_FREE char *second = project_status_to_json(&copy, true);
	assert_string_equal(text, second);
}

static void runs_are_in_a_plan_but_not_in_its_file(void **state)
{
	AUTO(project_plan_clear) struct project_plan plan = {0};
	AUTO(project_plan_clear) struct project_plan copy = {0};
	AUTO(project_plan_clear) struct project_plan saved = {0};
	char home[] = "/tmp/i2kit-plan-XXXXXX";

	(void)state;
	assert_non_null(mkdtemp(home));
	assert_int_equal(setenv("XDG_STATE_HOME", home, 1), 0);
	fill_plan(&plan);
	fill_pod(ARRAY_APPEND(plan.pods, plan.pod_count));
	free(plan.pods[1].name);
	plan.pods[1].name = xstrdup("web-run-1");
	plan.pods[1].run_container = xstrdup("main");
	struct service_plan *service = ARRAY_APPEND(plan.services, plan.service_count);
	service->name = xstrdup("web-run-1");
	service->slot = 8;
	string_list_add(&service->pods, "web-run-1");
	string_list_add(&plan.folders, "/srv");
	plan.ends_with_runs = true;
	assert_true(project_plan_copy(&plan, &copy, NULL));
	assert_string_equal(copy.pods[1].run_container, "main");
	assert_string_equal(copy.folders.items[0], "/srv");
	assert_true(copy.ends_with_runs && !copy.leaves_nothing);
	assert_true(project_plan_save(&plan, NULL));
	assert_true(project_plan_load("shop", &saved, NULL));
	assert_int_equal(saved.pod_count, 1);
	assert_int_equal(saved.service_count, 1);
	assert_string_equal(saved.pods[0].name, "web");
	assert_true(path_remove_tree(home, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plan_reads_as_it_was_written_and_holds_words),
		cmocka_unit_test(a_set_keeps_its_order_and_what_was),
		cmocka_unit_test(a_plan_of_version_1_has_numbers_for_words),
		cmocka_unit_test(newer_and_damaged_plans_are_refused_with_a_word),
		cmocka_unit_test(a_status_reads_as_it_was_written),
		cmocka_unit_test(a_copy_of_a_status_outlives_it),
		cmocka_unit_test(runs_are_in_a_plan_but_not_in_its_file),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
