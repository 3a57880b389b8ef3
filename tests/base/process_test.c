/* SPDX-License-Identifier: Apache-2.0 */

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/process_run.h"
#include "test.h"

#define SHELL(script) ((const char *const[]){"sh", "-c", (script), NULL})

static void input_goes_in_and_output_comes_out(void **state)
{
	enum { SIZE = 1000000 };
	AUTO(process_output_clear) struct process_output output = {0};
	AUTO_FREE char *input = xmalloc(SIZE);
	(void)state;
	memset(input, 'x', SIZE);
	struct process_run run = {.argv = SHELL("cat; echo talk >&2"),
				  .input = input,
				  .input_size = SIZE,
				  .timeout_ms = 10000};
	assert_true(process_run(&run, &output, NULL));
	assert_int_equal(output.size, SIZE);
	assert_memory_equal(output.text, input, SIZE);
	assert_string_equal(output.stderr_tail, "talk\n");
}

static void assert_fails(const struct process_run *run, enum error_kind kind, const char *message)
{
	AUTO(process_output_clear) struct process_output output = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	assert_false(process_run(run, &output, &err));
	assert_int_equal(err.kind, kind);
	assert_string_equal(err.message, message);
}

static void a_failure_carries_the_last_line_of_stderr(void **state)
{
	(void)state;
	assert_fails(
		&(struct process_run){.argv = SHELL("echo one >&2; echo 'two\033[m' >&2; exit 3")},
		ERROR_SYSTEM, "sh: exit status 3: two\\x1b[m");
	assert_fails(&(struct process_run){.argv = SHELL("kill -9 $$")}, ERROR_SYSTEM,
		     "sh: killed by signal 9 (Killed)");
}

static void a_program_that_is_not_there_is_named(void **state)
{
	(void)state;
	assert_fails(&(struct process_run){.argv = (const char *const[]){"no-such-tool", NULL}},
		     ERROR_NOT_FOUND, "program 'no-such-tool' is not installed or not in PATH");
	assert_fails(&(struct process_run){.argv = SHELL("true"), .folder = "/no/folder"},
		     ERROR_NOT_FOUND, "start sh: folder /no/folder: No such file or directory");
}

static void a_child_without_end_is_killed(void **state)
{
	uint64_t start_ms = clock_monotonic_ms();
	(void)state;
	assert_fails(&(struct process_run){.argv = SHELL("exec sleep 60"), .timeout_ms = 100},
		     ERROR_TIMEOUT, "sh: no end after 100 ms, killed");
	assert_true(clock_monotonic_ms() - start_ms < 5000);
}

static void too_much_output_is_refused(void **state)
{
	(void)state;
	assert_fails(&(struct process_run){.argv = SHELL("exec yes"), .max_bytes = 1000},
		     ERROR_INVALID, "sh: wrote more than 1000 bytes");
}

static void a_child_that_reads_nothing_does_not_kill_us(void **state)
{
	enum { SIZE = 300000 };
	AUTO(process_output_clear) struct process_output output = {0};
	AUTO_FREE char *input = xcalloc(1, SIZE);
	(void)state;
	struct process_run run = {.argv = SHELL("exec true"), .input = input, .input_size = SIZE};
	assert_true(process_run(&run, &output, NULL));
}

static void the_child_sees_its_environment_and_no_descriptor_of_ours(void **state)
{
	AUTO(process_output_clear) struct process_output output = {0};
	const char *const environment[] = {"I2KIT_TEST_VALUE=yes", "PATH=/usr/bin:/bin", NULL};
	int ends[2];
	(void)state;
	assert_int_equal(pipe(ends), 0);
	struct process_run run = {
		.argv = SHELL("echo $I2KIT_TEST_VALUE $PATH; ls /proc/self/fd | wc -l"),
		.environment = environment};
	assert_true(process_run(&run, &output, NULL));
	/* 0, 1, 2 and the one ls reads the folder with. */
	assert_string_equal(output.text, "yes /usr/bin:/bin\n4\n");
	(void)close(ends[0]);
	(void)close(ends[1]);
}

static void *run_slowly(void *arg)
{
	AUTO(process_output_clear) struct process_output output = {0};
	struct process_run run = {.argv = SHELL("sleep 0.3"), .timeout_ms = 10000};
	(void)arg;
	return process_run(&run, &output, NULL) ? arg : NULL;
}

/* What happens to a signal is the whole process's: two runs side by side would restore each
 * other's. */
static void a_run_leaves_the_processs_signals_alone(void **state)
{
	pthread_t thread;
	struct sigaction now;
	sigset_t pending;
	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, run_slowly, state), 0);
	for (unsigned i = 0; i < 20; i++) {
		assert_int_equal(sigaction(SIGPIPE, NULL, &now), 0);
		assert_true(now.sa_handler == SIG_DFL);
		(void)poll(NULL, 0, 10);
	}
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(sigpending(&pending), 0);
	assert_false(sigismember(&pending, SIGPIPE));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(input_goes_in_and_output_comes_out),
		cmocka_unit_test(a_failure_carries_the_last_line_of_stderr),
		cmocka_unit_test(a_program_that_is_not_there_is_named),
		cmocka_unit_test(a_child_without_end_is_killed),
		cmocka_unit_test(too_much_output_is_refused),
		cmocka_unit_test(a_child_that_reads_nothing_does_not_kill_us),
		cmocka_unit_test(the_child_sees_its_environment_and_no_descriptor_of_ours),
		cmocka_unit_test(a_run_leaves_the_processs_signals_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
