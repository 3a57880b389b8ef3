/* SPDX-License-Identifier: Apache-2.0 */
/* depends_on and networks: read, checked, and said again in both spellings. */
#include "manifest/pod_networks.h"
#include "manifest/start_wait.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "manifest/load.h"
#include "manifest/problem.h"
#include "manifest/write_objects.h"
#include "manifest/write_short.h"
#include "test.h"

#define POD(name, more) "---\nname: " name "\ncontainers: {c: {image: img}}\n" more
#define JOB(name)                                                                                  \
	"---\napiVersion: batch/v1\nkind: Job\nmetadata: {name: " name "}\nspec: {template: "      \
	"{spec: {restartPolicy: Never, containers: [{name: c, image: img}]}}}\n"

static struct app app;
static struct problem_list problems;

static bool load(const char *text)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	const struct load_options options = {.project = "test", .folder = "/"};

	app_clear(&app);
	problem_list_clear(&problems);
	return app_load_text(&options, "-", text, strlen(text), &app, &problems, &err);
}

static bool is_said(const char *message)
{
	for (size_t i = 0; i < problems.count; i++) {
		if (strstr(problems.items[i].message, message) != NULL)
			return true;
	}
	return false;
}

static const char chain[] =
	POD("web", "depends_on: {api: {condition: service_healthy, restart: true}, "
		   "cache: {condition: started, required: false}}\n")
		POD("api", "depends_on: [db]\n") POD("db", "depends_on: {migrate: completed}\n")
			JOB("migrate");

static void assert_chain(void)
{
	const struct pod_spec *web = app_find_pod(&app, "web");

	assert_int_equal(web->wait_count, 2);
	assert_string_equal(web->waits[0].pod, "api");
	assert_int_equal(web->waits[0].condition, START_HEALTHY);
	assert_true(web->waits[0].restarts && !web->waits[0].is_optional);
	assert_true(web->waits[1].is_optional);
	assert_int_equal(app_find_pod(&app, "api")->waits[0].condition, START_STARTED);
	assert_int_equal(app_find_pod(&app, "db")->waits[0].condition, START_COMPLETED);
}

static void what_a_pod_waits_for_is_said_in_both_spellings(void **state)
{
	(void)state;
	assert_true(load(chain));
	assert_chain();
	assert_true(is_said("has no readiness probe"));
	AUTO_FREE char *objects = app_write_kubernetes(&app);
	assert_non_null(strstr(objects, "i2kit/depends-on"));
	assert_true(load(objects));
	assert_chain();
	AUTO_FREE char *words = app_write_short(&app);
	assert_true(load(words));
	assert_chain();
}

/* A pod that ends (Compose's default) is a Pod, and a volume of several stays one. */
static void a_pod_keeps_its_annotations_and_a_claim_its_mode(void **state)
{
	static const char text[] =
		"services:\n"
		"  a: {image: img, depends_on: [b], networks: [x], volumes: [\"data:/d\"]}\n"
		"  b: {image: img, networks: [x, y], volumes: [\"data:/d\"]}\n"
		"networks: {x: {}, y: {internal: true}}\nvolumes: {data: {}}\n";
	(void)state;
	assert_true(load(text));
	assert_true(app.claims[0].is_shared);
	AUTO_FREE char *objects = app_write_kubernetes(&app);
	assert_true(load(objects));
	assert_true(app.claims[0].is_shared);
	assert_string_equal(app_find_pod(&app, "a")->waits[0].pod, "b");
	assert_int_equal(app_find_pod(&app, "b")->network_count, 2);
}

static void circles_are_refused_with_their_places(void **state)
{
	(void)state;
	assert_false(load(POD("a", "depends_on: [b]\n") POD("b", "depends_on: [c]\n")
				  POD("c", "depends_on: [a]\n")));
	assert_true(is_said("'a' waits for 'b' (-:4), waits for 'c' (-:8), which waits for 'a'"));
	assert_false(load(POD("a", "depends_on: [b]\n") POD("b", "depends_on: [b]\n")));
	assert_true(is_said("pod 'b' waits for itself"));
}

static const struct {
	const char *text;
	const char *message;
} mistakes[] = {
	{POD("a", "depends_on: [nobody]\n"), "there is no pod 'nobody'"},
	{POD("a", "depends_on: {b: {condition: soon}}\n") POD("b", ""), "condition: soon is none"},
	{POD("a", "depends_on: [b, b]\n") POD("b", ""), "is there twice"},
	{POD("a", "depends_on: {b: completed}\n") POD("b", ""), "starts again whenever it ends"},
	{POD("a", "depends_on: [[b]]\n") POD("b", ""), "is no pod's name"},
	{POD("a", "depends_on: {b: {conditon: healthy}}\n") POD("b", ""), "unknown field"},
	{POD("a", "networks: some\n"), "a list, a map or none"},
	{POD("a", "networks: [x, x]\n"), "is there twice"},
	{POD("a", "networks: [\"a b\"]\n"), "is no name of a network"},
	{POD("a", "networks: {x: {aliases: [A_B]}}\n"), "is no host name"},
	{POD("a", "networks: [x]\nnetwork: {egress: [b]}\n") POD("b", "networks: [y]\n"),
	 "shares no network with 'b'"},
	{POD("a", "networks: {x: {internal: true}}\nnetwork: {egress: internet}\n"),
	 "is in no network that leads outside"},
};

static void each_mistake_is_said(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(mistakes); i++) {
		assert_false(load(mistakes[i].text));
		if (!is_said(mistakes[i].message))
			fail_msg("%s: not said", mistakes[i].message);
	}
}

static bool allows_pod(const struct traffic_policy *policy, const char *pod)
{
	for (size_t i = 0; i < policy->item_count; i++) {
		if (policy->items[i].pod != NULL && strcmp(policy->items[i].pod, pod) == 0)
			return true;
	}
	return false;
}

static bool allows_outside(const struct traffic_policy *policy)
{
	for (size_t i = 0; i < policy->item_count; i++) {
		if (policy->items[i].cidr != NULL)
			return true;
	}
	return false;
}

static const char networks[] = POD("web", "networks: [front]\n")
	POD("api", "networks: {front: {}, back: {internal: true, aliases: [backend]}}\n")
		POD("db", "networks: [back]\n") POD("alone", "networks: none\n") POD("plain", "");

static void assert_networks(void)
{
	const struct pod_spec *web = app_find_pod(&app, "web");
	const struct pod_spec *api = app_find_pod(&app, "api");
	const struct pod_spec *db = app_find_pod(&app, "db");
	const struct pod_spec *alone = app_find_pod(&app, "alone");

	assert_true(pods_share_network(web, api) && pods_share_network(api, db));
	assert_false(pods_share_network(web, db) || pods_share_network(alone, web) ||
		     pods_share_network(app_find_pod(&app, "plain"), web));
	assert_true(web->outgoing.is_isolated && allows_pod(&web->outgoing, "api"));
	assert_false(allows_pod(&web->outgoing, "db") || allows_pod(&web->outgoing, "plain"));
	assert_true(allows_outside(&web->outgoing) && web->outgoing.may_ask_names);
	assert_false(allows_outside(&db->outgoing) || db->outgoing.may_ask_names);
	assert_true(allows_outside(&db->incoming) && allows_pod(&db->incoming, "api"));
	assert_false(allows_outside(&alone->incoming) || allows_outside(&alone->outgoing));
	assert_string_equal(api->networks[1].aliases.items[0], "backend");
}

static void networks_keep_apart_in_both_spellings(void **state)
{
	(void)state;
	assert_true(load(networks));
	assert_true(app_has_networks(&app));
	assert_networks();
	AUTO_FREE char *objects = app_write_kubernetes(&app);
	assert_true(load(objects));
	assert_networks();
	AUTO_FREE char *words = app_write_short(&app);
	assert_true(load(words));
	assert_networks();
}

static void one_network_for_all_closes_nothing(void **state)
{
	(void)state;
	assert_true(load(POD("a", "networks: [x]\n") POD("b", "networks: {x: {aliases: [c]}}\n")));
	assert_false(app_has_networks(&app));
	assert_false(app.pods[0].incoming.is_isolated || app.pods[0].outgoing.is_isolated);
}

/* No block of those outside meets the addresses that projects have. */
static void the_outside_is_everything_else(void **state)
{
	uint64_t total = 0;
	(void)state;
	assert_true(load(POD("a", "networks: [x]\n") POD("b", "networks: [y]\n")));
	const struct traffic_policy *policy = &app.pods[0].outgoing;
	for (size_t i = 0; i < policy->item_count; i++) {
		const char *slash =
			policy->items[i].cidr != NULL ? strchr(policy->items[i].cidr, '/') : NULL;
		if (slash == NULL)
			continue;
		total += (uint64_t)1 << (32 - (slash[1] - '0') * (slash[2] ? 10 : 1) -
					 (slash[2] ? slash[2] - '0' : 0));
		assert_null(strstr(policy->items[i].cidr, "10.77."));
	}
	assert_int_equal(total, ((uint64_t)1 << 32) - 65536);
}

static void a_network_narrows_what_a_policy_allows(void **state)
{
	(void)state;
	assert_true(load(
		POD("a", "networks: [x]\nlabels: {app: a}\n") POD("b", "networks: [x, y]\n")
			POD("c", "networks: [y]\n") "---\napiVersion: networking.k8s.io/v1\nkind: "
						    "NetworkPolicy\n"
						    "metadata: {name: p}\nspec: {podSelector: "
						    "{matchLabels: {app: a}}, "
						    "ingress: [{ports: [{port: 80}]}]}\n"));
	const struct traffic_policy *incoming = &app_find_pod(&app, "a")->incoming;
	assert_true(allows_pod(incoming, "b") && !allows_pod(incoming, "c"));
	for (size_t i = 0; i < incoming->item_count; i++)
		assert_int_equal(incoming->items[i].first, 80);
}

static int stop(void **state)
{
	(void)state;
	app_clear(&app);
	problem_list_clear(&problems);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_pod_waits_for_is_said_in_both_spellings),
		cmocka_unit_test(a_pod_keeps_its_annotations_and_a_claim_its_mode),
		cmocka_unit_test(circles_are_refused_with_their_places),
		cmocka_unit_test(each_mistake_is_said),
		cmocka_unit_test(networks_keep_apart_in_both_spellings),
		cmocka_unit_test(one_network_for_all_closes_nothing),
		cmocka_unit_test(the_outside_is_everything_else),
		cmocka_unit_test(a_network_narrows_what_a_policy_allows),
	};
	return cmocka_run_group_tests(tests, NULL, stop);
}
