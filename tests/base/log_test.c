/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"

#include "test.h"

static off_t size_of(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 ? status.st_size : -1;
}

/* Whatever is logged, and by whose will: two files of the limit, and the newest lines in them. */
static void a_log_with_a_limit_never_grows_beyond_it(void **state)
{
	char folder[] = "/tmp/i2kit-log-test.XXXXXX";
	(void)state;

	assert_non_null(mkdtemp(folder));
	AUTO_FREE char *path = xasprintf("%s/log", folder);
	AUTO_FREE char *former = xasprintf("%s/log.1", folder);
	assert_true(log_open(LOG_LEVEL_VERBOSE, path, NULL));
	log_limit(4000);
	for (int i = 0; i < 1000; i++) {
		log_verbose("line %d of a guest that has much to say", i);
		assert_true(size_of(path) < 4200);
	}
	assert_in_range(size_of(former), 4000, 4200);
	log_limit(0);
	log_verbose("and now one more");
	assert_true(size_of(path) > 0);
	(void)unlink(path);
	(void)unlink(former);
	(void)rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_log_with_a_limit_never_grows_beyond_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
