/* SPDX-License-Identifier: Apache-2.0 */
/* What stands before the servers of OpenStack: what is wanted of it, what the groups let in, what Octavia is sent. */
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/strbuf.h"
#include "cloud/openstack/service/octavia.h"
#include "cloud/openstack/service/service_fronts.h"
#include "manifest/load.h"
#include "manifest/problem.h"
#include "test.h"

#define POD(name, replicas)                                                                        \
	"---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: " name "}\nspec:\n"          \
	"  replicas: " replicas "\n  selector: {matchLabels: {app: " name "}}\n"                   \
	"  template:\n    metadata: {labels: {app: " name "}}\n"                                   \
	"    spec: {containers: [{name: main, image: nginx}]}\n"
#define SERVICE(name, type, pod, ports)                                                            \
	"---\napiVersion: v1\nkind: Service\nmetadata: {name: " name "}\n"                         \
	"spec: {type: " type ", selector: {app: " pod "}, ports: [" ports "]}\n"

struct bed {
	struct app app;
	struct openstack_places places;
	struct service_fronts plan;
	struct error err;
};

static void bed_clear(struct bed *bed)
{
	app_clear(&bed->app);
	openstack_places_clear(&bed->places);
	service_fronts_clear(&bed->plan);
	error_clear(&bed->err);
}

static void load(const char *manifest, struct app *ret)
{
	struct load_options options = {.project = "shop", .folder = "/"};
	AUTO(problem_list_clear) struct problem_list problems = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;

	if (!app_load_text(&options, "-", manifest, strlen(manifest), ret, &problems, &err))
		fail_msg("%s: %s", problems.count > 0 ? problems.items[0].message : "",
			 err.message);
}

/* balancers: Octavia's providers, by blanks. */
static void bed_make(struct bed *bed, const char *manifest, const char *balancers,
		     bool has_external)
{
	*bed = (struct bed){.err = ERROR_INIT};
	load(manifest, &bed->app);
	bed->places.network.id = xstrdup("net-1");
	bed->places.network.name = xstrdup("private");
	if (has_external)
		bed->places.external.id = xstrdup("net-2");
	string_list_split_words(&bed->places.balancers, balancers);
}

static bool bed_plan(struct bed *bed)
{
	return service_fronts_make(&bed->app, &bed->places, &bed->plan, &bed->err);
}

static char *rules_of(const struct service_fronts *plan, const char *pod)
{
	AUTO(string_list_clear) struct string_list rules = STRING_LIST_INIT;
	service_fronts_rules(plan, pod, &rules);
	return string_list_join(&rules, ", ");
}

static void a_group_opens_what_is_declared_and_no_more(void **state)
{
	AUTO(bed_clear) struct bed bed;
	(void)state;
	bed_make(&bed,
		 POD("web", "2") POD("db", "1")
			 SERVICE("site", "LoadBalancer", "web", "{port: 80, targetPort: 8080}")
				 SERVICE("db", "ClusterIP", "db", "{port: 5432}"),
		 "amphora ovn", true);
	assert_true(bed_plan(&bed));
	AUTO_FREE char *web = rules_of(&bed.plan, "web");
	AUTO_FREE char *db = rules_of(&bed.plan, "db");
	assert_string_equal(web, "tcp 8080 any");
	assert_string_equal(db, "tcp 5432 group");
	assert_string_equal(bed.plan.provider, "ovn");
	assert_true(service_fronts_find(&bed.plan, "site")->is_public);
	assert_false(service_fronts_find(&bed.plan, "db")->is_public);
}

/* Exposure belongs to the Service: another one of the same pod stays inside. */
static void a_second_service_of_a_public_pod_stays_inside(void **state)
{
	AUTO(bed_clear) struct bed bed;
	(void)state;
	bed_make(&bed,
		 POD("web", "1") SERVICE("site", "LoadBalancer", "web", "{port: 80}")
			 SERVICE("admin", "ClusterIP", "web", "{port: 9000}"),
		 "ovn", true);
	assert_true(bed_plan(&bed));
	AUTO_FREE char *web = rules_of(&bed.plan, "web");
	assert_string_equal(web, "tcp 80 any, tcp 9000 group");
	assert_false(service_fronts_find(&bed.plan, "admin")->is_public);
}

static void what_the_cloud_cannot_do_is_refused_with_the_way_out(void **state)
{
	static const struct {
		const char *manifest, *balancers;
		bool has_external;
		const char *words, *way;
	} cases[] = {
		{POD("web", "2") SERVICE("site", "LoadBalancer", "web", "{port: 80}"), "", true,
		 "more than one server", "replicas: 1"},
		{POD("web", "1")
			 SERVICE("site", "LoadBalancer", "web", "{port: 80, targetPort: 8080}"),
		 "", true, "cannot lead to the pod's port 8080", "port: 8080"},
		{POD("web", "1") SERVICE("site", "ClusterIP", "web", "{port: 80}"), "", true,
		 "no load balancers", "pod that asks it"},
		{POD("web", "1") SERVICE("site", "LoadBalancer", "web", "{port: 80}"), "ovn", false,
		 "no external network", "ClusterIP"},
		{POD("web", "1") "---\napiVersion: v1\nkind: Service\nmetadata: {name: site}\n"
				 "spec: {sessionAffinity: ClientIP, selector: {app: web}, "
				 "ports: [{port: 80}]}\n",
		 "ovn", true, "do not keep a client", "sessionAffinity: None"},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO(bed_clear) struct bed bed;
		bed_make(&bed, cases[i].manifest, cases[i].balancers, cases[i].has_external);
		assert_false(bed_plan(&bed));
		assert_non_null(strstr(bed.err.message, cases[i].words));
		assert_non_null(strstr(bed.err.hint, cases[i].way));
		assert_int_equal(bed.plan.count, 0);
	}
}

static void without_octavia_one_server_has_the_address(void **state)
{
	AUTO(bed_clear) struct bed bed;
	(void)state;
	bed_make(&bed, POD("web", "1") SERVICE("site", "LoadBalancer", "web", "{port: 80}"), "",
		 true);
	assert_true(bed_plan(&bed));
	assert_int_equal(bed.plan.count, 1);
	assert_false(bed.plan.fronts[0].is_balanced);
	assert_null(bed.plan.provider);
}

static void a_plan_comes_back_out_of_its_record(void **state)
{
	AUTO(bed_clear) struct bed bed;
	AUTO(service_fronts_clear) struct service_fronts back = {0};
	AUTO(strbuf_clear) struct strbuf one = STRBUF_INIT;
	AUTO(strbuf_clear) struct strbuf two = STRBUF_INIT;
	AUTO(error_clear) struct error err = ERROR_INIT;
	struct json_writer first = JSON_WRITER(&one, 0);
	struct json_writer second = JSON_WRITER(&two, 0);
	(void)state;
	bed_make(&bed,
		 POD("web", "2") POD("dns", "3")
			 SERVICE("site", "LoadBalancer", "web",
				 "{name: a, port: 80, targetPort: 8080}, {name: b, port: 81}")
				 SERVICE("dns", "ClusterIP", "dns", "{port: 53, protocol: UDP}"),
		 "amphora", true);
	bed.app.services[0].has_client_ip_affinity = true;
	assert_true(bed_plan(&bed));
	service_fronts_write(&bed.plan, &first, NULL);
	AUTO_PTR(json_document)
	struct json_document *document =
		json_document_parse(strbuf_text(&one), strlen(strbuf_text(&one)), "it", 0, &err);
	assert_non_null(document);
	service_fronts_read(json_document_root(document), &back);
	assert_true(json_document_check(document, &err));
	service_fronts_write(&back, &second, NULL);
	assert_string_equal(strbuf_text(&one), strbuf_text(&two));
	AUTO_FREE char *rules = rules_of(&back, "dns");
	assert_string_equal(rules, "udp 53 network");
}

/* The request that Debian 12's Octavia answered with a balancer that served at once, but for names. */
static void a_balancer_is_one_request(void **state)
{
	AUTO(bed_clear) struct bed bed;
	AUTO(cloud_scope_clear) struct cloud_scope scope = {0};
	(void)state;
	bed_make(&bed,
		 POD("web", "2")
			 SERVICE("site", "LoadBalancer", "web", "{port: 80, targetPort: 8080}"),
		 "ovn", true);
	assert_true(bed_plan(&bed));
	cloud_scope_make("shop", "production", &scope);
	AUTO_FREE char *text = octavia_document(&scope, &bed.plan.fronts[0], "ovn", "net-1");
	assert_string_equal(
		text,
		"{\"loadbalancer\":{\"name\":\"i2kit-shop-production-site\",\"description\":"
		"\"i2kit project=shop environment=production service=site\",\"provider\":\"ovn\","
		"\"vip_network_id\":\"net-1\",\"listeners\":[{\"name\":\"tcp-80\",\"protocol\":"
		"\"TCP\",\"protocol_port\":80,\"default_pool\":{\"name\":\"tcp-80\",\"protocol\":"
		"\"TCP\",\"lb_algorithm\":\"SOURCE_IP_PORT\"}}]}}");
}

/* A listener with a pool in it is answered 500 where the balancer is there already. */
static void a_new_port_is_a_listener_and_then_its_pool(void **state)
{
	AUTO(bed_clear) struct bed bed;
	(void)state;
	bed_make(&bed, POD("web", "2") SERVICE("site", "LoadBalancer", "web", "{port: 81}"),
		 "amphora", true);
	bed.app.services[0].has_client_ip_affinity = true;
	assert_true(bed_plan(&bed));
	const struct service_front *front = service_fronts_find(&bed.plan, "site");
	AUTO_FREE char *listener = octavia_listener_document("lb-1", &front->ports[0]);
	AUTO_FREE char *pool =
		octavia_pool_document("li-1", front, &front->ports[0], bed.plan.provider);
	assert_string_equal(listener,
			    "{\"listener\":{\"name\":\"tcp-81\",\"loadbalancer_id\":\"lb-1\","
			    "\"protocol\":\"TCP\",\"protocol_port\":81}}");
	assert_string_equal(pool,
			    "{\"pool\":{\"name\":\"tcp-81\",\"listener_id\":\"li-1\",\"protocol\":"
			    "\"TCP\",\"lb_algorithm\":\"ROUND_ROBIN\",\"session_persistence\":{"
			    "\"type\":\"SOURCE_IP\"}}}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_group_opens_what_is_declared_and_no_more),
		cmocka_unit_test(a_second_service_of_a_public_pod_stays_inside),
		cmocka_unit_test(what_the_cloud_cannot_do_is_refused_with_the_way_out),
		cmocka_unit_test(without_octavia_one_server_has_the_address),
		cmocka_unit_test(a_plan_comes_back_out_of_its_record),
		cmocka_unit_test(a_balancer_is_one_request),
		cmocka_unit_test(a_new_port_is_a_listener_and_then_its_pool),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
