/* SPDX-License-Identifier: Apache-2.0 */
/* What NetworkPolicies say together of each pod. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "manifest/load.h"
#include "manifest/problem.h"
#include "test.h"

static bool load(const char *text, struct app *app, struct problem_list *problems)
{
	char path[] = "/tmp/i2kit-policy-XXXXXX.yml";
	AUTO(error_clear) struct error err = ERROR_INIT;
	struct load_options options = {.project = "test"};
	AUTO_CLOSE int fd = mkstemps(path, 4);
	assert_true(fd >= 0);
	assert_true(fd_write_all(fd, text, strlen(text), &err));
	string_list_add(&options.paths, path);
	bool is_loaded = app_load(&options, app, problems, &err);
	string_list_clear(&options.paths);
	(void)unlink(path);
	return is_loaded;
}

#define POD(name, labels)                                                                          \
	"apiVersion: v1\nkind: Pod\nmetadata: {name: " name ", labels: " labels "}\n"              \
	"spec: {containers: [{name: c, image: i, ports: [{name: http, containerPort: 8080}]}]}\n"  \
	"---\n"
#define PODS POD("web", "{app: web, tier: front}") POD("db", "{app: db}") POD("tool", "{x: t}")
#define POLICY(name)                                                                               \
	"apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: " name "}\nspec:" \
	"\n"

/* "web:tcp/80-90 10.0.0.0/8:udp/53 *:": what is allowed, sorted as it was found. */
static char *words_of(const struct traffic_policy *policy)
{
	struct strbuf out = STRBUF_INIT;
	if (!policy->is_isolated)
		return xstrdup("free");
	for (size_t i = 0; i < policy->item_count; i++) {
		const struct traffic_item *item = &policy->items[i];
		strbuf_appendf(&out, "%s%s", i > 0 ? " " : "",
			       item->pod != NULL    ? item->pod
			       : item->cidr != NULL ? item->cidr
						    : "*");
		if (item->first != 0)
			strbuf_appendf(&out, ":%s/%u-%u",
				       item->protocol == PROTOCOL_UDP ? "udp" : "tcp",
				       (unsigned)item->first, (unsigned)item->last);
	}
	return strbuf_take(&out);
}

static void assert_says(const char *text, const char *pod, const char *incoming,
			const char *outgoing)
{
	AUTO(app_clear) struct app app = {0};
	AUTO(problem_list_clear) struct problem_list problems = {0};
	if (!load(text, &app, &problems))
		fail_msg("%s", problems.count > 0 ? problems.items[0].message : "not loaded");
	AUTO_FREE char *in = words_of(&app_find_pod(&app, pod)->incoming);
	AUTO_FREE char *out = words_of(&app_find_pod(&app, pod)->outgoing);
	assert_string_equal(in, incoming);
	assert_string_equal(out, outgoing);
}

static void a_pod_that_none_selects_is_free(void **state)
{
	(void)state;
	assert_says(PODS POLICY("a") "  podSelector: {matchLabels: {app: db}}\n", "web", "free",
		    "free");
	/* Without a word on types: Ingress, and nothing is allowed. */
	assert_says(PODS POLICY("a") "  podSelector: {matchLabels: {app: db}}\n", "db", "", "free");
	assert_says(PODS POLICY("a") "  podSelector: {}\n  policyTypes: [Ingress, Egress]\n",
		    "tool", "", "");
	assert_says(PODS POLICY("a") "  podSelector: {}\n  policyTypes: [Egress]\n", "tool", "free",
		    "");
	assert_says(PODS POLICY("a") "  podSelector: {}\n  egress: [{}]\n", "tool", "", "*");
}

static void peers_and_ports_are_resolved(void **state)
{
	(void)state;
	assert_says(
		PODS POLICY(
			"a") "  podSelector: {matchLabels: {app: db}}\n"
			     "  ingress:\n"
			     "  - from: [{podSelector: {matchExpressions: [{key: app, operator: "
			     "In, values: [web]}]}}]\n"
			     "    ports: [{port: http}, {port: 90, endPort: 95, protocol: UDP}]\n"
			     "  - from: [{ipBlock: {cidr: 10.0.0.0/8}}]\n",
		"db", "web:tcp/8080-8080 web:udp/90-95 10.0.0.0/8", "free");
	/* A port of that name, of those that are reached. */
	assert_says(
		PODS POLICY("a") "  podSelector: {matchLabels: {x: t}}\n  policyTypes: [Egress]\n"
				 "  egress: [{to: [{podSelector: {}}], ports: [{port: http}, "
				 "{protocol: UDP}]}]\n",
		"tool", "free",
		"web:tcp/8080-8080 web:udp/1-65535 db:tcp/8080-8080 db:udp/1-65535 "
		"tool:tcp/8080-8080 tool:udp/1-65535");
	assert_says(
		PODS POLICY("a") "  podSelector: {}\n  ingress: [{from: [{podSelector: "
				 "{matchExpressions: [{key: app, operator: DoesNotExist}]}}]}]\n",
		"db", "tool", "free");
	assert_says(PODS POLICY("a") "  podSelector: {}\n  ingress: [{from: [{podSelector: "
				     "{matchExpressions: [{key: app, operator: NotIn, values: "
				     "[db]}]}}]}]\n",
		    "db", "web tool", "free");
}

static void policies_add_up(void **state)
{
	(void)state;
	assert_says(PODS POLICY("none") "  podSelector: {}\n---\n" POLICY(
			    "web") "  podSelector: {matchLabels: {app: db}}\n  ingress: "
				   "[{from: [{podSelector: {matchLabels: {app: "
				   "web}}}]}]\n---\n" POLICY("tool") "  podSelector: "
								     "{matchLabels: {app: "
								     "db}}\n  ingress: [{from: "
								     "[{podSelector: "
								     "{matchLabels: {x: t}}}], "
								     "ports: [{port: "
								     "5432}]}]\n",
		    "db", "web tool:tcp/5432-5432", "free");
}

static void exceptions_are_cut_out(void **state)
{
	(void)state;
	assert_says(PODS POLICY("a") "  podSelector: {}\n  policyTypes: [Egress]\n  egress: [{to: "
				     "[{ipBlock: {cidr: 10.0.0.0/30, except: [10.0.0.1/32]}}]}]\n",
		    "web", "free", "10.0.0.0/32 10.0.0.2/31");
	assert_says(PODS POLICY("a") "  podSelector: {}\n  policyTypes: [Egress]\n  egress: [{to: "
				     "[{ipBlock: {cidr: 0.0.0.0/0, except: [128.0.0.0/1, "
				     "64.0.0.0/2]}}]}]\n",
		    "web", "free", "0.0.0.0/2");
	assert_says(PODS POLICY("a") "  podSelector: {}\n  policyTypes: [Egress]\n  egress: [{to: "
				     "[{ipBlock: {cidr: 10.0.0.0/24, except: [10.0.0.0/16]}}]}]\n",
		    "web", "free", "");
}

/* The one warning that such manifests have. */
static void assert_warns(const char *text, const char *part)
{
	AUTO(app_clear) struct app app = {0};
	AUTO(problem_list_clear) struct problem_list problems = {0};
	assert_true(load(text, &app, &problems));
	for (size_t i = 0; i < problems.count; i++) {
		if (strstr(problems.items[i].message, part) != NULL)
			return;
	}
	fail_msg("no warning has '%s'", part);
}

static void what_matches_nothing_is_said(void **state)
{
	(void)state;
	assert_warns(PODS POLICY("lost") "  podSelector: {matchLabels: {app: nobody}}\n",
		     "NetworkPolicy 'lost' selects no pod");
	assert_warns(
		PODS POLICY("far") "  podSelector: {}\n  ingress: [{from: [{namespaceSelector: "
				   "{matchLabels: {kubernetes.io/metadata.name: ingress-nginx}}}], "
				   "ports: [{port: 80}]}]\n",
		"NetworkPolicy 'far': this peer selects no pod");
	assert_warns(PODS POLICY("six") "  podSelector: {}\n  ingress: [{from: [{ipBlock: {cidr: "
					"\"fd00::/8\"}}]}]\n",
		     "NetworkPolicy 'six': pods have IPv4 alone");
	assert_says(PODS POLICY("same") "  podSelector: {matchLabels: {app: db}}\n  ingress: "
					"[{from: [{namespaceSelector: "
					"{matchLabels: {kubernetes.io/metadata.name: default}}, "
					"podSelector: {matchLabels: {x: t}}}]}]\n",
		    "db", "tool", "free");
}

/* To a cluster's resolver: there is none, and each pod has its own. */
static void names_of_outside_may_be_asked_for(void **state)
{
	AUTO(app_clear) struct app app = {0};
	AUTO(problem_list_clear) struct problem_list problems = {0};
	(void)state;
	assert_true(load(PODS POLICY("dns") "  podSelector: {matchLabels: {app: web}}\n  "
					    "policyTypes: [Egress]\n  egress: [{to: "
					    "[{namespaceSelector: {matchLabels: "
					    "{kubernetes.io/metadata.name: kube-system}}}], "
					    "ports: [{port: 53, protocol: UDP}]}]\n---\n" POLICY(
						    "none") "  podSelector: {matchLabels: {app: "
							    "db}}\n  policyTypes: [Egress]\n",
			 &app, &problems));
	assert_true(app_find_pod(&app, "web")->outgoing.may_ask_names);
	assert_false(app_find_pod(&app, "db")->outgoing.may_ask_names);
	assert_int_equal(problems.count, 0);
}

static void assert_error(const char *text, const char *part)
{
	AUTO(app_clear) struct app app = {0};
	AUTO(problem_list_clear) struct problem_list problems = {0};
	if (load(text, &app, &problems))
		fail_msg("taken: %s", part);
	for (size_t i = 0; i < problems.count; i++) {
		if (strstr(problems.items[i].message, part) != NULL)
			return;
	}
	fail_msg("no error has '%s'", part);
}

static void mistakes_are_named(void **state)
{
	(void)state;
	assert_error(PODS POLICY("a") "  podSelector: {}\n  policyTypes: [Inwards]\n", "Inwards");
	assert_error(PODS POLICY("a") "  policyTypes: [Ingress]\n", "podSelector");
	assert_error(PODS POLICY("a") "  podSelector: {}\n  ingress: [{from: [{ipBlock: {cidr: "
				      "10.0.0.0/40}}]}]\n",
		     "no network");
	assert_error(PODS POLICY("a") "  podSelector: {}\n  ingress: [{from: [{}]}]\n",
		     "a peer is");
	assert_error(
		PODS POLICY(
			"a") "  podSelector: {}\n  ingress: [{ports: [{port: 90, endPort: 80}]}]\n",
		"endPort");
	assert_error(PODS POLICY("a") "  podSelector: {}\n  ingress: [{ports: [{port: 9, protocol: "
				      "SCTP}]}]\n",
		     "SCTP");
	assert_error(PODS POLICY("a") "  podSelector: {}\n  ingress: [{form: []}]\n", "form");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pod_that_none_selects_is_free),
		cmocka_unit_test(peers_and_ports_are_resolved),
		cmocka_unit_test(policies_add_up),
		cmocka_unit_test(exceptions_are_cut_out),
		cmocka_unit_test(what_matches_nothing_is_said),
		cmocka_unit_test(names_of_outside_may_be_asked_for),
		cmocka_unit_test(mistakes_are_named),
	};
	return cmocka_run_group_tests_name("network policy", tests, NULL, NULL);
}
