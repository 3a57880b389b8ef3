/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/pod/checks.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/loop_timer.h"
#include "base/strbuf.h"
#include "guest/pod/check_socket.h"
#include "guest/pod/exec_process.h"
#include "guest/pod/uplink.h"

#define MAX_OUTPUT 1024

struct running_check {
	struct loop *loop;
	struct loop_timer *timer;
	const struct check *check;
	struct http_target target; /* changes with each redirect */
	unsigned redirects;
	struct check_socket *socket;
	struct exec_process *run;
	struct reaper *reaper;
	pid_t helper; /* what speaks TLS, or 0 */
	int output;   /* owned; what an exec check prints */
	struct loop_fd *output_watch;
	struct strbuf text;
	check_done_fn *done;
	void *arg;
};

static void end_helper(struct running_check *running)
{
	if (running->helper <= 0)
		return;
	(void)kill(running->helper, SIGKILL);
	reaper_forget(running->reaper, running->helper);
	running->helper = 0;
}

static void end(struct running_check *running, bool is_ok, const char *message)
{
	check_done_fn *done = running->done;
	void *arg = running->arg;
	AUTO_FREE char *copy = xstrdup(message);
	loop_timer_remove(running->timer);
	check_socket_free(running->socket);
	http_target_clear(&running->target);
	exec_process_abort(running->run);
	end_helper(running);
	loop_fd_remove(running->output_watch);
	if (running->output >= 0)
		(void)close(running->output);
	strbuf_clear(&running->text);
	free(running);
	done(is_ok, copy, arg);
}

static void on_timeout(struct loop_timer *timer, void *arg)
{
	(void)timer;
	end(arg, false, "no answer in time");
}

static void on_slept(struct loop_timer *timer, void *arg)
{
	(void)timer;
	end(arg, true, "slept");
}

static void read_output(struct running_check *running)
{
	char buffer[1024];
	ssize_t size = read(running->output, buffer, sizeof(buffer));
	if (size > 0) {
		strbuf_append_bytes(&running->text, buffer, (size_t)size);
	} else if (size == 0 || errno != EAGAIN) {
		loop_fd_remove(running->output_watch);
		running->output_watch = NULL;
	}
}

static void on_output(struct loop_fd *source, int fd, unsigned events, void *arg)
{
	(void)source;
	(void)fd;
	(void)events;
	read_output(arg);
}

static void on_exec_end(int exit_code, int signal, const char *error_or_null, void *arg)
{
	struct running_check *running = arg;
	(void)signal;
	running->run = NULL;
	if (running->output_watch != NULL)
		read_output(running);
	AUTO(strbuf_clear) struct strbuf message = STRBUF_MAX(MAX_OUTPUT);
	if (error_or_null != NULL)
		strbuf_append(&message, error_or_null);
	else if (exit_code != 0)
		strbuf_appendf(&message, "exit code %d: ", exit_code);
	strbuf_append_printable(&message, strbuf_text(&running->text), running->text.size);
	end(running, exit_code == 0, strbuf_text(&message));
}

static bool start_exec(struct running_check *running, struct container *container,
		       const struct check *check, struct error *err)
{
	static const struct exec_handler handler = {.ended = on_exec_end};
	int pipe[2];
	if (pipe2(pipe, O_CLOEXEC) < 0)
		return error_set_errno(err, errno, "pipe");
	(void)fcntl(pipe[0], F_SETFL, O_NONBLOCK);
	running->output = pipe[0];
	running->output_watch = loop_add_fd(running->loop, pipe[0], LOOP_READ, on_output, running);
	struct exec_request request = {
		.container = container,
		.argv = &check->command,
		.environment = check->environment.count > 0 ? &check->environment : NULL,
		.cwd = check->working_dir,
		.user = check->user,
		.fds = {-1, pipe[1], pipe[1]}};
	running->run = exec_process_start(&request, &handler, running, err);
	(void)close(pipe[1]);
	return running->run != NULL;
}

static void on_cannot(struct loop_timer *timer, void *arg)
{
	struct running_check *running = arg;
	(void)timer;
	AUTO_FREE char *message = xstrdup(strbuf_text(&running->text));
	end(running, false, message);
}

static void fail_soon(struct running_check *running, const char *message)
{
	strbuf_reset(&running->text);
	strbuf_append(&running->text, message);
	loop_timer_remove(running->timer);
	running->timer = loop_add_timer(running->loop, 0, on_cannot, running);
}

static void on_helper_end(pid_t pid, int status, void *arg)
{
	struct running_check *running = arg;
	(void)pid;
	(void)status;
	running->helper = 0;
}

/* A socket to the program that speaks TLS with the pod, or -1. */
static int start_tls(struct running_check *running, struct error *err)
{
	int pair[2];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
		(void)error_set_errno(err, errno, "socket");
		return -1;
	}
	AUTO_CLOSE int own = pair[0];
	AUTO_CLOSE int its = pair[1];
	AUTO_FREE char *port = xasprintf("%u", running->target.port);
	const char *const argv[] = {CLOUD_AGENT, "tls", running->target.host, port, NULL};
	const int fds[3] = {its, -1, -1};
	running->helper = spawn(argv, NULL, fds, err);
	if (running->helper < 0)
		return -1;
	(void)fcntl(own, F_SETFL, O_NONBLOCK);
	reaper_watch(running->reaper, running->helper, REAPER_CHILD, on_helper_end, running);
	return take_fd(&own);
}

static void start_socket(struct running_check *running);

/* As the kubelet: to the same host as often as Go's client does; one that leads away is good. */
static void follow(struct running_check *running, const char *message, const char *location)
{
	enum http_redirect kind = http_target_follow(&running->target, location);
	check_socket_free(TAKE_PTR(running->socket));
	end_helper(running);
	if (kind == REDIRECT_ELSEWHERE) {
		AUTO_FREE char *text = xasprintf("%s, redirects to another host", message);
		end(running, true, text);
	} else if (kind == REDIRECT_NONSENSE) {
		AUTO_FREE char *text = xasprintf("%s, redirects to nowhere", message);
		end(running, false, text);
	} else if (++running->redirects >= HTTP_MAX_REDIRECTS) {
		AUTO_FREE char *text = xasprintf("stopped after %d redirects", HTTP_MAX_REDIRECTS);
		end(running, false, text);
	} else {
		start_socket(running);
	}
}

static void on_socket_done(bool is_ok, const char *message, const char *location_or_null, void *arg)
{
	if (location_or_null == NULL) {
		end(arg, is_ok, message);
		return;
	}
	AUTO_FREE char *own_message = xstrdup(message);
	AUTO_FREE char *location = xstrdup(location_or_null);
	follow(arg, own_message, location);
}

static void start_socket(struct running_check *running)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	bool is_https = running->target.is_https;
	int fd = is_https ? start_tls(running, &err) : -1;
	if (is_https && fd < 0)
		fail_soon(running, err.message);
	else
		running->socket = check_socket_start(running->loop, running->check,
						     &running->target, fd, on_socket_done, running);
}

static void set_target(struct running_check *running, const char *address)
{
	const struct check *check = running->check;
	bool has_host = check->host != NULL && check->host[0] != '\0';
	const char *path = check->path != NULL ? check->path : "";
	running->target =
		(struct http_target){.is_https = check->is_https,
				     .port = check->port,
				     .host = xstrdup(has_host ? check->host : address),
				     .path = xasprintf("%s%s", path[0] == '/' ? "" : "/", path)};
}

void check_start(struct container *container, const struct check *check, uint64_t timeout_ms,
		 check_done_fn *done, void *arg)
{
	struct guest *guest = container_guest(container);
	struct running_check *running = xcalloc(1, sizeof(*running));
	running->check = check;
	running->loop = guest->loop;
	running->reaper = guest->reaper;
	running->output = -1;
	running->text.max = MAX_OUTPUT;
	running->done = done;
	running->arg = arg;
	if (timeout_ms > 0)
		running->timer = loop_add_timer(guest->loop, timeout_ms, on_timeout, running);
	AUTO(error_clear) struct error err = ERROR_INIT;
	if (check->type == CHECK_SLEEP) {
		loop_timer_remove(running->timer);
		running->timer = loop_add_timer(guest->loop, check->sleep_ms, on_slept, running);
	} else if (check->type == CHECK_EXEC) {
		if (!start_exec(running, container, check, &err))
			fail_soon(running, err.message);
	} else {
		set_target(running, guest->address != NULL ? guest->address : "127.0.0.1");
		start_socket(running);
	}
}
