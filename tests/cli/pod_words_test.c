/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "cli/pod_words.h"

static char web[] = "web";
static char deploy[] = "deploy";
static char api[] = "api";
static char *both[] = {web, deploy, NULL};
static struct pod_plan pods[] = {{.name = web}, {.name = deploy}};
static struct service_plan services[] = {{.name = api, .pods = {.items = both, .count = 2}},
					 {.name = web}};
static const struct project_plan plan = {
	.pods = pods, .pod_count = 2, .services = services, .service_count = 2};

static char *meaning(const struct project_plan *of, const char *word)
{
	AUTO(string_list_clear) struct string_list known = STRING_LIST_INIT;
	AUTO(string_list_clear) struct string_list found = STRING_LIST_INIT;
	AUTO(error_clear) struct error err = ERROR_INIT;

	for (size_t i = 0; of != NULL && i < of->pod_count; i++)
		string_list_add(&known, of->pods[i].name);
	if (!pod_word_resolve(&known, of, word, &found, &err)) {
		assert_int_equal(err.kind, ERROR_NOT_FOUND);
		return xasprintf("%s (%s)", err.message, err.hint != NULL ? err.hint : "");
	}
	return string_list_join(&found, " ");
}

static void means(const struct project_plan *of, const char *word, const char *wanted)
{
	AUTO_FREE char *got = meaning(of, word);
	assert_string_equal(got, wanted);
}

static void types_of_kubectl_are_left_out(void **state)
{
	(void)state;
	means(&plan, "web", "web");
	means(&plan, "web/nginx", "web/nginx");
	means(&plan, "po/web", "web");
	means(&plan, "Deployment/web/nginx", "web/nginx");
	means(NULL, "sts/db-0", "db-0");
	means(NULL, "other/x", "other/x");
}

static void a_pod_called_like_a_type_is_meant_itself(void **state)
{
	(void)state;
	means(&plan, "deploy/web", "deploy/web");
	means(&plan, "deploy-0/web", "deploy-0/web");
	means(NULL, "deploy/web", "web");
}

static void a_service_means_the_pods_behind_it(void **state)
{
	(void)state;
	means(&plan, "svc/api", "web deploy");
	means(&plan, "service/api/main", "web/main deploy/main");
	means(&plan, "svc/web", "no pod is behind service 'web' ()");
	means(&plan, "svc/apj",
	      "there is no service 'apj' (did you mean 'api'? there are api, web)");
	means(NULL, "svc/api",
	      "nothing is up that has a service 'api' (i2kit up; i2kit ls lists "
	      "what is up)");
}

static void a_port_of_a_service_is_the_pod_s_own(void **state)
{
	struct port_plan ports[] = {{.port = 80, .target_port = 8080}};
	struct service_plan service = {.name = api, .ports = ports, .port_count = 1};
	const struct project_plan one = {.services = &service, .service_count = 1};
	(void)state;

	assert_int_equal(pod_word_port_of(&one, "svc/api", 80), 8080);
	assert_int_equal(pod_word_port_of(&one, "svc/api", 81), 81);
	assert_int_equal(pod_word_port_of(&one, "svc/other", 80), 80);
	assert_int_equal(pod_word_port_of(&one, "api", 80), 80);
}

static void what_has_no_pods_says_so(void **state)
{
	(void)state;
	means(&plan, "cm/settings",
	      "cm/settings: a cm has no pods (POD, po/NAME, deploy/NAME, "
	      "sts/NAME, job/NAME, svc/NAME)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(types_of_kubectl_are_left_out),
		cmocka_unit_test(a_pod_called_like_a_type_is_meant_itself),
		cmocka_unit_test(a_service_means_the_pods_behind_it),
		cmocka_unit_test(a_port_of_a_service_is_the_pod_s_own),
		cmocka_unit_test(what_has_no_pods_says_so),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
