/* SPDX-License-Identifier: Apache-2.0 */
/* Which containers hang at their memory limit. */
#include "guest/pod/memory_look.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
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

static void put(const char *folder, const char *name, const char *text)
{
	AUTO_FREE char *path = path_join(folder, name);
	assert_true(file_write_atomic(path, text, strlen(text), 0600, NULL));
}

/* As Linux 6.12 writes them, shortened, but for a memory.stat of more lines than there are today. */
static void test_a_look_is_what_the_kernel_says(void **state)
{
	char folder[] = "/tmp/i2kit-look-XXXXXX";
	struct memory_look look;
	AUTO_FREE char *long_line = xasprintf("anon 20971520\nfile 40960\n%04500d\n"
					      "inactive_anon 7\nactive_anon 8\ninactive_file 4096\n"
					      "active_file 32768\nunevictable 9\n"
					      "workingset_refault_file 10\n",
					      0);
	(void)state;
	assert_non_null(mkdtemp(folder));
	memory_look_read(folder, &look);
	assert_int_equal(look.limit + look.current + look.cache + look.stalled_us, 0);
	put(folder, "memory.max", "20971520\n");
	put(folder, "memory.current", "20967424\n");
	put(folder, "memory.stat", long_line);
	put(folder, "memory.pressure",
	    "some avg10=62.10 avg60=30.02 avg300=8.07 total=29000111\n"
	    "full avg10=35.55 avg60=17.11 avg300=4.20 total=15000222\n");
	memory_look_read(folder, &look);
	assert_int_equal(look.limit, 20971520);
	assert_int_equal(look.current, 20967424);
	assert_int_equal(look.cache, 4096 + 32768);
	assert_int_equal(look.stalled_us, 15000222);
	put(folder, "memory.max", "max\n");
	memory_look_read(folder, &look);
	assert_int_equal(look.limit, 0);
	assert_true(path_remove_tree(folder, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_that_hangs_ends),
		cmocka_unit_test(test_one_that_works_goes_on),
		cmocka_unit_test(test_a_pause_begins_anew),
		cmocka_unit_test(test_a_look_is_what_the_kernel_says),
		cmocka_unit_test(test_another_run_counts_from_its_own_beginning),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
