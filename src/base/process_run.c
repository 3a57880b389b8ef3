/* SPDX-License-Identifier: Apache-2.0 */
#include "base/process_run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/process.h"
#include "base/strbuf.h"

enum {
	CHUNK_SIZE = 65536,
	DEFAULT_MAX_BYTES = 16 * 1024 * 1024,
	TAIL_SIZE = 4096,
	REAP_POLL_MS = 20,
};

/* A child under way. Descriptors are -1 once they are done with. */
struct running {
	const struct process_run *run;
	pid_t pid;
	int pid_fd;
	int stdin_fd;
	int stdout_fd;
	int stderr_fd;
	size_t written;
	struct strbuf output;
	struct strbuf tail;
	bool has_ended;
	int status;
};

static void running_clear(struct running *child)
{
	int *fds[] = {&child->pid_fd, &child->stdin_fd, &child->stdout_fd, &child->stderr_fd};
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		int fd = take_fd(fds[i]);
		if (fd >= 0)
			(void)close(fd);
	}
	if (child->pid > 0 && !child->has_ended) {
		(void)kill(child->pid, SIGKILL);
		while (waitpid(child->pid, &child->status, 0) < 0 && errno == EINTR)
			continue;
	}
	strbuf_clear(&child->output);
	strbuf_clear(&child->tail);
}

void process_output_clear(struct process_output *output)
{
	free(output->text);
	free(output->stderr_tail);
	*output = (struct process_output){0};
}

static void close_end(int *fd)
{
	(void)close(*fd);
	*fd = -1;
}

static void write_input(struct running *child)
{
	const char *bytes = child->run->input;
	size_t left = child->run->input_size - child->written;
	ssize_t put = left > 0 ? write(child->stdin_fd, bytes + child->written, left) : 0;
	if (put < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	/* EPIPE: the child does not want the rest; its status tells whether that is wrong. */
	if (put > 0)
		child->written += (size_t)put;
	if (put < 0 || child->written == child->run->input_size)
		close_end(&child->stdin_fd);
}

/* False at the end of the stream. */
static bool read_some(int *fd, struct strbuf *into)
{
	char *room = strbuf_reserve(into, CHUNK_SIZE);
	ssize_t got = read(*fd, room, CHUNK_SIZE);
	if (got < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	if (got <= 0) {
		close_end(fd);
		return false;
	}
	into->size += (size_t)got;
	into->data[into->size] = '\0';
	return true;
}

static void read_stderr(struct running *child)
{
	if (read_some(&child->stderr_fd, &child->tail) && child->tail.size > TAIL_SIZE)
		strbuf_consume(&child->tail, child->tail.size - TAIL_SIZE);
}

static void reap(struct running *child)
{
	pid_t got = waitpid(child->pid, &child->status, WNOHANG);
	child->has_ended = got == child->pid || (got < 0 && errno != EINTR);
}

static int wait_ms(const struct running *child, uint64_t deadline_ms)
{
	int most = -1;
	if (child->pid_fd < 0 && child->stdout_fd < 0 && child->stderr_fd < 0)
		most = REAP_POLL_MS;
	if (deadline_ms == 0)
		return most;
	uint64_t now = clock_monotonic_ms();
	int left = now >= deadline_ms ? 0 : (int)(deadline_ms - now);
	return most >= 0 && most < left ? most : left;
}

static void step(struct running *child, uint64_t deadline_ms)
{
	bool is_read = child->stdout_fd < 0 && child->stderr_fd < 0;
	/* The end of the process counts once its output is read to the end. */
	struct pollfd fds[] = {
		{.fd = child->stdin_fd, .events = POLLOUT},
		{.fd = child->stdout_fd, .events = POLLIN},
		{.fd = child->stderr_fd, .events = POLLIN},
		{.fd = is_read ? child->pid_fd : -1, .events = POLLIN},
	};
	if (poll(fds, ARRAY_SIZE(fds), wait_ms(child, deadline_ms)) < 0)
		return;
	if (fds[0].revents != 0)
		write_input(child);
	if (fds[1].revents != 0)
		(void)read_some(&child->stdout_fd, &child->output);
	if (fds[2].revents != 0)
		read_stderr(child);
	if (is_read)
		reap(child);
}

static bool communicate(struct running *child, struct error *err)
{
	const struct process_run *run = child->run;
	size_t max_bytes = run->max_bytes ? run->max_bytes : DEFAULT_MAX_BYTES;
	uint64_t deadline_ms = run->timeout_ms ? clock_monotonic_ms() + run->timeout_ms : 0;

	while (!child->has_ended) {
		step(child, deadline_ms);
		if (child->output.size > max_bytes)
			return error_set(err, ERROR_INVALID, "%s: wrote more than %zu bytes",
					 run->argv[0], max_bytes);
		if (!child->has_ended && deadline_ms != 0 && clock_monotonic_ms() >= deadline_ms)
			return error_set(err, ERROR_TIMEOUT, "%s: no end after %u ms, killed",
					 run->argv[0], run->timeout_ms);
	}
	return true;
}

/* The last line that is not blank, fit for a message. */
static char *last_line(const struct strbuf *tail)
{
	const char *text = strbuf_text(tail);
	size_t end = tail->size;
	while (end > 0 && strchr(" \t\r\n", text[end - 1]) != NULL)
		end--;
	size_t start = end;
	while (start > 0 && text[start - 1] != '\n')
		start--;
	struct strbuf line = STRBUF_INIT;
	strbuf_append_printable(&line, text + start, end - start);
	return strbuf_take(&line);
}

static bool report_status(const struct running *child, struct error *err)
{
	const char *name = child->run->argv[0];
	AUTO_FREE char *line = last_line(&child->tail);
	const char *separator = line[0] != '\0' ? ": " : "";

	if (WIFSIGNALED(child->status))
		return error_set(err, ERROR_SYSTEM, "%s: killed by signal %d (%s)%s%s", name,
				 WTERMSIG(child->status), strsignal(WTERMSIG(child->status)),
				 separator, line);
	return error_set(err, ERROR_SYSTEM, "%s: exit status %d%s%s", name,
			 WEXITSTATUS(child->status), separator, line);
}

static bool start(struct running *child, struct error *err)
{
	int ends[3][2] = {{-1, -1}, {-1, -1}, {-1, -1}};
	bool is_made = pipe2(ends[0], O_CLOEXEC) == 0 && pipe2(ends[1], O_CLOEXEC) == 0 &&
		       pipe2(ends[2], O_CLOEXEC) == 0;
	int pipe_errno = errno;
	child->stdin_fd = ends[0][1];
	child->stdout_fd = ends[1][0];
	child->stderr_fd = ends[2][0];
	AUTO_CLOSE int in = ends[0][0];
	AUTO_CLOSE int out = ends[1][1];
	AUTO_CLOSE int errors = ends[2][1];
	if (!is_made)
		return error_set_errno(err, pipe_errno, "start %s", child->run->argv[0]);
	(void)fcntl(child->stdin_fd, F_SETFL, O_NONBLOCK);

	struct process_options options = PROCESS_OPTIONS(child->run->argv);
	options.environment = child->run->environment;
	options.folder = child->run->folder;
	options.stdin_fd = in;
	options.stdout_fd = out;
	options.stderr_fd = errors;
	if (!process_start(&options, &child->pid, err))
		return false;
	child->pid_fd = pidfd_open(child->pid, 0);
	return true;
}

/*
 * A child that does not read its input must not kill us. The signal goes to the thread that wrote,
 * so it is held back there: what happens to it is the whole process's, and others run beside us.
 */
static void hold_sigpipe(sigset_t *ret_before)
{
	sigset_t pipe;
	(void)sigemptyset(&pipe);
	(void)sigaddset(&pipe, SIGPIPE);
	(void)pthread_sigmask(SIG_BLOCK, &pipe, ret_before);
}

static void release_sigpipe(const sigset_t *before)
{
	const struct timespec now = {0};
	sigset_t pipe;
	(void)sigemptyset(&pipe);
	(void)sigaddset(&pipe, SIGPIPE);
	/* One that was held back before us is not ours to take. */
	if (sigismember(before, SIGPIPE) == 0)
		(void)sigtimedwait(&pipe, NULL, &now);
	(void)pthread_sigmask(SIG_SETMASK, before, NULL);
}

bool process_run(const struct process_run *run, struct process_output *ret, struct error *err)
{
	AUTO(running_clear)
	struct running child = {
		.run = run, .pid_fd = -1, .stdin_fd = -1, .stdout_fd = -1, .stderr_fd = -1};
	sigset_t before;

	if (!start(&child, err))
		return false;
	hold_sigpipe(&before);
	bool is_done = communicate(&child, err);
	release_sigpipe(&before);
	if (!is_done)
		return false;
	if (!run->accept_failure && child.status != 0)
		return report_status(&child, err);
	*ret = (struct process_output){.size = child.output.size, .status = child.status};
	ret->text = strbuf_take(&child.output);
	ret->stderr_tail = strbuf_take(&child.tail);
	return true;
}
