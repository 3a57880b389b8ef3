/* SPDX-License-Identifier: Apache-2.0 */
/* From the manifests to what a guest reads: Services that lead out of the project. */
#include "release/outside_service.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "manifest/app.h"
#include "manifest/load.h"
#include "manifest/problem.h"
#include "test.h"

#define POD                                                                                        \
	"---\napiVersion: v1\nkind: Pod\nmetadata: {name: p}\n"                                    \
	"spec: {containers: [{name: c, image: busybox}]}\n"
#define SERVICE(name, spec)                                                                        \
	"---\napiVersion: v1\nkind: Service\nmetadata: {name: " name "}\nspec: " spec "\n"
#define SLICE(name, ports, endpoints)                                                              \
	"---\napiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\naddressType: IPv4\n"           \
	"metadata: {name: " name "-1, labels: {kubernetes.io/service-name: " name "}}\n"           \
	"ports: " ports "\nendpoints: " endpoints "\n"
#define ENDPOINTS(name, subsets)                                                                   \
	"---\napiVersion: v1\nkind: Endpoints\nmetadata: {name: " name "}\nsubsets: " subsets "\n"

static struct app app;
static struct problem_list problems;
static struct release release;

static bool load(const char *text)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	const struct load_options options = {.project = "test", .folder = "/"};

	app_clear(&app);
	problem_list_clear(&problems);
	return app_load_text(&options, "-", text, strlen(text), &app, &problems, &err);
}

/* What the guest has read of a release for the Service. */
static void give(const char *name, const char *address)
{
	AUTO(release_clear) struct release made = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	const struct service *service = app_find_service(&app, name);
	struct service_env_port ports[4] = {0};

	assert_non_null(service);
	for (size_t i = 0; i < service->port_count; i++)
		ports[i] = (struct service_env_port){service->ports[i].name, service->ports[i].port,
						     service->ports[i].protocol};
	const struct outside_service outside = {.name = name,
						.outside = &service->outside,
						.ports = ports,
						.port_count = service->port_count,
						.is_headless = service->kind == SERVICE_HEADLESS,
						.is_direct = service_is_direct(service),
						.is_sticky = service->has_client_ip_affinity,
						.address = address};
	outside_service_add_hosts(&outside, &made.hosts);
	outside_service_add_proxies(&outside, &made);
	outside_service_add_env(&outside, &made.service_env);
	AUTO_FREE char *text = release_document_write(&made, 0);
	release_clear(&release);
	if (!release_document_read(text, strlen(text), &release, &err))
		fail_msg("%s: %s", err.message, text);
}

static void an_external_name_is_an_alias(void **state)
{
	(void)state;
	assert_true(load(SERVICE("db", "{type: ExternalName, externalName: db.example.com.}") POD));
	assert_false(app.services[0].is_published);
	give("db", "127.77.0.9");
	assert_int_equal(release.hosts.count, 1);
	assert_null(release.hosts.entries[0].ip);
	assert_string_equal(release.hosts.entries[0].alias, "db.example.com");
	assert_true(
		string_list_has(&release.hosts.entries[0].names, "db.default.svc.cluster.local"));
	assert_int_equal(release.proxy_count, 0);
	assert_int_equal(release.service_env.count, 0);
}

static void other_port_numbers_are_led_by_the_guest(void **state)
{
	(void)state;
	assert_true(load(SERVICE("db", "{sessionAffinity: ClientIP, ports: [{name: sql, port: "
				       "5432, targetPort: 9376}]}")
				 SLICE("db", "[{name: sql, port: 9376}]",
				       "[{addresses: [192.0.2.7, 192.0.2.8]}, {addresses: "
				       "[192.0.2.9], conditions: {ready: false}}]") POD));
	give("db", "127.77.0.9");
	assert_string_equal(release.hosts.entries[0].ip, "127.77.0.9");
	assert_string_equal(release.hosts.entries[0].services[0].name,
			    "_sql._tcp.db.default.svc.cluster.local");
	assert_int_equal(release.proxy_count, 1);
	assert_int_equal(release.proxies[0].port, 5432);
	assert_true(release.proxies[0].is_sticky);
	assert_int_equal(release.proxies[0].targets.count, 2);
	assert_string_equal(release.proxies[0].targets.items[1], "192.0.2.8:9376");
	assert_true(string_list_has(&release.service_env, "DB_SERVICE_HOST=127.77.0.9"));
}

static void the_same_numbers_need_nobody_between(void **state)
{
	(void)state;
	assert_true(load(SERVICE("dns", "{ports: [{port: 53, protocol: UDP}]}") ENDPOINTS(
		"dns", "[{addresses: [{ip: 192.0.2.53}], ports: [{port: 53, protocol: UDP}]}]")
				 POD));
	give("dns", "127.77.0.9");
	assert_string_equal(release.hosts.entries[0].ip, "192.0.2.53");
	assert_int_equal(release.proxy_count, 0);
	assert_true(string_list_has(&release.service_env, "DNS_SERVICE_HOST=192.0.2.53"));
}

static void a_headless_one_has_a_name_for_each(void **state)
{
	(void)state;
	assert_true(load(SERVICE("db", "{clusterIP: None, publishNotReadyAddresses: true, ports: "
				       "[{name: sql, port: 5432}]}")
				 ENDPOINTS("db", "[{addresses: [{ip: 192.0.2.7, hostname: one}], "
						 "notReadyAddresses: [{ip: 192.0.2.8}], ports: "
						 "[{name: sql, port: 6000}]}]") POD));
	give("db", "127.77.0.9");
	assert_int_equal(release.hosts.count, 2);
	assert_true(string_list_has(&release.hosts.entries[0].names, "one.db"));
	assert_true(string_list_has(&release.hosts.entries[0].names, "db"));
	assert_int_equal(release.hosts.entries[0].services[0].port, 6000);
	assert_string_equal(release.hosts.entries[0].services[0].target,
			    "one.db.default.svc.cluster.local");
	assert_int_equal(release.proxy_count, 0);
	assert_int_equal(release.service_env.count, 0);
}

static const struct {
	const char *text;
	const char *message;
} mistakes[] = {
	{SERVICE("db", "{type: ExternalName}"), "'externalName' is missing"},
	{SERVICE("db", "{type: ExternalName, externalName: a..b}"), "is not a name of DNS"},
	{SERVICE("db", "{type: ExternalName, externalName: b, clusterIP: None}"), "has no address"},
	{SERVICE("db", "{type: ExternalName, externalName: 192.0.2.1}"), "is taken for a name"},
	{SERVICE("db", "{ports: [{port: 80}]}"), "nobody answers for Service 'db'"},
	{SERVICE("db", "{ports: [{port: 53, protocol: UDP}]}")
		 ENDPOINTS("db", "[{addresses: [{ip: 192.0.2.7}], ports: [{port: 5353, protocol: "
				 "UDP}]}]"),
	 "reached by TCP alone"},
	{ENDPOINTS("db", "[{addresses: [{ip: 192.0.2.7}], ports: [{port: 1}]}]"),
	 "there is no Service 'db'"},
	{SERVICE("db", "{ports: [{port: 80}]}")
		 ENDPOINTS("db", "[{addresses: [{ip: 127.0.0.1}], ports: [{port: 1}]}]"),
	 "no endpoint"},
	{SERVICE("db", "{ports: [{port: 80}]}")
		 ENDPOINTS("db", "[{addresses: [{ip: db.example.com}], ports: [{port: 1}]}]"),
	 "is not an IP address"},
	{SERVICE("db", "{ports: [{port: 80}]}")
		 ENDPOINTS("db", "[{addresses: [{ip: 192.0.2.7}], ports: [{port: 1}, {port: 2}]}]"),
	 "'name' is missing"},
	{"---\napiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: x}\n"
	 "addressType: IPv4\nendpoints: []\n",
	 "does not say whose endpoints"},
	{SERVICE("db", "{ports: [{port: 80}]}") SLICE("db", "[{port: 80}]", "[{hostname: x}]"),
	 "'addresses' is missing"},
};

static void each_mistake_is_said(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(mistakes); i++) {
		AUTO_FREE char *text = xasprintf("%s" POD, mistakes[i].text);
		bool is_said = false;
		(void)!load(text);
		for (size_t k = 0; k < problems.count; k++)
			is_said = is_said ||
				  strstr(problems.items[k].message, mistakes[i].message) != NULL;
		if (!is_said)
			fail_msg("%s: not said", mistakes[i].message);
	}
}

static int stop(void **state)
{
	(void)state;
	app_clear(&app);
	problem_list_clear(&problems);
	release_clear(&release);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_external_name_is_an_alias),
		cmocka_unit_test(other_port_numbers_are_led_by_the_guest),
		cmocka_unit_test(the_same_numbers_need_nobody_between),
		cmocka_unit_test(a_headless_one_has_a_name_for_each),
		cmocka_unit_test(each_mistake_is_said),
	};
	return cmocka_run_group_tests(tests, NULL, stop);
}
