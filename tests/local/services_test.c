/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "local/supervisor/instance.h"
#include "local/supervisor/service_names.h"
#include "local/supervisor/session_names.h"
#include "local/supervisor/supervisor_parts.h"
#include "wire/release_document.h"

#include "test.h"

/* A supervisor that is a value: the plan and two instances, nothing started. */
static struct supervisor supervisor;
static struct instance instances[2];
static struct instance *list[2] = {&instances[0], &instances[1]};

static struct service_plan *add_service(const char *name, uint16_t port, uint16_t target,
					const char *port_name)
{
	struct service_plan *service =
		ARRAY_APPEND(supervisor.plan.services, supervisor.plan.service_count);
	struct port_plan *made = ARRAY_APPEND(service->ports, service->port_count);

	service->name = xstrdup(name);
	service->slot = (unsigned)supervisor.plan.service_count;
	string_list_add(&service->pods, "db");
	made->name = xstrdup_or_null(port_name);
	made->port = port;
	made->target_port = target;
	return service;
}

static int start(void **state)
{
	struct pod_plan *pod;
	(void)state;

	supervisor = (struct supervisor){.is_session = true, .is_tunnelled = true};
	supervisor.plan.bind = xstrdup("127.0.0.1");
	pod = ARRAY_APPEND(supervisor.plan.pods, supervisor.plan.pod_count);
	pod->name = xstrdup("db");
	pod->workload = WORKLOAD_STATEFUL_SET;
	for (unsigned i = 0; i < 2; i++) {
		instances[i] = (struct instance){.supervisor = &supervisor};
		instances[i].status.name = xasprintf("db-%u", i);
		instances[i].status.pod = xstrdup("db");
		instances[i].status.replica = i;
		instances[i].status.is_ready = i == 0;
	}
	supervisor.instances = list;
	supervisor.instance_count = 2;
	return 0;
}

static int stop(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++)
		instance_status_clear(&instances[i].status);
	project_plan_clear(&supervisor.plan);
	return 0;
}

static void assert_has(const char *text, const char *part)
{
	if (strstr(text, part) == NULL)
		fail_msg("no %s in %s", part, text);
}

/* As the guest of that pod reads it. */
static char *text_for(const struct pod_plan *viewer)
{
	AUTO(release_clear) struct release release = {0};

	services_add_hosts(&supervisor, viewer, &release.hosts);
	services_add_proxies(&supervisor, viewer, &release);
	services_add_env(&supervisor, viewer, &release.service_env);
	return release_document_write(&release, 0);
}

static char *instance_text(void)
{
	const struct pod_plan anybody = {0};

	return text_for(&anybody);
}

static void what_shares_no_network_has_no_name(void **state)
{
	char alias[] = "store";
	char pod[] = "db";
	struct peer_name aliases[] = {{alias, pod}};
	struct pod_plan near = {.peer_names = aliases, .peer_name_count = 1};
	struct pod_plan far = {0};
	(void)state;

	add_service("db", 5432, 5432, "sql");
	string_list_add(&far.hidden, "db");
	AUTO_FREE char *seen = text_for(&near);
	assert_has(seen, "\"db\"");
	assert_has(seen, "db-0");
	assert_has(seen, "\"store.default.svc.cluster.local\"");
	assert_has(seen, "DB_SERVICE_HOST");
	AUTO_FREE char *unseen = text_for(&far);
	assert_null(strstr(unseen, "db-0"));
	assert_null(strstr(unseen, "db.default"));
	assert_null(strstr(unseen, "DB_SERVICE_HOST"));
	assert_null(strstr(unseen, "store"));
	string_list_clear(&far.hidden);
}

static void variables_are_the_kubelets(void **state)
{
	AUTO_FREE char *json = NULL;
	(void)state;

	add_service("cache-main", 6379, 6379, "redis-tcp");
	json = instance_text();
	assert_has(json, "\"CACHE_MAIN_SERVICE_HOST=127.77.0.");
	assert_has(json, "\"CACHE_MAIN_SERVICE_PORT=6379\"");
	assert_has(json, "\"CACHE_MAIN_SERVICE_PORT_REDIS_TCP=6379\"");
	assert_has(json, "\"CACHE_MAIN_PORT=tcp://127.77.0.");
	assert_has(json, "\"CACHE_MAIN_PORT_6379_TCP_PROTO=tcp\"");
	assert_has(json, "\"CACHE_MAIN_PORT_6379_TCP_ADDR=127.77.0.");
}

static void headless_services_have_no_variables(void **state)
{
	AUTO_FREE char *json = NULL;
	(void)state;

	add_service("db", 6379, 6379, NULL)->is_headless = true;
	json = instance_text();
	assert_has(json, "\"serviceEnv\":[]");
}

static void a_headless_name_means_the_ready_instances(void **state)
{
	AUTO_FREE char *hosts = NULL;
	AUTO_FREE char *first = session_instance_address(&supervisor, "db", 0);
	AUTO_FREE char *second = session_instance_address(&supervisor, "db", 1);
	AUTO_FREE char *ready = xasprintf("{\"ip\":\"%s\",\"names\":[\"db-0\",\"db-0.db\"", first);
	AUTO_FREE char *booting =
		xasprintf("{\"ip\":\"%s\",\"names\":[\"db-1\",\"db-1.db\"", second);
	(void)state;

	add_service("db", 6379, 6379, NULL)->is_headless = true;
	hosts = instance_text();
	assert_has(hosts, ready);
	assert_has(hosts, booting);
	assert_has(hosts, "\"db-0.db.default.svc.cluster.local\",\"db\"");
	assert_has(hosts, "\"db-1.db.default.svc.cluster.local\"]");
	assert_has(hosts, "{\"ip\":\"10.0.2.2\",\"names\":[\"host.i2kit.internal\",\"host.docker."
			  "internal\"]}");
}

static void session_instances_are_led_at_the_pods_own_port(void **state)
{
	AUTO_FREE char *proxies = NULL;
	AUTO_FREE char *second = session_instance_address(&supervisor, "db", 1);
	AUTO_FREE char *wanted =
		xasprintf("{\"ip\":\"%s\",\"port\":5432,\"service\":\"db-1\"}", second);
	(void)state;

	add_service("db", 80, 5432, NULL)->is_headless = true;
	proxies = instance_text();
	assert_has(proxies, wanted);
}

static void named_ports_have_service_records(void **state)
{
	AUTO_FREE char *hosts = NULL;
	(void)state;

	add_service("cache", 80, 5432, "sql");
	add_service("db", 80, 5432, "sql")->is_headless = true;
	hosts = instance_text();
	assert_has(hosts, "{\"name\":\"_sql._tcp.cache.default.svc.cluster.local\",\"port\":80,"
			  "\"target\":\"cache.default.svc.cluster.local\"}");
	/* Of a headless one, each ready instance at the pod's own port. */
	assert_has(hosts, "{\"name\":\"_sql._tcp.db.default.svc.cluster.local\",\"port\":5432,"
			  "\"target\":\"db-0.db.default.svc.cluster.local\"}");
	if (strstr(hosts, "\"target\":\"db-1.db.default") != NULL)
		fail_msg("an instance that is not ready has a record: %s", hosts);
}

static void addresses_follow_the_slot_in_both_modes(void **state)
{
	struct service_plan *service = add_service("cache", 80, 80, NULL);
	AUTO_FREE char *tunnelled = NULL;
	AUTO_FREE char *plugged = NULL;
	(void)state;

	service->slot = 55;
	tunnelled = services_address(&supervisor, service);
	assert_string_equal(tunnelled, "127.77.0.55");
	supervisor.is_tunnelled = false;
	supervisor.network.subnet = 9;
	plugged = services_address(&supervisor, service);
	assert_string_equal(plugged, "10.77.9.200");
}

static void pods_of_one_slot_get_different_addresses(void **state)
{
	AUTO_FREE char *first = NULL;
	AUTO_FREE char *second = NULL;
	struct pod_plan *pod = ARRAY_APPEND(supervisor.plan.pods, supervisor.plan.pod_count);
	(void)state;

	pod->name = xstrdup("other");
	first = session_instance_address(&supervisor, "db", 0);
	second = session_instance_address(&supervisor, "other", 0);
	assert_string_not_equal(first, second);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(variables_are_the_kubelets),
		TEST(what_shares_no_network_has_no_name),
		TEST(headless_services_have_no_variables),
		TEST(a_headless_name_means_the_ready_instances),
		TEST(session_instances_are_led_at_the_pods_own_port),
		TEST(named_ports_have_service_records),
		TEST(addresses_follow_the_slot_in_both_modes),
		TEST(pods_of_one_slot_get_different_addresses),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
