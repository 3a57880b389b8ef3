/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/exec_run.h"
#include "base/json_writer.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/loop.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "local/client/session_client.h"

#define CHUNK_BYTES ((size_t)32 << 10)

struct session {
	const struct exec_run *run;
	struct loop *loop;
	struct exec_client *client;
	struct loop_fd *input;
	bool is_raw;
	bool has_begun; /* of a run */
	bool is_interrupted;
	bool has_failed;
	bool has_complained; /* something came on its stderr */
	int code;
	struct error *err;
};

/* What must be put back when we end; the signals that end us come through the loop. */
static struct termios saved_terminal;

static bool make_raw(struct error *err)
{
	struct termios raw;

	if (tcgetattr(STDIN_FILENO, &saved_terminal) < 0)
		return error_set_errno(err, errno, "the terminal");
	raw = saved_terminal;
	cfmakeraw(&raw);
	if (tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) < 0)
		return error_set_errno(err, errno, "the terminal");
	return true;
}

static void restore_terminal(void)
{
	(void)tcsetattr(STDIN_FILENO, TCSADRAIN, &saved_terminal);
}

static bool window_size(struct winsize *ret)
{
	return ioctl(STDIN_FILENO, TIOCGWINSZ, ret) == 0 && ret->ws_row > 0 && ret->ws_col > 0;
}

static char *make_request(const struct exec_run *run)
{
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&text, 0);
	const char *slash = strchr(run->target, '/');
	AUTO_FREE char *target = xstrndup(run->target, strcspn(run->target, "/"));
	struct winsize size;

	json_open_object(&json, NULL);
	json_write_text(&json, "session", run->plan != NULL ? "run" : "exec");
	json_write_text(&json, "target", target);
	json_write_text_if(&json, "container",
			   run->container != NULL ? run->container
			   : slash != NULL	  ? slash + 1
						  : NULL);
	json_write_text_if(&json, "plan", run->plan);
	json_write_true_if(&json, "keep", run->is_kept);
	if (run->entrypoint != NULL)
		json_write_texts(&json, "entrypoint", run->entrypoint);
	json_write_texts(&json, "argv", run->argv);
	if (run->env != NULL)
		json_write_texts_if(&json, "env", run->env);
	json_write_text_if(&json, "cwd", run->cwd);
	json_write_text_if(&json, "user", run->user);
	json_write_true_if(&json, "privileged", run->is_privileged);
	json_write_bool(&json, "tty", run->has_tty);
	json_write_bool(&json, "stdin", run->stdin_fd >= 0);
	if (run->has_tty && window_size(&size)) {
		json_write_unsigned(&json, "rows", size.ws_row);
		json_write_unsigned(&json, "columns", size.ws_col);
	}
	json_close(&json);
	return strbuf_take(&text);
}

static void stop(struct session *session, bool has_failed)
{
	session->has_failed = has_failed;
	loop_stop(session->loop, 0);
}

static size_t on_output(bool is_stderr, const void *bytes, size_t size, void *arg)
{
	struct session *session = arg;
	bool is_taken;

	if (session->has_failed)
		return size;
	session->has_complained = session->has_complained || is_stderr;
	if (session->run->output != NULL)
		is_taken = session->run->output(is_stderr, bytes, size, session->run->arg,
						session->err);
	else
		is_taken = fd_write_all(is_stderr ? STDERR_FILENO : STDOUT_FILENO, bytes, size,
					session->err);
	if (!is_taken)
		stop(session, true);
	return size;
}

/* The runtime has often said it on stderr already. */
static void report(struct session *session, const char *problem)
{
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;

	if (strstr(problem, "not found") != NULL || strstr(problem, "No such file") != NULL)
		session->code = 127;
	if (session->has_failed)
		return;
	if (session->run->output != NULL) {
		if (!session->has_complained)
			(void)session->run->output(true, problem, strlen(problem),
						   session->run->arg, session->err);
		return;
	}
	strbuf_append_printable(&text, problem, strlen(problem));
	if (!session->has_complained)
		(void)fprintf(stderr, "error: %s\n", strbuf_text(&text));
	if (strstr(problem, "is not running") != NULL)
		(void)fprintf(stderr, "hint: i2kit why %s\n", session->run->target);
	else if (session->code == 127)
		(void)fprintf(stderr, "hint: i2kit debug %s brings tools along\n",
			      session->run->target);
}

static void on_done(int code, const char *problem, void *arg)
{
	struct session *session = arg;

	session->code = code;
	if (problem != NULL)
		report(session, problem);
	stop(session, session->has_failed);
}

static void end_input(struct session *session)
{
	loop_fd_remove(session->input);
	session->input = NULL;
	exec_client_finish(session->client);
}

static void on_input(struct loop_fd *source, int fd, unsigned events, void *arg)
{
	static char bytes[CHUNK_BYTES];
	struct session *session = arg;
	size_t room = exec_client_room(session->client);
	ssize_t got;
	(void)events;

	if (room == 0) {
		loop_fd_set_events(source, 0);
		return;
	}
	got = read(fd, bytes, room < sizeof(bytes) ? room : sizeof(bytes));
	if (got < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (got > 0)
		exec_client_write(session->client, bytes, (size_t)got);
	else
		end_input(session);
}

static void on_writable(void *arg)
{
	struct session *session = arg;

	if (session->input != NULL)
		loop_fd_set_events(session->input, LOOP_READ);
}

static void on_resize(struct loop_signal *source, int signo, void *arg)
{
	struct session *session = arg;
	struct winsize size;
	(void)source;
	(void)signo;

	if (window_size(&size))
		exec_client_resize(session->client, size.ws_row, size.ws_col);
}

/* The first one is the command's; who asks twice wants out. */
static void on_interrupt(struct loop_signal *source, int signo, void *arg)
{
	struct session *session = arg;
	(void)source;
	bool is_for_command = session->run->plan == NULL ? signo == SIGINT
							 : session->has_begun && signo != SIGHUP;

	if (is_for_command && !session->is_interrupted) {
		session->is_interrupted = true;
		exec_client_signal(session->client, (uint8_t)signo);
		return;
	}
	session->code = 128 + signo;
	stop(session, false);
}

/* These say nothing to us: a run's command has them as often as they come. */
static const int passed_on[] = {SIGQUIT, SIGUSR1, SIGUSR2};

static void on_passed_on(struct loop_signal *source, int signo, void *arg)
{
	struct session *session = arg;

	(void)source;
	exec_client_signal(session->client, (uint8_t)signo);
}

/* Until then Ctrl-C is the terminal's. */
static void on_begun(void *arg)
{
	struct session *session = arg;

	session->has_begun = true;
	if (session->run->has_tty && !session->is_raw)
		session->is_raw = make_raw(session->err);
	if (session->run->has_tty && !session->is_raw)
		stop(session, true);
	on_resize(NULL, SIGWINCH, session);
}

static const struct exec_client_handler handler = {
	.begun = on_begun, .output = on_output, .writable = on_writable, .done = on_done};

static void run_session(struct session *session, int fd)
{
	const struct exec_run *run = session->run;

	session->client = exec_client_new(session->loop, fd, &handler, session);
	if (!run->leaves_signals) {
		(void)loop_add_signal(session->loop, SIGINT, on_interrupt, session);
		(void)loop_add_signal(session->loop, SIGTERM, on_interrupt, session);
		(void)loop_add_signal(session->loop, SIGHUP, on_interrupt, session);
	}
	for (size_t i = 0; run->plan != NULL && i < ARRAY_SIZE(passed_on); i++)
		(void)loop_add_signal(session->loop, passed_on[i], on_passed_on, session);
	if (run->has_tty)
		(void)loop_add_signal(session->loop, SIGWINCH, on_resize, session);
	if (run->stdin_fd >= 0)
		session->input =
			loop_add_fd(session->loop, run->stdin_fd, LOOP_READ, on_input, session);
	(void)loop_run(session->loop);
	loop_fd_remove(session->input);
	exec_client_free(session->client);
}

bool exec_run(const struct exec_run *run, int *ret_code, struct error *err)
{
	AUTO_FREE char *request = make_request(run);
	struct session session = {.run = run, .err = err};
	int fd = session_connect(run->project, request, err);

	if (fd < 0)
		return false;
	session.loop = loop_new(err);
	if (session.loop == NULL) {
		(void)close(fd);
		return false;
	}
	run_session(&session, fd);
	loop_free(session.loop);
	if (session.is_raw)
		restore_terminal();
	*ret_code = session.code;
	return !session.has_failed;
}
