/* SPDX-License-Identifier: Apache-2.0 */
#include "local/vm/proxy_process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/fence.h"
#include "base/path.h"
#include "base/process.h"
#include "local/vm/starter.h"

enum { LOG_MAX_BYTES = 65536, KILL_MS = 2000 };

int proxy_process_start(const char *config_path, const int *fds, size_t fd_count, struct error *err)
{
	AUTO(starter_request_clear)
	struct starter_request request = {.kind = STARTER_PROXY,
					  .path = xstrdup(config_path),
					  .fd_count = (unsigned)fd_count};

	if (!starter_is_there()) {
		(void)error_set(err, ERROR_UNSUPPORTED, "there is no starter to start HAProxy");
		return -1;
	}
	return starter_open(&request, fds, fd_count, err);
}

bool proxy_process_end(int connection, struct error *err)
{
	return starter_answer(connection, err) &&
	       error_set(err, ERROR_SYSTEM, "HAProxy ended by itself");
}

/* Its last alert: "[ALERT] (1) : config : …". */
static bool tell_end(const char *log_path, int status, struct error *err)
{
	AUTO_FREE char *text = NULL;
	const char *last = NULL;

	if (file_read(log_path, LOG_MAX_BYTES, &text, NULL, NULL)) {
		for (const char *at = strstr(text, "[ALERT]"); at != NULL;
		     at = strstr(at + 1, "[ALERT]"))
			last = last == NULL ? at : last;
	}
	if (last != NULL)
		return error_set(err, ERROR_SYSTEM, "HAProxy: %.*s", (int)strcspn(last, "\n"),
				 last);
	if (WIFSIGNALED(status))
		return error_set(err, ERROR_SYSTEM, "HAProxy was ended by signal %d",
				 WTERMSIG(status));
	return error_set(err, ERROR_SYSTEM, "HAProxy ended with %d", WEXITSTATUS(status));
}

/* True: it has ended by itself; false: it has to. */
static bool wait_for(int pidfd, int connection, pid_t pid)
{
	struct pollfd watched[] = {{.fd = pidfd, .events = POLLIN},
				   {.fd = connection, .events = POLLRDHUP}};
	bool is_soft = false;

	for (;;) {
		if (poll(watched, 2, -1) < 0 && errno != EINTR)
			return false;
		if (watched[0].revents != 0)
			return true;
		if ((watched[1].revents & (POLLHUP | POLLERR | POLLNVAL)) != 0)
			return false;
		if ((watched[1].revents & POLLRDHUP) != 0 && !is_soft) {
			/* Said once; what is left is the whole connection's end. */
			(void)kill(pid, SIGUSR1);
			is_soft = true;
			watched[1].events = 0;
		}
	}
}

static void end(int pidfd, pid_t pid)
{
	struct pollfd watched = {.fd = pidfd, .events = POLLIN};

	(void)kill(pid, SIGTERM);
	if (poll(&watched, 1, KILL_MS) <= 0)
		(void)kill(pid, SIGKILL);
}

static void close_all(int *fds, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		auto_close(&fds[i]);
		fds[i] = -1;
	}
}

static bool run(const char *program, const char *config_path, int *fds, size_t fd_count,
		int connection, struct error *err)
{
	AUTO_FREE char *log_path = xasprintf("%s.log", config_path);
	AUTO_CLOSE int log = open(log_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	AUTO(string_list_clear) struct string_list reads = STRING_LIST_INIT;
	const char *const argv[] = {program, "-db", "-f", config_path, NULL};
	const char *slash = strrchr(config_path, '/');
	struct process_options options = PROCESS_OPTIONS(argv);
	int status = 0;
	pid_t pid = -1;

	if (log < 0)
		return error_set_errno(err, errno, "%s", log_path);
	string_list_take(&reads, xstrndup(config_path, (size_t)(slash - config_path)));
	options.stdout_fd = log;
	options.stderr_fd = log;
	options.pass_fds = fds;
	options.pass_count = fd_count;
	options.dies_with_parent = true;
	if (!fence_proxy(program, &reads, err) || !process_start(&options, &pid, err))
		return false;
	close_all(fds, fd_count);
	AUTO_CLOSE int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (pidfd < 0 || !wait_for(pidfd, connection, pid))
		end(pidfd, pid);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	return tell_end(log_path, status, err);
}

bool proxy_process_serve(const char *config_path, int *fds, size_t fd_count, int connection,
			 struct error *err)
{
	AUTO_FREE char *program = process_find_program("haproxy");
	bool is_good = program != NULL;

	if (!is_good) {
		(void)error_set(err, ERROR_NOT_FOUND, "haproxy is not installed");
		(void)error_hint(err, "apt-get install haproxy");
	}
	is_good = is_good && run(program, config_path, fds, fd_count, connection, err);
	close_all(fds, fd_count);
	return is_good;
}
