/* SPDX-License-Identifier: Apache-2.0 */
#include "local/supervisor/disk_check.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/path.h"

#include "test.h"

static struct loop *loop;
static struct worker *worker;
static struct disk_checks *checks;
static unsigned changes;
static char path[] = "/tmp/i2kit-disk-test.XXXXXX";

static void on_changed(void *arg)
{
	(void)arg;
	changes++;
}

static int start(void **state)
{
	(void)state;
	changes = 0;
	memcpy(path + strlen(path) - 6, "XXXXXX", 6);
	AUTO_CLOSE int fd = mkstemp(path);
	loop = loop_new(NULL);
	worker = worker_new(loop, 1, NULL);
	checks = disk_checks_new(worker, on_changed, NULL);
	return fd >= 0 && worker != NULL ? 0 : -1;
}

static int stop(void **state)
{
	(void)state;
	bool is_ended = worker_free(worker);
	disk_checks_free(checks);
	loop_free(loop);
	(void)unlink(path);
	return is_ended ? 0 : -1;
}

static enum disk_state ask(const struct digest *digest, struct error *err)
{
	unsigned before = changes;
	uint64_t end_ms = clock_monotonic_ms() + 5000;
	enum disk_state found = disk_checks_ask(checks, path, digest, err);

	if (found != DISK_UNKNOWN)
		return found;
	while (changes == before && clock_monotonic_ms() < end_ms)
		loop_step(loop, 20);
	return disk_checks_ask(checks, path, digest, err);
}

static void write_file(const char *text, struct digest *ret)
{
	*ret = sha256_digest(text, strlen(text));
	assert_true(file_write_atomic(path, text, strlen(text), 0644, NULL));
}

static void a_disk_is_read_once_while_it_stays_the_same(void **state)
{
	struct digest digest;
	(void)state;

	write_file("a disk", &digest);
	assert_int_equal(ask(&digest, NULL), DISK_GOOD);
	assert_int_equal(changes, 1);
	assert_int_equal(ask(&digest, NULL), DISK_GOOD);
	assert_int_equal(changes, 1);
}

static void a_disk_that_is_not_what_its_name_says_is_bad(void **state)
{
	struct digest digest;
	struct digest other;
	AUTO(error_clear) struct error problem = ERROR_INIT;
	(void)state;

	write_file("a disk", &digest);
	assert_int_equal(ask(&digest, NULL), DISK_GOOD);
	/* Somebody writes to it: what was found does not hold any more. */
	write_file("a disc", &other);
	assert_int_equal(ask(&digest, &problem), DISK_BAD);
	assert_non_null(strstr(problem.message, "not what its name says"));
	assert_int_equal(ask(&other, NULL), DISK_GOOD);
}

static void a_disk_that_is_gone_is_bad(void **state)
{
	struct digest digest;
	(void)state;

	write_file("a disk", &digest);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(ask(&digest, NULL), DISK_BAD);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)
	const struct CMUnitTest tests[] = {
		TEST(a_disk_is_read_once_while_it_stays_the_same),
		TEST(a_disk_that_is_not_what_its_name_says_is_bad),
		TEST(a_disk_that_is_gone_is_bad),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
