/* SPDX-License-Identifier: Apache-2.0 */
#include "local/plan/service_slot.h"

#include "base/alloc.h"
#include "base/cleanup.h"

#include "test.h"

static struct service_plan *add(struct project_plan *plan, const char *name)
{
	struct service_plan *service = ARRAY_APPEND(plan->services, plan->service_count);

	service->name = xstrdup(name);
	return service;
}

static void no_two_services_share_a_slot(void **state)
{
	AUTO(project_plan_clear) struct project_plan plan = {0};
	bool is_taken[SERVICE_SLOT_COUNT + 1] = {false};
	(void)state;

	for (unsigned i = 0; i < SERVICE_SLOT_COUNT; i++) {
		AUTO_FREE char *name = xasprintf("service-%u", i);
		add(&plan, name);
	}
	assert_true(service_slots_fill(&plan, NULL, NULL));
	for (size_t i = 0; i < plan.service_count; i++) {
		unsigned slot = plan.services[i].slot;
		assert_in_range(slot, 1, SERVICE_SLOT_COUNT);
		assert_false(is_taken[slot]);
		is_taken[slot] = true;
	}
}

static void one_more_than_there_are_addresses_is_refused(void **state)
{
	AUTO(project_plan_clear) struct project_plan plan = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	(void)state;

	for (unsigned i = 0; i <= SERVICE_SLOT_COUNT; i++) {
		AUTO_FREE char *name = xasprintf("service-%u", i);
		add(&plan, name);
	}
	assert_false(service_slots_fill(&plan, NULL, &err));
	assert_int_equal(err.kind, ERROR_FULL);
}

static void a_service_keeps_its_slot_when_others_come_and_go(void **state)
{
	AUTO(project_plan_clear) struct project_plan before = {0};
	AUTO(project_plan_clear) struct project_plan after = {0};
	(void)state;

	for (unsigned i = 0; i < 20; i++) {
		AUTO_FREE char *name = xasprintf("service-%u", i);
		add(&before, name);
	}
	assert_true(service_slots_fill(&before, NULL, NULL));
	/* The second half, in another order, behind new ones. */
	for (unsigned i = 0; i < 20; i++) {
		AUTO_FREE char *name = xasprintf("new-%u", i);
		add(&after, name);
	}
	for (unsigned i = 20; i-- > 10;)
		add(&after, before.services[i].name);
	assert_true(service_slots_fill(&after, &before, NULL));
	for (unsigned i = 0; i < 10; i++)
		assert_int_equal(after.services[20 + i].slot, before.services[19 - i].slot);
}

static void headless_services_need_none(void **state)
{
	AUTO(project_plan_clear) struct project_plan plan = {0};
	(void)state;

	add(&plan, "db")->is_headless = true;
	assert_true(service_slots_fill(&plan, NULL, NULL));
	assert_int_equal(plan.services[0].slot, 0);
}

static void slots_that_a_file_made_up_are_replaced(void **state)
{
	AUTO(project_plan_clear) struct project_plan plan = {0};
	(void)state;

	add(&plan, "a")->slot = 4000000;
	add(&plan, "b")->slot = 7;
	add(&plan, "c")->slot = 7;
	assert_true(service_slots_fill(&plan, NULL, NULL));
	assert_in_range(plan.services[0].slot, 1, SERVICE_SLOT_COUNT);
	assert_int_equal(plan.services[1].slot, 7);
	assert_int_not_equal(plan.services[2].slot, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_two_services_share_a_slot),
		cmocka_unit_test(one_more_than_there_are_addresses_is_refused),
		cmocka_unit_test(a_service_keeps_its_slot_when_others_come_and_go),
		cmocka_unit_test(headless_services_need_none),
		cmocka_unit_test(slots_that_a_file_made_up_are_replaced),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
