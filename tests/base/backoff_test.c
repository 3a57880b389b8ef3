/* SPDX-License-Identifier: Apache-2.0 */
#include "base/backoff.h"

#include "base/alloc.h"
#include "test.h"

static void each_wait_is_longer_up_to_the_longest(void **state)
{
	static const struct backoff kubelet = {10000, 300000, 200};
	static const uint64_t wanted[] = {10000, 20000, 40000, 80000, 160000, 300000, 300000};
	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(wanted); i++)
		assert_int_equal(backoff_ms(&kubelet, i), wanted[i]);
	assert_int_equal(backoff_ms(&kubelet, UINT32_MAX), 300000);
}

static void a_factor_may_be_a_fraction(void **state)
{
	static const struct backoff law = {20, 1000, 150};
	static const uint64_t wanted[] = {20, 30, 45, 67, 100, 150, 225, 337, 505, 757, 1000, 1000};
	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(wanted); i++)
		assert_int_equal(backoff_ms(&law, i), wanted[i]);
}

static void a_law_that_does_not_grow_ends(void **state)
{
	static const struct backoff even = {500, 1000, 100};
	static const struct backoff tiny = {1, 1000, 150};
	(void)state;
	assert_int_equal(backoff_ms(&even, UINT32_MAX), 500);
	assert_int_equal(backoff_ms(&tiny, UINT32_MAX), 1);
}

static void many_come_back_at_different_times(void **state)
{
	static const struct backoff law = {200, 20000, 200};
	(void)state;
	assert_int_equal(backoff_spread_ms(&law, 3, 0), 0);
	assert_int_equal(backoff_spread_ms(&law, 3, UINT32_MAX / 2), 799);
	assert_int_equal(backoff_spread_ms(&law, 3, UINT32_MAX), 1600);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_wait_is_longer_up_to_the_longest),
		cmocka_unit_test(a_factor_may_be_a_fraction),
		cmocka_unit_test(a_law_that_does_not_grow_ends),
		cmocka_unit_test(many_come_back_at_different_times),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
