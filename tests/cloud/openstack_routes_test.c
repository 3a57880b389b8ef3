/* SPDX-License-Identifier: Apache-2.0 */
/* Routes in OpenStack: the request that Octavia gets, what it has no word for, and what comes back of a record. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/strbuf.h"
#include "cloud/openstack/service/octavia_routes.h"
#include "cloud/openstack/service/service_fronts.h"
#include "cloud/openstack/service/service_route.h"
#include "manifest/load.h"
#include "manifest/problem.h"
#include "test.h"

#define POD(name)                                                                                  \
	"---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: " name "}\nspec:\n"          \
	"  replicas: 2\n  selector: {matchLabels: {app: " name "}}\n"                              \
	"  template:\n    metadata: {labels: {app: " name "}}\n"                                   \
	"    spec: {containers: [{name: main, image: nginx}]}\n"                                   \
	"---\napiVersion: v1\nkind: Service\nmetadata: {name: " name "}\n"                         \
	"spec: {selector: {app: " name "}, ports: [{port: 80, targetPort: 8080}]}\n"
#define INGRESS(rules)                                                                             \
	"---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: shop}\nspec: "     \
	"{rules: [" rules "]}\n"
#define RULE(host, path, type, service)                                                            \
	"{host: '" host "', http: {paths: [{path: " path ", pathType: " type                       \
	", backend: {service: {name: " service ", port: {number: 80}}}}]}}"
#define HTTP_ROUTE(rules)                                                                          \
	"---\napiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: g}\n"      \
	"spec: {gatewayClassName: i2kit, listeners: [{name: http, port: 80, protocol: HTTP}]}\n"   \
	"---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: r}\n"    \
	"spec: {parentRefs: [{name: g}], hostnames: [shop.example.com], rules: [" rules "]}\n"

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

static void bed_make(struct bed *bed, const char *manifest, const char *balancers,
		     bool has_external)
{
	struct load_options options = {.project = "shop", .folder = "/"};
	AUTO(problem_list_clear) struct problem_list problems = {0};

	*bed = (struct bed){.err = ERROR_INIT};
	if (!app_load_text(&options, "-", manifest, strlen(manifest), &bed->app, &problems,
			   &bed->err))
		fail_msg("%s: %s", problems.count > 0 ? problems.items[0].message : "",
			 bed->err.message);
	bed->places.network.id = xstrdup("net-1");
	if (has_external)
		bed->places.external.id = xstrdup("net-2");
	string_list_split_words(&bed->places.balancers, balancers);
}

static bool bed_plan(struct bed *bed)
{
	return service_fronts_make(&bed->app, &bed->places, &bed->plan, &bed->err);
}

/* "HOST_NAME EQUAL_TO a, PATH …" of one route. */
static char *rules_of(const struct service_route *route)
{
	struct strbuf out = STRBUF_INIT;

	for (size_t i = 0; i < route->rule_count; i++)
		strbuf_appendf(&out, "%s%s %s %s%s%s", i > 0 ? ", " : "", route->rules[i].type,
			       route->rules[i].compare,
			       route->rules[i].key != NULL ? route->rules[i].key : "",
			       route->rules[i].key != NULL ? "=" : "", route->rules[i].value);
	return strbuf_take(&out);
}

/* Octavia 11's own types and checks took this very text, and HAProxy the configuration it makes of it. */
static void routes_are_one_request(void **state)
{
	AUTO(bed_clear) struct bed bed;
	AUTO(cloud_scope_clear) struct cloud_scope scope = {0};
	(void)state;
	bed_make(&bed, POD("web") INGRESS(RULE("shop.example.com", "/api", "Prefix", "web")),
		 "amphora ovn", true);
	assert_true(bed_plan(&bed));
	cloud_scope_make("shop", "production", &scope);
	AUTO_FREE char *version = octavia_routes_version(&bed.plan.routes);
	AUTO_FREE char *text = octavia_routes_document(&scope, &bed.plan.routes, "net-1");
	AUTO_FREE char *wanted = xasprintf(
		"{\"loadbalancer\":{\"name\":\"i2kit-shop-production-routes-%.8s\","
		"\"description\":\"i2kit project=shop environment=production routes=%s\","
		"\"vip_network_id\":\"net-1\",\"provider\":\"amphora\",\"pools\":[{\"name\":"
		"\"web:80\",\"protocol\":\"HTTP\",\"lb_algorithm\":\"ROUND_ROBIN\","
		"\"healthmonitor\":{\"type\":\"TCP\",\"delay\":5,\"timeout\":3,\"max_retries\":2,"
		"\"max_retries_down\":2}}],\"listeners\":[{\"name\":\"http-80\",\"protocol\":"
		"\"HTTP\",\"protocol_port\":80,\"timeout_client_data\":3600000,"
		"\"timeout_member_data\":3600000,\"insert_headers\":{\"X-Forwarded-For\":\"true\","
		"\"X-Forwarded-Port\":\"true\",\"X-Forwarded-Proto\":\"true\"},\"l7policies\":[{"
		"\"name\":\"shop.example.com/api\",\"description\":\"web:80\",\"position\":1,"
		"\"action\":\"REDIRECT_TO_POOL\",\"redirect_pool\":{\"name\":\"web:80\"},"
		"\"rules\":[{\"type\":\"HOST_NAME\",\"compare_type\":\"EQUAL_TO\",\"value\":"
		"\"shop.example.com\"},{\"type\":\"PATH\",\"compare_type\":\"REGEX\",\"value\":"
		"\"^/api(/.*)?$\"}]}]}]}}",
		version, version);
	assert_string_equal(text, wanted);
	assert_int_equal(strlen(version), 16);
}

static void hosts_and_paths_are_rules(void **state)
{
	static const struct {
		const char *manifest, *rules;
	} cases[] = {
		{INGRESS(RULE("a.example.com", "/", "Prefix", "web")),
		 "HOST_NAME EQUAL_TO a.example.com"},
		{INGRESS(RULE("a.example.com", "/x", "Exact", "web")),
		 "HOST_NAME EQUAL_TO a.example.com, PATH EQUAL_TO /x"},
		/* One label and no more, as Kubernetes has it. */
		{INGRESS(RULE("*.example.com", "/a.b", "Prefix", "web")),
		 "HOST_NAME REGEX ^[^.]+\\.example\\.com$, PATH REGEX ^/a\\.b(/.*)?$"},
		/* A policy without rules is never asked. */
		{INGRESS("{http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: "
			 "web, port: {number: 80}}}}]}}"),
		 "PATH STARTS_WITH /"},
		{HTTP_ROUTE("{matches: [{path: {type: Exact, value: /x}, headers: [{name: X-A, "
			    "value: b}]}], backendRefs: [{name: web, port: 80}]}"),
		 "HOST_NAME EQUAL_TO shop.example.com, HEADER EQUAL_TO X-A=b, PATH EQUAL_TO /x"},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO(bed_clear) struct bed bed;
		AUTO_FREE char *manifest = xasprintf("%s%s", POD("web"), cases[i].manifest);
		bed_make(&bed, manifest, "amphora", true);
		assert_true(bed_plan(&bed));
		assert_int_equal(bed.plan.routes.count, 1);
		AUTO_FREE char *rules = rules_of(&bed.plan.routes.items[0]);
		assert_string_equal(rules, cases[i].rules);
		assert_string_equal(bed.plan.routes.items[0].pool, "web:80");
	}
}

#define REDIRECT(more)                                                                             \
	HTTP_ROUTE("{filters: [{type: RequestRedirect, requestRedirect: {" more "}}]}")

static void redirects_are_urls(void **state)
{
	static const struct {
		const char *manifest, *url;
		bool is_prefix;
		unsigned status;
	} cases[] = {
		{REDIRECT("scheme: https, statusCode: 301"), "https://shop.example.com", true, 301},
		{REDIRECT("hostname: other.example.com, port: 8080, statusCode: 302"),
		 "http://other.example.com:8080", true, 302},
		{REDIRECT("scheme: https, statusCode: 301, path: {type: ReplaceFullPath, "
			  "replaceFullPath: /new}"),
		 "https://shop.example.com/new", false, 301},
		{REDIRECT("scheme: https, statusCode: 302, path: {type: ReplacePrefixMatch, "
			  "replacePrefixMatch: /v2/}"),
		 "https://shop.example.com/v2", true, 302},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO(bed_clear) struct bed bed;
		AUTO_FREE char *manifest = xasprintf("%s%s", POD("web"), cases[i].manifest);
		bed_make(&bed, manifest, "amphora", true);
		if (!bed_plan(&bed))
			fail_msg("%zu: %s", i, bed.err.message);
		const struct service_route *route = &bed.plan.routes.items[0];
		assert_string_equal(route->redirect, cases[i].url);
		assert_int_equal(route->is_prefix, cases[i].is_prefix);
		assert_int_equal(route->status, cases[i].status);
		assert_null(route->pool);
	}
}

#define BACKEND "backendRefs: [{name: web, port: 80}]"
#define TO_WEB	INGRESS(RULE("a.example.com", "/", "Prefix", "web"))

static void what_octavia_cannot_say_is_refused_with_its_line(void **state)
{
	static const struct {
		const char *manifest, *balancers;
		bool has_external;
		const char *words, *way;
	} cases[] = {
		{TO_WEB, "ovn", true, "speaks HTTP", "a pod that routes"},
		{TO_WEB, "", true, "this cloud has none", "a pod that routes"},
		{TO_WEB, "amphora", false, "no external network", "external"},
		{HTTP_ROUTE("{matches: [{method: POST}], " BACKEND "}"), "amphora", true, "method",
		 "405"},
		{HTTP_ROUTE("{matches: [{queryParams: [{name: v, value: '2'}]}], " BACKEND "}"),
		 "amphora", true, "queryParams", "header"},
		{HTTP_ROUTE("{matches: [{headers: [{name: a, value: 'x y'}]}], " BACKEND "}"),
		 "amphora", true, "headers", "alone"},
		{HTTP_ROUTE("{matches: [{path: {type: Exact, value: \"/a'b\"}}], " BACKEND "}"),
		 "amphora", true, "path", "alone"},
		{HTTP_ROUTE(
			 "{backendRefs: [{name: web, port: 80, weight: 9}, {name: api, port: 80, "
			 "weight: 1}]}"),
		 "amphora", true, "divide", "one backendRef"},
		{HTTP_ROUTE("{filters: [{type: URLRewrite, urlRewrite: {hostname: "
			    "b.example.com}}], " BACKEND "}"),
		 "amphora", true, "rewrites", "that path"},
		{HTTP_ROUTE("{filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: "
			    "[{name: a, value: b}]}}], " BACKEND "}"),
		 "amphora", true, "headers", "pod set it"},
		/* Octavia asks redirects first. */
		{HTTP_ROUTE("{matches: [{path: {type: PathPrefix, value: /api}}], " BACKEND "}, "
			    "{matches: [{path: {type: PathPrefix, value: /}}], filters: [{type: "
			    "RequestRedirect, requestRedirect: {scheme: https}}]}"),
		 "amphora", true, "redirects first", "no route to a pod"},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO(bed_clear) struct bed bed;
		AUTO_FREE char *manifest =
			xasprintf("%s%s%s", POD("web"), POD("api"), cases[i].manifest);
		bed_make(&bed, manifest, cases[i].balancers, cases[i].has_external);
		if (bed_plan(&bed))
			fail_msg("%s was taken", cases[i].words);
		if (strstr(bed.err.message, cases[i].words) == NULL ||
		    strstr(bed.err.hint, cases[i].way) == NULL)
			fail_msg("%zu: %s (%s)", i, bed.err.message, bed.err.hint);
		assert_int_equal(strncmp(bed.err.message, "-:", 2), 0);
	}
}

/* A redirect before it, and one that has nothing in common with it, are no trouble. */
static void a_redirect_that_comes_first_is_taken(void **state)
{
	AUTO(bed_clear) struct bed bed;
	(void)state;
	bed_make(&bed,
		 POD("web") HTTP_ROUTE(
			 "{matches: [{path: {type: PathPrefix, value: /api/old}}], filters: "
			 "[{type: RequestRedirect, requestRedirect: {scheme: https}}]}, "
			 "{matches: [{path: {type: PathPrefix, value: /api}}], " BACKEND "}, "
			 "{matches: [{path: {type: PathPrefix, value: /apis}}], filters: "
			 "[{type: RequestRedirect, requestRedirect: {scheme: https}}]}"),
		 "amphora", true);
	if (!bed_plan(&bed))
		fail_msg("%s", bed.err.message);
	assert_int_equal(bed.plan.routes.count, 3);
}

static void a_pod_behind_an_amphora_is_opened_to_its_network(void **state)
{
	AUTO(bed_clear) struct bed bed;
	AUTO(string_list_clear) struct string_list rules = STRING_LIST_INIT;
	(void)state;
	bed_make(&bed, POD("web") TO_WEB, "amphora ovn", true);
	assert_true(bed_plan(&bed));
	service_fronts_rules(&bed.plan, "web", &rules);
	AUTO_FREE char *text = string_list_join(&rules, ", ");
	assert_string_equal(text, "tcp 8080 group, tcp 8080 network");
	assert_string_equal(bed.plan.provider, "ovn");
	assert_string_equal(bed.plan.routes.provider, "amphora");
}

static void routes_come_back_out_of_their_record(void **state)
{
	AUTO(bed_clear) struct bed bed;
	AUTO(service_fronts_clear) struct service_fronts back = {0};
	AUTO(strbuf_clear) struct strbuf one = STRBUF_INIT;
	AUTO(error_clear) struct error err = ERROR_INIT;
	struct json_writer json = JSON_WRITER(&one, 0);
	(void)state;
	bed_make(&bed,
		 POD("web") POD("api")
			 INGRESS(RULE("*.example.com", "/a", "Prefix",
				      "web") ", " RULE("b.example.com", "/", "Exact", "api"))
				 REDIRECT("scheme: https, statusCode: 301"),
		 "amphora", true);
	if (!bed_plan(&bed))
		fail_msg("%s", bed.err.message);
	service_fronts_write(&bed.plan, &json, NULL);
	AUTO_PTR(json_document)
	struct json_document *document =
		json_document_parse(strbuf_text(&one), one.size, "record", 0, &err);
	assert_non_null(document);
	service_fronts_read(json_document_root(document), &back);
	assert_true(json_document_check(document, &err));
	AUTO_FREE char *before = octavia_routes_version(&bed.plan.routes);
	AUTO_FREE char *after = octavia_routes_version(&back.routes);
	assert_string_equal(before, after);
	assert_int_equal(back.routes.pool_count, 2);
	assert_true(string_list_has(&back.routes.pools[0].pods, "web") ||
		    string_list_has(&back.routes.pools[0].pods, "api"));
	/* Other routes are another balancer. */
	free(back.routes.items[0].rules[0].value);
	back.routes.items[0].rules[0].value = xstrdup("c.example.com");
	AUTO_FREE char *other = octavia_routes_version(&back.routes);
	assert_string_not_equal(before, other);
}

#define RECORD(pools, routes)                                                                      \
	"{\"provider\":\"amphora\",\"pools\":[" pools "],\"routes\":[" routes "]}"
#define ROUTE "\"text\":\"/\",\"target\":\"\",\"rules\":[]"

static void a_record_that_leads_nowhere_is_refused(void **state)
{
	static const char *const texts[] = {
		RECORD("", "{" ROUTE "}"),
		RECORD("", "{\"pool\":\"web:80\"," ROUTE "}"),
		RECORD("{\"pods\":[]}", ""),
		RECORD("{\"name\":\"a\",\"target\":70000}", ""),
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		AUTO(service_routes_clear) struct service_routes routes = {0};
		AUTO(error_clear) struct error err = ERROR_INIT;
		AUTO_PTR(json_document)
		struct json_document *document =
			json_document_parse(texts[i], strlen(texts[i]), "record", 0, &err);
		assert_non_null(document);
		service_routes_read(json_document_root(document), &routes);
		assert_false(json_document_check(document, &err));
	}
}

static void a_pod_that_may_reach_little_is_refused(void **state)
{
	AUTO(bed_clear) struct bed bed;
	(void)state;
	bed_make(&bed, POD("web"), "ovn", true);
	bed.app.pods[0].egress.is_restricted = true;
	assert_false(bed_plan(&bed));
	assert_non_null(strstr(bed.err.message, "may reach is restricted"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(routes_are_one_request),
		cmocka_unit_test(hosts_and_paths_are_rules),
		cmocka_unit_test(redirects_are_urls),
		cmocka_unit_test(what_octavia_cannot_say_is_refused_with_its_line),
		cmocka_unit_test(a_redirect_that_comes_first_is_taken),
		cmocka_unit_test(a_pod_behind_an_amphora_is_opened_to_its_network),
		cmocka_unit_test(routes_come_back_out_of_their_record),
		cmocka_unit_test(a_record_that_leads_nowhere_is_refused),
		cmocka_unit_test(a_pod_that_may_reach_little_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
