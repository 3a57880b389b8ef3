/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/path.h"
#include "guest/kubelet/reaper.h"
#include "test.h"

struct told {
	unsigned times;
	int status;
};

static struct loop *loop;
static struct reaper *reaper;

static void on_end(pid_t pid, int status, void *arg)
{
	(void)pid;
	struct told *told = arg;
	told->times++;
	told->status = status;
}

/* A child that ends at once with this code. */
static pid_t child(int code)
{
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(code);
	return pid;
}

/* Until the child of this number is reaped. */
static void reap(pid_t pid)
{
	uint64_t deadline = clock_monotonic_ms() + 10000;
	while (kill(pid, 0) == 0 && clock_monotonic_ms() < deadline)
		loop_step(loop, 10);
	loop_step(loop, 0);
}

static void whoever_waits_is_told_once(void **state)
{
	(void)state;
	struct told told = {0};
	pid_t pid = child(3);
	reaper_watch(reaper, pid, REAPER_CHILD, on_end, &told);
	reap(pid);
	loop_step(loop, 0);
	assert_int_equal(told.times, 1);
	assert_int_equal(WEXITSTATUS(told.status), 3);
}

static void an_end_before_the_question_is_remembered(void **state)
{
	(void)state;
	struct told told = {0};
	uint64_t since = clock_monotonic_ms();
	pid_t pid = child(4);
	reap(pid);
	reaper_watch(reaper, pid, since, on_end, &told);
	loop_step(loop, 0);
	loop_step(loop, 0);
	assert_int_equal(told.times, 1);
	assert_int_equal(WEXITSTATUS(told.status), 4);
}

/* The kernel gives numbers out again: an old end under the same number is somebody else's. */
static void an_older_process_of_the_same_number_means_nothing(void **state)
{
	(void)state;
	struct told told = {0};
	pid_t pid = child(5);
	reap(pid);
	reaper_watch(reaper, pid, REAPER_CHILD, on_end, &told);
	loop_step(loop, 0);
	loop_step(loop, 0);
	assert_int_equal(told.times, 0);
	reaper_forget(reaper, pid);
	reaper_watch(reaper, pid, clock_monotonic_ms() + 1, on_end, &told);
	loop_step(loop, 0);
	assert_int_equal(told.times, 0);
	reaper_forget(reaper, pid);
}

static void who_no_longer_asks_is_not_told(void **state)
{
	(void)state;
	struct told told = {0};
	pid_t pid = child(6);
	reaper_watch(reaper, pid, REAPER_CHILD, on_end, &told);
	reaper_forget(reaper, pid);
	reap(pid);
	assert_int_equal(told.times, 0);
}

static void a_pid_file_names_a_process_or_nothing(void **state)
{
	static const char *const wrong[] = {
		"", "\n", "1\n", "0", "-4", "12x", "99999999999999999999"};
	char path[] = "/tmp/i2kit-pid-XXXXXX";
	AUTO_CLOSE int fd = mkstemp(path);
	pid_t pid = 7;
	(void)state;
	assert_true(file_write_atomic(path, "4711\n", 5, 0600, NULL));
	assert_true(pid_file_read(path, &pid));
	assert_int_equal(pid, 4711);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		assert_true(file_write_atomic(path, wrong[i], strlen(wrong[i]), 0600, NULL));
		assert_false(pid_file_read(path, &pid));
	}
	assert_int_equal(unlink(path), 0);
	assert_false(pid_file_read(path, &pid));
	assert_int_equal(pid, 4711);
}

int main(void)
{
	struct error err = ERROR_INIT;
	loop = loop_new(&err);
	reaper = reaper_new(loop);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whoever_waits_is_told_once),
		cmocka_unit_test(an_end_before_the_question_is_remembered),
		cmocka_unit_test(an_older_process_of_the_same_number_means_nothing),
		cmocka_unit_test(who_no_longer_asks_is_not_told),
		cmocka_unit_test(a_pid_file_names_a_process_or_nothing),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	loop_free(loop);
	return failed;
}
