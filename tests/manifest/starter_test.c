/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/starter.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "manifest/load.h"
#include "manifest/problem.h"
#include "test.h"

/* A project is called as its folder is, and folders are called anything. */
static void what_init_writes_is_valid_whatever_the_name(void **state)
{
	static const char *const names[] = {"shop", "1234", "0644",	 "yes",
					    "null", "1e3",  "2026-11-30"};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names) * 2; i++) {
		AUTO(app_clear) struct app app = {0};
		AUTO(problem_list_clear) struct problem_list problems = {0};
		AUTO(error_clear) struct error err = ERROR_INIT;
		const struct load_options options = {.folder = "."};
		AUTO_FREE char *text = starter_make(i % 2 == 0 ? STARTER_SHORT : STARTER_KUBERNETES,
						    names[i / 2], "nginx:1.25");
		if (!app_load_text(&options, "i2kit.yml", text, strlen(text), &app, &problems,
				   &err))
			fail_msg("%s: %s", names[i / 2],
				 problems.count > 0 ? problems.items[0].message : err.message);
		assert_int_equal(app.pod_count, 1);
		assert_string_equal(app.pods[0].name, names[i / 2]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_init_writes_is_valid_whatever_the_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
