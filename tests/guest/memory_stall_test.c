/* SPDX-License-Identifier: Apache-2.0 */
/* Which containers hang at their memory limit. */
#include "guest/pod/memory_stall.h"
#include "test.h"

#define INTERVAL_US 2000000u

/* As measured of a program that reads itself again for ever: 20 MiB, 36 kB of files, 35 %. */
static const struct memory_look HANGING = {
	.limit = 20u << 20, .current = 20u << 20, .cache = 36864};

static unsigned looks_until_end(struct memory_look look, uint64_t waited_us, unsigned most)
{
	struct memory_stall stall = {0};

	for (unsigned i = 1; i <= most; i++) {
		look.stalled_us += waited_us;
		if (memory_stall_look(&stall, &look, INTERVAL_US))
			return i;
	}
	return 0;
}

static void test_one_that_hangs_ends(void **state)
{
	(void)state;
	assert_int_equal(looks_until_end(HANGING, 700000, 100), 10);
	assert_int_equal(looks_until_end(HANGING, INTERVAL_US, 100), 10);
}

static void test_one_that_works_goes_on(void **state)
{
	struct memory_look cached = HANGING, small = HANGING, unlimited = HANGING;

	(void)state;
	cached.cache = 8u << 20;
	small.current = 10u << 20;
	unlimited.limit = 0;
	assert_int_equal(looks_until_end(HANGING, 400000, 100), 0);
	assert_int_equal(looks_until_end(cached, INTERVAL_US, 100), 0);
	assert_int_equal(looks_until_end(small, INTERVAL_US, 100), 0);
	assert_int_equal(looks_until_end(unlimited, INTERVAL_US, 100), 0);
}

static void test_a_pause_begins_anew(void **state)
{
	struct memory_stall stall = {0};
	struct memory_look look = HANGING;

	(void)state;
	for (unsigned i = 1; i <= 100; i++) {
		look.stalled_us += i % 10 == 0 ? 1000 : 700000;
		assert_false(memory_stall_look(&stall, &look, INTERVAL_US));
	}
}

static void test_another_run_counts_from_its_own_beginning(void **state)
{
	struct memory_stall stall = {0};
	struct memory_look look = HANGING;

	(void)state;
	for (unsigned i = 1; i <= 9; i++) {
		look.stalled_us += 700000;
		assert_false(memory_stall_look(&stall, &look, INTERVAL_US));
	}
	look.stalled_us = 600000; /* its cgroup was made again */
	assert_false(memory_stall_look(&stall, &look, INTERVAL_US));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_that_hangs_ends),
		cmocka_unit_test(test_one_that_works_goes_on),
		cmocka_unit_test(test_a_pause_begins_anew),
		cmocka_unit_test(test_another_run_counts_from_its_own_beginning),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
