/* SPDX-License-Identifier: Apache-2.0 */
/* Ingress, HTTPRoute and the short form's routes become one list, in the order of looking. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/strbuf.h"
#include "manifest/load.h"
#include "test.h"

static bool load(const char *text, struct app *app, struct problem_list *problems)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	const struct load_options options = {.project = "test"};

	return app_load_text(&options, "t.yml", text, strlen(text), app, problems, &err);
}

#define POD	 "name: web\ncontainers: {c: {image: i, ports: [80, 81]}}\n---\n"
#define INGRESS	 "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: shop}\nspec:\n"
#define TO(port) "backend: {service: {name: web, port: {number: " port "}}}"
#define GATEWAY                                                                                    \
	"apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: g}\n"           \
	"spec:\n  gatewayClassName: any\n  listeners:\n"                                           \
	"  - {name: plain, protocol: HTTP, port: 80}\n"                                            \
	"  - {name: tls, protocol: HTTPS, port: 443, hostname: \"*.example.com\"}\n---\n"
#define ROUTE                                                                                      \
	"apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: r}\nspec:\n"

/* "a.example.com=/x https>web:80 ": each route, in order. */
static char *words_of(const struct app *app)
{
	struct strbuf out = STRBUF_INIT;

	for (size_t i = 0; i < app->route_count; i++) {
		const struct route *route = &app->routes[i];
		strbuf_appendf(&out, "%s%s%s%s%s%s", i > 0 ? " " : "",
			       route->host != NULL ? route->host : "",
			       route->path_type == ROUTE_EXACT ? "=" : "", route->path,
			       route->is_http ? "" : "(s)", route->is_https ? "" : "(p)");
		for (size_t k = 0; k < route->backend_count; k++)
			strbuf_appendf(&out, ">%u", (unsigned)route->backends[k].port);
	}
	return strbuf_take(&out);
}

static void assert_routes(const char *text, const char *expected)
{
	AUTO(app_clear) struct app app = {0};
	AUTO(problem_list_clear) struct problem_list problems = {0};

	if (!load(text, &app, &problems))
		fail_msg("%s", problems.count > 0 ? problems.items[0].message : "not loaded");
	AUTO_FREE char *words = words_of(&app);
	assert_string_equal(words, expected);
}

static void assert_refused(const char *text, unsigned line, unsigned column, const char *message)
{
	AUTO(app_clear) struct app app = {0};
	AUTO(problem_list_clear) struct problem_list problems = {0};

	assert_false(load(text, &app, &problems));
	for (size_t i = 0; i < problems.count; i++) {
		const struct problem *problem = &problems.items[i];
		if (problem->severity != PROBLEM_ERROR)
			continue;
		assert_non_null(strstr(problem->message, message));
		assert_int_equal(problem->line, line);
		assert_int_equal(problem->column, column);
		return;
	}
	fail();
}

static void names_come_before_wildcards_and_longer_paths_first(void **state)
{
	(void)state;
	assert_routes(
		POD INGRESS
		"  defaultBackend: {service: {name: web, port: {number: 81}}}\n"
		"  rules:\n"
		"  - http: {paths: [{path: /any, pathType: Prefix, " TO(
			"80") "}]}\n"
			      "  - host: \"*.example.com\"\n"
			      "    http: {paths: [{path: /, pathType: Prefix, " TO(
				      "80") "}]}\n"
					    "  - host: a.example.com\n"
					    "    http:\n      paths:\n"
					    "      - {path: /, pathType: Prefix, " TO(
						    "80") "}\n"
							  "      - {path: /a/, pathType: "
							  "Prefix, " TO(
								  "80") "}\n"
									"      - {path: /a, "
									"pathType: Exact, " TO(
										"81") "}\n",
		"a.example.com=/a>81 a.example.com/a>80 a.example.com/>80 *.example.com/>80 "
		"/any>80 />81");
}

static void a_port_is_found_by_its_name(void **state)
{
	(void)state;
	assert_routes("apiVersion: v1\nkind: Service\nmetadata: {name: web}\n"
		      "spec: {selector: {a: b}, ports: [{name: x, port: 8080}]}\n---\n"
		      "apiVersion: v1\nkind: Pod\nmetadata: {name: p, labels: {a: b}}\n"
		      "spec: {containers: [{name: c, image: i}]}\n---\n" INGRESS
		      "  defaultBackend: {service: {name: web, port: {name: x}}}\n",
		      "/>8080");
}

static void listeners_say_host_and_scheme_of_an_http_route(void **state)
{
	(void)state;
	assert_routes(POD GATEWAY ROUTE
		      "  parentRefs: [{name: g}]\n  hostnames: [a.example.com, a.other.com]\n"
		      "  rules: [{backendRefs: [{name: web, port: 80}]}]\n",
		      "a.example.com/>80 a.other.com/(p)>80");
	assert_routes(POD GATEWAY ROUTE "  parentRefs: [{name: g, sectionName: tls}]\n"
					"  rules: [{backendRefs: [{name: web, port: 80}]}]\n",
		      "*.example.com/(s)>80");
	assert_routes(POD ROUTE "  parentRefs: [{name: elsewhere}]\n"
				"  rules:\n  - matches: [{path: {value: /a}}, {path: {type: Exact, "
				"value: /b}, method: GET}]\n"
				"    backendRefs: [{name: web, port: 80}, {name: web, port: 81}]\n",
		      "=/b>80>81 /a>80>81");
}

static void the_short_form_says_routes(void **state)
{
	(void)state;
	assert_routes("name: web\ncontainers: {c: {image: i, ports: [\"8080:80\", 9000]}}\n"
		      "routes: [shop.localhost, shop.localhost/api, {path: /x, port: 9000}]\n",
		      "shop.localhost/api>8080 shop.localhost/>8080 /x>9000");
	assert_routes("name: web\ncontainers: {c: {image: i, ports: [80]}}\nroutes: /\n", "/>80");
	assert_refused("name: web\ncontainers: {c: {image: i}}\nroutes: /\n", 3, 9, "no ports");
	assert_refused("name: web\ncontainers: {c: {image: i, ports: [80]}}\n"
		       "routes:\n- {host: a.b, port: 90}\n",
		       4, 3, "has no port 90");
}

static void what_kubernetes_refuses_is_refused_where_it_stands(void **state)
{
	(void)state;
	assert_refused(POD INGRESS "  rules: []\n", 8, 3, "wants rules");
	assert_refused(POD INGRESS "  rules: [{host: 10.0.0.1}]\n", 8, 18, "is an address");
	assert_refused(POD INGRESS "  rules: [{host: \"a.*.com\"}]\n", 8, 18, "not a valid name");
	assert_refused(POD INGRESS "  rules: [{http: {paths: []}}]\n", 8, 26, "at least one path");
	assert_refused(POD INGRESS "  rules: [{http: {paths: [{path: /, " TO("80") "}]}}]\n", 8, 27,
		       "'pathType' is missing");
	assert_refused(POD INGRESS
		       "  rules: [{http: {paths: [{path: a, pathType: Prefix, " TO("80") "}]}}]\n",
		       8, 34, "does not begin with '/'");
	assert_refused(POD INGRESS "  defaultBackend: {}\n", 8, 19, "'service' is missing");
	assert_refused(POD INGRESS "  defaultBackend: {service: {name: web, port: {}}}\n", 8, 47,
		       "a number or a name");
}

static void a_backend_that_is_not_there_is_named(void **state)
{
	(void)state;
	assert_refused(POD INGRESS "  defaultBackend: {service: {name: wed, port: {number: 80}}}\n",
		       8, 36, "there is no Service 'wed'");
	assert_refused(POD INGRESS "  defaultBackend: {service: {name: web, port: {number: 99}}}\n",
		       8, 47, "has no port 99");
	assert_refused(POD GATEWAY ROUTE "  parentRefs: [{name: g}]\n"
					 "  rules: [{backendRefs: [{name: web, port: 9}]}]\n",
		       18, 44, "has no port 9");
}

static void expressions_and_mirrors_are_refused(void **state)
{
	(void)state;
	assert_refused(POD ROUTE "  parentRefs: [{name: g}]\n  rules: [{matches: [{path: {type: "
				 "RegularExpression, value: /.*}}]}]\n",
		       9, 36, "is not supported");
	assert_refused(POD ROUTE "  parentRefs: [{name: g}]\n  rules: [{filters: [{type: "
				 "RequestMirror, requestMirror: {backendRef: {name: web}}}]}]\n",
		       9, 29, "is not supported");
}

static void header_names_and_values_hold_no_line_ends(void **state)
{
	(void)state;
	assert_refused(POD ROUTE "  parentRefs: [{name: g}]\n  rules: [{matches: [{headers: "
				 "[{name: \"a b\", value: c}]}], backendRefs: [{name: web, port: "
				 "80}]}]\n",
		       9, 40, "is no name of a header");
	assert_refused(POD ROUTE "  parentRefs: [{name: g}]\n  rules: [{matches: [{headers: "
				 "[{name: a, value: \"c\\nd\"}]}], backendRefs: [{name: web, port: "
				 "80}]}]\n",
		       9, 50, "one line without control");
}

static void more_than_the_api_takes_is_refused_and_not_cut(void **state)
{
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	AUTO(strbuf_clear) struct strbuf paths = STRBUF_INIT;
	(void)state;
	strbuf_append(&text, POD ROUTE "  parentRefs: [{name: g}]\n  hostnames: [");
	for (unsigned i = 0; i < 17; i++)
		strbuf_appendf(&text, "%sa%u.example.com", i > 0 ? ", " : "", i);
	strbuf_append(&text, "]\n  rules: [{backendRefs: [{name: web, port: 80}]}]\n");
	assert_refused(strbuf_text(&text), 9, 14, "hostnames: 17, and at most 16");
	strbuf_append(&paths, POD INGRESS "  rules:\n  - http:\n      paths:\n");
	for (unsigned i = 0; i < 1001; i++)
		strbuf_appendf(&paths, "      - {path: /%u, pathType: Exact, " TO("80") "}\n", i);
	assert_refused(strbuf_text(&paths), 11, 7, "paths: more than 1000");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_come_before_wildcards_and_longer_paths_first),
		cmocka_unit_test(a_port_is_found_by_its_name),
		cmocka_unit_test(listeners_say_host_and_scheme_of_an_http_route),
		cmocka_unit_test(the_short_form_says_routes),
		cmocka_unit_test(what_kubernetes_refuses_is_refused_where_it_stands),
		cmocka_unit_test(a_backend_that_is_not_there_is_named),
		cmocka_unit_test(expressions_and_mirrors_are_refused),
		cmocka_unit_test(header_names_and_values_hold_no_line_ends),
		cmocka_unit_test(more_than_the_api_takes_is_refused_and_not_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
