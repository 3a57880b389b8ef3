/* SPDX-License-Identifier: Apache-2.0 */
#include "base/budget.h"

#include "test.h"

static void what_was_spent_comes_back_with_time(void **state)
{
	struct budget budget;
	(void)state;

	budget_start(&budget, 10, 2, 1000);
	for (int i = 0; i < 10; i++)
		assert_true(budget_take(&budget, 1, 1000));
	assert_false(budget_take(&budget, 1, 1000));
	assert_false(budget_take(&budget, 1, 1499));
	assert_true(budget_take(&budget, 1, 1500));
	assert_false(budget_take(&budget, 1, 1999));
	assert_true(budget_take(&budget, 1, 2000));
}

static void there_is_never_more_than_the_burst(void **state)
{
	struct budget budget;
	unsigned taken = 0;
	(void)state;

	budget_start(&budget, 10, 1000, 0);
	while (budget_take(&budget, 1, UINT64_MAX / 4))
		taken++;
	assert_int_equal(taken, 10);
}

static void small_steps_of_time_lose_nothing(void **state)
{
	struct budget budget;
	unsigned taken = 0;
	(void)state;

	budget_start(&budget, 5, 3, 0);
	budget_spend(&budget, 5, 0);
	for (uint64_t ms = 1; ms <= 10000; ms++)
		taken += budget_take(&budget, 1, ms);
	assert_in_range(taken, 29, 30);
}

static void debts_are_waited_for(void **state)
{
	struct budget budget;
	uint64_t wait_ms;
	(void)state;

	budget_start(&budget, 100, 100, 0);
	budget_spend(&budget, 300, 0);
	wait_ms = budget_wait_ms(&budget, 50, 0);
	assert_in_range(wait_ms, 2500, 2501);
	assert_true(budget_wait_ms(&budget, 50, wait_ms - 10) > 0);
	assert_int_equal(budget_wait_ms(&budget, 50, wait_ms), 0);
	/* More than can ever be there is not waited for. */
	assert_int_equal(budget_wait_ms(&budget, 1000, 100000), 0);
}

static void a_clock_that_goes_back_gives_nothing(void **state)
{
	struct budget budget;
	(void)state;

	budget_start(&budget, 1, 1, 5000);
	assert_true(budget_take(&budget, 1, 5000));
	assert_false(budget_take(&budget, 1, 1000));
	assert_true(budget_take(&budget, 1, 6000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_spent_comes_back_with_time),
		cmocka_unit_test(there_is_never_more_than_the_burst),
		cmocka_unit_test(small_steps_of_time_lose_nothing),
		cmocka_unit_test(debts_are_waited_for),
		cmocka_unit_test(a_clock_that_goes_back_gives_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
