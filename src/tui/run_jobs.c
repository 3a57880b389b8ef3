/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/run_jobs.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/loop_child.h"
#include "base/path.h"
#include "base/process.h"
#include "tui/runner.h"

enum { ANSWER_MAX = 4 << 20, LINE_MAX_BYTES = 4096 };

static void free_child(struct runner_child *child)
{
	struct runner_child **link = &child->runner->children;
	while (*link != NULL && *link != child)
		link = &(*link)->next;
	if (*link != NULL)
		*link = child->next;
	loop_fd_remove(child->source);
	if (child->watch != NULL)
		loop_child_remove(child->watch);
	auto_close(&child->fd);
	strbuf_clear(&child->output);
	free(child);
}

static int exit_status(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Both the output's end and the process's end must have come. */
static void finish_if_done(struct runner_child *child)
{
	struct runner *runner = child->runner;
	if (!child->has_ended || child->source != NULL)
		return;
	int status = exit_status(child->status);
	if (child->number != 0) {
		if (child->output.size > 0)
			runner_feed(runner, &(struct event){.kind = EVENT_JOB_LINE,
							    .number = child->number,
							    .text = child->output.data});
		runner_feed(runner, &(struct event){.kind = EVENT_JOB_ENDED,
						    .number = child->number,
						    .exit_status = status});
	} else {
		/* `diff` ends with 1 when there are differences: its JSON counts all the same. */
		bool is_text = child->ask == ASK_WHY;
		const char *start = is_text ? strbuf_text(&child->output)
					    : strpbrk(strbuf_text(&child->output), "[{");
		bool is_answer = start != NULL && status <= 1;
		runner_feed(runner, &(struct event){.kind = EVENT_ANSWER,
						    .ask = child->ask,
						    .text = is_answer ? start : NULL,
						    .problem = strbuf_text(&child->output)});
	}
	free_child(child);
}

static void give_lines(struct runner_child *child)
{
	char *end = NULL;
	while (child->output.size > 0 &&
	       (end = memchr(child->output.data, '\n', child->output.size)) != NULL) {
		*end = '\0';
		runner_feed(child->runner, &(struct event){.kind = EVENT_JOB_LINE,
							   .number = child->number,
							   .text = child->output.data});
		strbuf_consume(&child->output, (size_t)(end - child->output.data) + 1);
	}
	if (child->output.size > LINE_MAX_BYTES)
		strbuf_reset(&child->output);
}

static void take_output(struct loop_fd *source, int fd, unsigned events, void *arg)
{
	struct runner_child *child = arg;
	char bytes[4096];
	(void)events;

	ssize_t got = read(fd, bytes, sizeof(bytes));
	if (got < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (got <= 0) {
		loop_fd_remove(source);
		child->source = NULL;
		finish_if_done(child);
		return;
	}
	strbuf_append_bytes(&child->output, bytes, (size_t)got);
	if (child->number != 0)
		give_lines(child);
}

static void take_end(struct loop_child *watch, pid_t pid, int status, void *arg)
{
	struct runner_child *child = arg;
	(void)watch;
	(void)pid;
	child->watch = NULL;
	child->has_ended = true;
	child->status = status;
	finish_if_done(child);
}

static void collect_argv(const struct runner *runner, const struct effect *effect,
			 struct string_list *argv)
{
	string_list_add(argv, runner->options->program);
	string_list_copy(argv, &effect->argv);
}

static struct runner_child *start_child(struct runner *runner, const struct effect *effect,
					struct error *err)
{
	AUTO(string_list_clear) struct string_list argv = STRING_LIST_INIT;
	int pipe_fds[2];
	pid_t pid = -1;

	collect_argv(runner, effect, &argv);
	if (pipe2(pipe_fds, O_CLOEXEC) < 0) {
		error_set_errno(err, errno, "pipe");
		return NULL;
	}
	AUTO_CLOSE int read_end = pipe_fds[0];
	AUTO_CLOSE int write_end = pipe_fds[1];
	struct process_options options = PROCESS_OPTIONS((const char *const *)argv.items);
	options.stdout_fd = write_end;
	options.stderr_fd = write_end;
	options.environment = (const char *const[]){"NO_COLOR=1", NULL};
	if (!process_start(&options, &pid, err))
		return NULL;
	struct runner_child *child = xcalloc(1, sizeof(*child));
	child->runner = runner;
	child->pid = pid;
	child->fd = take_fd(&read_end);
	child->ask = effect->ask;
	child->output.max = ANSWER_MAX;
	child->source = loop_add_fd(runner->loop, child->fd, LOOP_READ, take_output, child);
	child->watch = loop_add_child(runner->loop, pid, take_end, child);
	child->next = runner->children;
	runner->children = child;
	return child;
}

static void tell_failure(struct runner *runner, struct error *err)
{
	runner_feed(runner,
		    &(struct event){.kind = EVENT_NOTICE, .text = err->message, .exit_status = 1});
}

void runner_start_job(struct runner *runner, const struct effect *effect)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO(strbuf_clear) struct strbuf command = STRBUF_INIT;
	struct runner_child *child = start_child(runner, effect, &err);

	if (child == NULL) {
		tell_failure(runner, &err);
		return;
	}
	child->number = runner->model.next_job++;
	action_command_line(&effect->argv, &command);
	runner_feed(runner, &(struct event){.kind = EVENT_JOB_STARTED,
					    .number = child->number,
					    .text = command.data});
}

void runner_ask(struct runner *runner, const struct effect *effect)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	if (start_child(runner, effect, &err) == NULL)
		runner_feed(runner, &(struct event){.kind = EVENT_ANSWER,
						    .ask = effect->ask,
						    .problem = err.message});
}

void runner_cancel_job(struct runner *runner, unsigned number)
{
	for (struct runner_child *child = runner->children; child != NULL; child = child->next) {
		if (child->number == number && !child->has_ended)
			(void)kill(child->pid, SIGINT);
	}
}

void runner_foreground(struct runner *runner, const struct effect *effect)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO(string_list_clear) struct string_list argv = STRING_LIST_INIT;
	AUTO(strbuf_clear) struct strbuf command = STRBUF_INIT;
	pid_t pid = -1;
	int status = 0;

	collect_argv(runner, effect, &argv);
	struct process_options options = PROCESS_OPTIONS((const char *const *)argv.items);
	options.stdin_fd = STDIN_FILENO;
	options.stdout_fd = STDOUT_FILENO;
	options.stderr_fd = STDERR_FILENO;
	screen_suspend(runner->screen);
	strbuf_append(&command, "$ ");
	action_command_line(&effect->argv, &command);
	strbuf_append_char(&command, '\n');
	(void)!fd_write_all(STDOUT_FILENO, command.data, command.size, NULL);
	bool is_started = process_start(&options, &pid, &err);
	while (is_started && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	screen_resume(runner->screen);
	runner->needs_redraw = true;
	if (!is_started)
		tell_failure(runner, &err);
}

void runner_browse(struct runner *runner, const char *url)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	const char *const argv[] = {"xdg-open", url, NULL};
	struct process_options options = PROCESS_OPTIONS(argv);
	pid_t pid = -1;
	options.is_detached = true;
	if (!process_start(&options, &pid, &err)) {
		screen_copy(runner->screen, url);
		AUTO_FREE char *text = xasprintf("no xdg-open here; copied %s", url);
		runner_feed(runner, &(struct event){.kind = EVENT_NOTICE, .text = text});
	}
}

void runner_free_children(struct runner *runner)
{
	while (runner->children != NULL) {
		(void)kill(runner->children->pid, SIGTERM);
		free_child(runner->children);
	}
}
