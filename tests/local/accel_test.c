/* SPDX-License-Identifier: Apache-2.0 */
#include "local/vm/accel.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "base/process.h"

#include "test.h"

static char folder[] = "/tmp/i2kit-accel.XXXXXX";

static int start(void **state)
{
	(void)state;
	return mkdtemp(folder) != NULL ? setenv("XDG_CACHE_HOME", folder, 1) : -1;
}

static int stop(void **state)
{
	(void)state;
	return path_remove_tree(folder, NULL) ? 0 : -1;
}

/* The guest that tells whether KVM works must itself work where anything does. */
static void the_test_guest_answers_under_emulation(void **state)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_FREE char *qemu = process_find_program("qemu-system-x86_64");
	(void)state;

	if (qemu == NULL)
		skip();
	if (!accel_try("tcg", &err))
		fail_msg("%s", err.message);
}

static void an_accelerator_that_is_not_there_is_an_error_with_a_reason(void **state)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_FREE char *qemu = process_find_program("qemu-system-x86_64");
	(void)state;

	if (qemu == NULL)
		skip();
	assert_false(accel_try("hax", &err));
	assert_non_null(err.message);
}

static void tcg_is_taken_when_asked_for(void **state)
{
	AUTO(accel_clear) struct accel accel = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	(void)state;

	assert_true(accel_choose("tcg", &accel, &err));
	assert_false(accel.is_kvm);
	assert_string_equal(accel.reason, "--accel tcg");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_test_guest_answers_under_emulation),
		cmocka_unit_test(an_accelerator_that_is_not_there_is_an_error_with_a_reason),
		cmocka_unit_test(tcg_is_taken_when_asked_for),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
