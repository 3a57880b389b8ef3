/* SPDX-License-Identifier: Apache-2.0 */
#include "local/plan/plan_part.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"

#include "test.h"

static void add_pod(struct project_plan *plan, const char *name, const char *kernel)
{
	struct pod_plan *pod = ARRAY_APPEND(plan->pods, plan->pod_count);

	*pod = (struct pod_plan){.name = xstrdup(name), .kernel_path = xstrdup(kernel)};
}

static void add_service(struct project_plan *plan, const char *name, const char *pod_or_null)
{
	struct service_plan *service = ARRAY_APPEND(plan->services, plan->service_count);

	*service = (struct service_plan){.name = xstrdup(name)};
	if (pod_or_null != NULL)
		string_list_add(&service->pods, pod_or_null);
}

static void pods_are(const struct project_plan *plan, const char *wanted)
{
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;

	for (size_t i = 0; i < plan->pod_count; i++)
		string_list_addf(&names, "%s:%s", plan->pods[i].name, plan->pods[i].kernel_path);
	for (size_t i = 0; i < plan->service_count; i++)
		string_list_add(&names, plan->services[i].name);
	AUTO_FREE char *got = string_list_join(&names, " ");
	assert_string_equal(got, wanted);
}

/* `up web`: db stays as it was, old is in no manifest any more, and later is not started by it. */
static void what_was_up_stays_as_it_was(void **state)
{
	AUTO(project_plan_clear) struct project_plan plan = {0};
	AUTO(project_plan_clear) struct project_plan before = {0};
	AUTO(string_list_clear) struct string_list known = STRING_LIST_INIT;
	(void)state;

	add_pod(&plan, "web", "new");
	add_service(&plan, "web", "web");
	add_service(&plan, "db", "db");
	add_service(&plan, "later", "later");
	add_service(&plan, "empty", NULL);
	add_pod(&before, "web", "old");
	add_pod(&before, "db", "old");
	add_pod(&before, "gone", "old");
	string_list_split(&known, "web,db,later", ',');
	project_plan_join(&plan, &before, &known);
	pods_are(&plan, "web:new db:old web db empty");
	pods_are(&before, "web:old gone:old");
	/* What comes behind it finds no holes. */
	project_plan_keep_former(&plan, &before);
	pods_are(&plan, "web:new db:old web db empty");
}

static void what_is_dropped_takes_its_services_along(void **state)
{
	AUTO(project_plan_clear) struct project_plan plan = {0};
	AUTO(string_list_clear) struct string_list pods = STRING_LIST_INIT;
	(void)state;

	add_pod(&plan, "web", "k");
	add_pod(&plan, "db", "k");
	add_service(&plan, "web", "web");
	add_service(&plan, "all", "web");
	string_list_add(&plan.services[1].pods, "db");
	string_list_add(&pods, "web");
	project_plan_drop(&plan, &pods);
	pods_are(&plan, "db:k all");
	string_list_add(&pods, "db");
	project_plan_drop(&plan, &pods);
	pods_are(&plan, "");
}

static void add_set(struct project_plan *plan, const char *kernel, uint32_t partition)
{
	add_pod(plan, "db", kernel);
	plan->pods[0].workload = WORKLOAD_STATEFUL_SET;
	plan->pods[0].partition = partition;
}

static const char *kernel_of(const struct project_plan *plan, unsigned replica)
{
	return pod_plan_of_replica(&plan->pods[0], replica)->kernel_path;
}

static void numbers_below_a_partition_stay_what_they_were(void **state)
{
	AUTO(project_plan_clear) struct project_plan first = {0};
	AUTO(project_plan_clear) struct project_plan second = {0};
	AUTO(project_plan_clear) struct project_plan third = {0};
	AUTO(project_plan_clear) struct project_plan whole = {0};
	(void)state;

	add_set(&first, "one", 2);
	assert_string_equal(kernel_of(&first, 0), "one");
	add_set(&second, "two", 2);
	project_plan_keep_former(&second, &first);
	assert_string_equal(kernel_of(&second, 1), "one");
	assert_string_equal(kernel_of(&second, 2), "two");
	/* Held up before it was everywhere, the second is nobody's past. */
	add_set(&third, "three", 1);
	project_plan_keep_former(&third, &second);
	assert_string_equal(kernel_of(&third, 0), "one");
	assert_string_equal(kernel_of(&third, 1), "three");
	add_set(&whole, "three", 0);
	project_plan_keep_former(&whole, &third);
	assert_string_equal(kernel_of(&whole, 0), "three");
	assert_null(whole.pods[0].former);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_up_stays_as_it_was),
		cmocka_unit_test(what_is_dropped_takes_its_services_along),
		cmocka_unit_test(numbers_below_a_partition_stay_what_they_were),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
