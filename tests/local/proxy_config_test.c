/* SPDX-License-Identifier: Apache-2.0 */
/* HAProxy's configuration: what it says, and that no text of a manifest gets out of its word. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/strbuf.h"
#include "local/plan/project_plan.h"
#include "local/plan/project_plan_json.h"
#include "local/plan/proxy_config.h"
#include "test.h"

static struct route *add(struct proxy_plan *plan, const char *host, const char *path,
			 const char *service)
{
	struct route *route = ARRAY_APPEND(plan->routes, plan->route_count);
	struct route_backend *backend = ARRAY_APPEND(route->backends, route->backend_count);

	route->owner = xstrdup("Ingress 'shop'");
	route->host = xstrdup_or_null(host);
	route->path = xstrdup(path);
	route->is_http = true;
	route->is_https = true;
	backend->service = xstrdup(service);
	backend->port = 80;
	backend->weight = 1;
	return route;
}

static char *write_plan(const struct proxy_plan *plan)
{
	AUTO(string_list_clear) struct string_list files = STRING_LIST_INIT;
	const struct proxy_config config = {.plan = plan,
					    .listeners = {{3, 4}, {5, -1}},
					    .ports = {8080, 8443},
					    .first_target = 6,
					    .cert_files = &files};

	string_list_add(&files, "/run/user/1/i2kit/a b/0.pem");
	return proxy_config_write(&config);
}

static void assert_has(const char *text, const char *line)
{
	if (strstr(text, line) == NULL)
		fail_msg("no line '%s' in:\n%s", line, text);
}

static void hosts_paths_and_certificates_are_said(void **state)
{
	AUTO(proxy_plan_clear) struct proxy_plan plan = {0};
	(void)state;
	add(&plan, "shop.example.com", "/api", "api")->path_type = ROUTE_PREFIX;
	add(&plan, "*.example.com", "/", "web");
	add(&plan, NULL, "/exact", "web")->path_type = ROUTE_EXACT;
	AUTO_FREE char *text = write_plan(&plan);
	assert_has(text, "\tbind fd@3\n\tbind fd@4\n");
	assert_has(text, "\tbind fd@5 ssl alpn h2,http/1.1 crt /run/user/1/i2kit/a\\x20b/0.pem\n");
	assert_has(text, "\tacl h0 var(txn.host) -m str -- shop.example.com "
			 "shop.example.com.localhost\n"
			 "\tacl p0 path -m str -- /api\n\tacl p0 path -m beg -- /api/\n"
			 "\thttp-request set-var(txn.route) str(r0) if !{ var(txn.route) -m found "
			 "} h0 p0\n");
	assert_has(text, "\tacl h1 var(txn.host) -m reg -- \\x5e\\x5b\\x5e.\\x5d\\x2b"
			 "\\x5c.example\\x5c.com\\x28\\x5c.localhost\\x29\\x3f\\x24\n");
	assert_has(text, "\tacl p2 path -m str -- /exact\n\thttp-request set-var");
	assert_has(text, "backend r0\n\tserver s0 sockpair@6 weight 1\n");
	assert_has(text, "backend r1\n\tserver s0 sockpair@7 weight 1\n");
	assert_has(text, "backend r2\n\tserver s0 sockpair@7 weight 1\n");
}

static void filters_weights_and_redirects_are_said(void **state)
{
	AUTO(proxy_plan_clear) struct proxy_plan plan = {0};
	(void)state;
	struct route *route = add(&plan, NULL, "/v2", "web");
	route->method = xstrdup("GET");
	route->new_path = xstrdup("/");
	route->is_new_prefix = true;
	route->backends[0].weight = 1000000;
	struct route_backend *second = ARRAY_APPEND(route->backends, route->backend_count);
	*second = (struct route_backend){.service = xstrdup("canary"), .port = 80, .weight = 1};
	*ARRAY_APPEND(route->matches, route->match_count) =
		(struct route_match){.name = xstrdup("x-v"), .value = xstrdup("a b")};
	*ARRAY_APPEND(route->edits, route->edit_count) =
		(struct route_edit){.name = xstrdup("x-from"), .value = xstrdup("100%[src]")};
	struct route *redirect = add(&plan, NULL, "/", "web");
	redirect->redirect_status = 301;
	redirect->redirect_scheme = xstrdup("https");
	AUTO_FREE char *text = write_plan(&plan);
	assert_has(text, "\tacl t0 method GET\n\tacl m0_0 req.fhdr(x-v) -m str -- a\\x20b\n");
	assert_has(text, "set-header x-from 100\\x25\\x25\\x5bsrc\\x5d\n");
	assert_has(text, "\thttp-request set-var(txn.rest) path,bytes(3)\n"
			 "\thttp-request set-path %[var(txn.rest)] if { var(txn.rest) -m len gt 0 "
			 "}\n\thttp-request set-path / unless { var(txn.rest) -m len gt 0 }\n");
	assert_has(text, "sockpair@6 weight 256\n\tserver s1 sockpair@7 weight 1\n");
	assert_has(text, "redirect code 301 location https://%[var(txn.host)]:8443%[pathq]\n");
}

/* The first two words of each line: what it is about, whatever the rest says. */
static char *skeleton_of(const char *text)
{
	struct strbuf out = STRBUF_INIT;

	while (*text != '\0') {
		size_t first = strcspn(text, " \n");
		size_t second = text[first] == ' ' ? strcspn(text + first + 1, " \n") + 1 : 0;
		strbuf_append_bytes(&out, text, first + second);
		strbuf_append_char(&out, '\n');
		text += strcspn(text, "\n");
		text += *text == '\n' ? 1 : 0;
	}
	return strbuf_take(&out);
}

static char *write_with(const char *word)
{
	AUTO(proxy_plan_clear) struct proxy_plan plan = {0};
	AUTO_FREE char *path = xasprintf("/%s", word);
	struct route *route = add(&plan, word, path, "web");

	route->new_host = xstrdup(word);
	route->new_path = xstrdup(path);
	*ARRAY_APPEND(route->matches, route->match_count) =
		(struct route_match){.name = xstrdup("name"), .value = xstrdup(word)};
	*ARRAY_APPEND(route->edits, route->edit_count) =
		(struct route_edit){.name = xstrdup("name"), .value = xstrdup(word)};
	return write_plan(&plan);
}

static void no_text_gets_out_of_its_word(void **state)
{
	AUTO_FREE char *plain = write_with("word");
	AUTO_FREE char *wanted = skeleton_of(plain);
	unsigned seed = 1;
	(void)state;
	for (unsigned round = 0; round < 2000; round++) {
		static const char nasty[] = "\n\r\t \"'\\#%[]{}()$!|&;,`^<>\x01\x7f\xff\xc3-a0./:";
		char word[24];
		size_t length = 1 + round % (sizeof(word) - 2);
		for (size_t i = 0; i < length; i++) {
			seed = seed * 1103515245 + 12345;
			word[i] = nasty[(seed >> 16) % (sizeof(nasty) - 1)];
		}
		word[length] = '\0';
		if (word[0] == '*')
			word[0] = 'x';
		AUTO_FREE char *text = write_with(word);
		AUTO_FREE char *skeleton = skeleton_of(text);
		assert_string_equal(skeleton, wanted);
		for (const char *at = text; *at != '\0'; at++)
			assert_true(*at == '\n' || *at == '\t' || (*at >= ' ' && *at < 0x7f));
	}
}

static void a_plan_with_routes_is_read_as_it_was_written(void **state)
{
	AUTO(project_plan_clear) struct project_plan plan = {0};
	AUTO(project_plan_clear) struct project_plan read = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	(void)state;
	plan.project = xstrdup("shop");
	plan.folder = xstrdup("/");
	struct route *route = add(&plan.proxy, "a.example.com", "/x", "web");
	route->path_type = ROUTE_EXACT;
	route->is_https = false;
	route->is_deep = true;
	route->method = xstrdup("GET");
	route->new_host = xstrdup("b");
	route->new_path = xstrdup("/y");
	route->is_new_prefix = true;
	route->redirect_status = 308;
	route->redirect_port = 81;
	route->redirect_scheme = xstrdup("http");
	*ARRAY_APPEND(route->matches, route->match_count) =
		(struct route_match){.is_query = true, .name = xstrdup("q"), .value = xstrdup("1")};
	*ARRAY_APPEND(route->edits, route->edit_count) = (struct route_edit){
		.kind = ROUTE_REMOVE, .is_response = true, .name = xstrdup("n")};
	add(&plan.proxy, NULL, "/", "web")->is_default = true;
	plan.proxy.ports[PROXY_HTTP] = (struct proxy_port){8080, false};
	plan.proxy.ports[PROXY_HTTPS] = (struct proxy_port){443, true};
	string_list_add(&plan.proxy.certificates, "-----BEGIN CERTIFICATE-----\n");
	AUTO_FREE char *text = project_plan_write(&plan, &err);
	assert_non_null(text);
	assert_true(project_plan_read("plan", text, strlen(text), &read, &err));
	AUTO_FREE char *again = project_plan_write(&read, &err);
	assert_string_equal(again, text);
	assert_int_equal(read.proxy.route_count, 2);
	assert_int_equal(read.proxy.routes[0].redirect_status, 308);
	AUTO_FREE char *url = proxy_route_url(&read.proxy.routes[0], true, 443);
	assert_string_equal(url, "https://a.example.com.localhost:443/x");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hosts_paths_and_certificates_are_said),
		cmocka_unit_test(filters_weights_and_redirects_are_said),
		cmocka_unit_test(no_text_gets_out_of_its_word),
		cmocka_unit_test(a_plan_with_routes_is_read_as_it_was_written),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
