/* SPDX-License-Identifier: Apache-2.0 */
#include "base/loop.h"

#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/loop_child.h"
#include "base/loop_timer.h"
#include "base/process.h"
#include "base/strbuf.h"
#include "test.h"

enum { PATIENCE_MS = 5000 };

/* A text of one letter that may go through a void *. */
#define LETTER(c) ((char[]){(c), '\0'})

/* What happened, in order, one letter each. */
static struct strbuf seen;

static void run_until(struct loop *loop, size_t letters)
{
	uint64_t end = clock_monotonic_ms() + PATIENCE_MS;
	while (seen.size < letters && clock_monotonic_ms() < end)
		loop_step(loop, 100);
}

static int forget(void **state)
{
	(void)state;
	strbuf_reset(&seen);
	return 0;
}

static void on_timer(struct loop_timer *timer, void *arg)
{
	(void)timer;
	strbuf_append(&seen, arg);
}

static void timers_fire_in_order_and_once(void **state)
{
	AUTO_PTR(loop) struct loop *loop = loop_new(NULL);
	(void)state;
	(void)loop_add_timer(loop, 30, on_timer, LETTER('c'));
	(void)loop_add_timer(loop, 0, on_timer, LETTER('a'));
	(void)loop_add_timer(loop, 10, on_timer, LETTER('b'));
	struct loop_timer *cancelled = loop_add_timer(loop, 5, on_timer, LETTER('x'));
	struct loop_timer *removed = loop_add_timer(loop, 5, on_timer, LETTER('y'));
	loop_timer_cancel(cancelled);
	loop_timer_remove(removed);
	run_until(loop, 3);
	loop_step(loop, 30);
	assert_string_equal(strbuf_text(&seen), "abc");
	loop_timer_set(cancelled, 0);
	run_until(loop, 4);
	assert_string_equal(strbuf_text(&seen), "abcx");
}

static void on_again(struct loop_timer *timer, void *arg)
{
	strbuf_append(&seen, arg);
	loop_timer_set(timer, 0);
}

static void a_timer_that_arms_itself_starves_nobody(void **state)
{
	AUTO_PTR(loop) struct loop *loop = loop_new(NULL);
	(void)state;
	(void)loop_add_timer(loop, 0, on_again, LETTER('a'));
	loop_step(loop, 100);
	loop_step(loop, 100);
	assert_true(seen.size >= 1 && seen.size <= 2);
}

static void on_readable(struct loop_fd *source, int fd, unsigned events, void *arg)
{
	char byte = 0;
	struct loop_fd **other = arg;
	assert_true(events & LOOP_READ);
	assert_int_equal(read(fd, &byte, 1), 1);
	strbuf_append_char(&seen, byte);
	/* Both were ready in this round; the other must not fire any more. */
	loop_fd_remove(*other);
	*other = NULL;
	loop_fd_remove(source);
}

static void a_removed_source_never_fires(void **state)
{
	AUTO_PTR(loop) struct loop *loop = loop_new(NULL);
	int pipes[2][2];
	struct loop_fd *sources[2];
	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(pipe(pipes[i]), 0);
		assert_int_equal(write(pipes[i][1], "r", 1), 1);
	}
	sources[0] = loop_add_fd(loop, pipes[0][0], LOOP_READ, on_readable, &sources[1]);
	sources[1] = loop_add_fd(loop, pipes[1][0], LOOP_READ, on_readable, &sources[0]);
	run_until(loop, 1);
	loop_step(loop, 10);
	assert_string_equal(strbuf_text(&seen), "r");
	for (int i = 0; i < 2; i++) {
		(void)close(pipes[i][0]);
		(void)close(pipes[i][1]);
	}
}

static void on_hangup(struct loop_fd *source, int fd, unsigned events, void *arg)
{
	(void)fd;
	(void)arg;
	strbuf_append_char(&seen, events & LOOP_HANGUP ? 'h' : '?');
	loop_fd_remove(source);
}

static void a_peer_that_closed_is_told_unasked(void **state)
{
	AUTO_PTR(loop) struct loop *loop = loop_new(NULL);
	int ends[2];
	(void)state;
	assert_int_equal(pipe(ends), 0);
	(void)loop_add_fd(loop, ends[0], 0, on_hangup, NULL);
	(void)close(ends[1]);
	run_until(loop, 1);
	assert_string_equal(strbuf_text(&seen), "h");
	(void)close(ends[0]);
}

static void on_file(struct loop_fd *source, int fd, unsigned events, void *arg)
{
	(void)fd;
	(void)arg;
	strbuf_append_char(&seen, events == LOOP_READ ? 'f' : '?');
	loop_fd_remove(source);
}

static void a_regular_file_is_always_ready(void **state)
{
	AUTO_PTR(loop) struct loop *loop = loop_new(NULL);
	FILE *file = tmpfile();
	(void)state;
	assert_non_null(file);
	(void)loop_add_fd(loop, fileno(file), LOOP_READ, on_file, NULL);
	run_until(loop, 1);
	assert_string_equal(strbuf_text(&seen), "f");
	(void)fclose(file);
}

static void on_signal(struct loop_signal *source, int signo, void *arg)
{
	(void)source;
	assert_int_equal(signo, SIGUSR1);
	strbuf_append(&seen, arg);
}

static void signals_reach_all_and_are_unblocked_after(void **state)
{
	AUTO_PTR(loop) struct loop *loop = loop_new(NULL);
	sigset_t mask;
	(void)state;
	struct loop_signal *one = loop_add_signal(loop, SIGUSR1, on_signal, LETTER('1'));
	struct loop_signal *two = loop_add_signal(loop, SIGUSR1, on_signal, LETTER('1'));
	assert_int_equal(kill(getpid(), SIGUSR1), 0);
	run_until(loop, 2);
	assert_string_equal(strbuf_text(&seen), "11");
	loop_signal_remove(one);
	loop_signal_remove(two);
	assert_int_equal(sigprocmask(SIG_BLOCK, NULL, &mask), 0);
	assert_false(sigismember(&mask, SIGUSR1));
}

static void on_child(struct loop_child *child, pid_t pid, int status, void *arg)
{
	(void)child;
	assert_int_equal(pid, *(pid_t *)arg);
	assert_true(WIFEXITED(status));
	strbuf_append_char(&seen, (char)('0' + WEXITSTATUS(status)));
}

static void a_childs_end_is_told_with_its_status(void **state)
{
	AUTO_PTR(loop) struct loop *loop = loop_new(NULL);
	const char *const argv[] = {"sh", "-c", "exit 7", NULL};
	struct process_options options = PROCESS_OPTIONS(argv);
	pid_t pid = 0;
	(void)state;
	assert_true(process_start(&options, &pid, NULL));
	(void)loop_add_child(loop, pid, on_child, &pid);
	run_until(loop, 1);
	assert_string_equal(strbuf_text(&seen), "7");
}

static void on_idle(void *arg)
{
	strbuf_append(&seen, arg);
}

static void idle_calls_run_in_the_order_of_adding(void **state)
{
	AUTO_PTR(loop) struct loop *loop = loop_new(NULL);
	(void)state;
	(void)loop_add_idle(loop, on_idle, LETTER('a'));
	struct loop_idle *removed = loop_add_idle(loop, on_idle, LETTER('x'));
	(void)loop_add_idle(loop, on_idle, LETTER('b'));
	loop_idle_remove(removed);
	loop_step(loop, PATIENCE_MS);
	assert_string_equal(strbuf_text(&seen), "ab");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(timers_fire_in_order_and_once, forget),
		cmocka_unit_test_setup(a_timer_that_arms_itself_starves_nobody, forget),
		cmocka_unit_test_setup(a_removed_source_never_fires, forget),
		cmocka_unit_test_setup(a_peer_that_closed_is_told_unasked, forget),
		cmocka_unit_test_setup(a_regular_file_is_always_ready, forget),
		cmocka_unit_test_setup(signals_reach_all_and_are_unblocked_after, forget),
		cmocka_unit_test_setup(a_childs_end_is_told_with_its_status, forget),
		cmocka_unit_test_setup(idle_calls_run_in_the_order_of_adding, forget),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	strbuf_clear(&seen);
	return failed;
}
