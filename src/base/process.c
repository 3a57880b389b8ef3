/* SPDX-License-Identifier: Apache-2.0 */
#include "base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/close_range.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/string_list.h"

enum { PASSED_FD = 3, FDS_MAX = PASSED_FD + PROCESS_PASS_MAX, EXIT_NOT_EXECUTED = 127 };

extern char **environ;

enum start_stage { START_FOLDER, START_DESCRIPTORS, START_EXEC };

/* What the child tells over the pipe when it could not become the program. */
struct start_failure {
	int errnum;
	enum start_stage at;
};

char *process_find_program(const char *name)
{
	if (strchr(name, '/') != NULL)
		return access(name, X_OK) == 0 ? xstrdup(name) : NULL;
	const char *path = getenv("PATH");
	AUTO(string_list_clear) struct string_list folders = STRING_LIST_INIT;
	string_list_split(&folders, path ? path : "/usr/local/bin:/usr/bin:/bin", ':');
	/* libvirt and QEMU helpers live where a user's PATH often does not look. */
	string_list_add(&folders, "/usr/sbin");
	string_list_add(&folders, "/sbin");
	for (size_t i = 0; i < folders.count; i++) {
		if (folders.items[i][0] == '\0')
			continue;
		AUTO_FREE char *full = xasprintf("%s/%s", folders.items[i], name);
		if (access(full, X_OK) == 0)
			return TAKE_PTR(full);
	}
	return NULL;
}

static bool overrides(const char *const *added, const char *entry)
{
	size_t length = strcspn(entry, "=");
	for (; added != NULL && *added != NULL; added++) {
		if (strncmp(*added, entry, length) == 0 && (*added)[length] == '=')
			return true;
	}
	return false;
}

static void make_environment(struct string_list *list, const char *const *added)
{
	for (char **entry = environ; *entry != NULL; entry++) {
		if (!overrides(added, *entry))
			string_list_add(list, *entry);
	}
	for (; added != NULL && *added != NULL; added++)
		string_list_add(list, *added);
}

/* From here to exec only async-signal-safe calls: other threads may have held any lock. */

static void __attribute__((noreturn)) fail_start(int pipe_fd, enum start_stage at)
{
	struct start_failure failure = {.errnum = errno, .at = at};
	ssize_t put = write(pipe_fd, &failure, sizeof(failure));
	(void)put;
	_exit(EXIT_NOT_EXECUTED);
}

static void reset_signals(void)
{
	struct sigaction action = {.sa_handler = SIG_DFL};
	sigset_t none;
	(void)sigemptyset(&none);
	for (int signo = 1; signo < NSIG; signo++)
		(void)sigaction(signo, &action, NULL);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Descriptors move up first, so that none is overwritten before it was copied. */
static bool place_descriptors(const struct process_options *options)
{
	int high[FDS_MAX];
	const int standard[PASSED_FD] = {options->stdin_fd, options->stdout_fd, options->stderr_fd};
	int count = PASSED_FD + (int)options->pass_count;

	for (int i = 0; i < count; i++) {
		int fd = i < PASSED_FD ? standard[i] : options->pass_fds[i - PASSED_FD];
		if (fd < 0)
			fd = open("/dev/null", i == 0 ? O_RDONLY : O_WRONLY);
		high[i] = fcntl(fd, F_DUPFD_CLOEXEC, count);
		if (high[i] < 0)
			return false;
	}
	for (int i = 0; i < count; i++) {
		if (dup2(high[i], i) < 0)
			return false;
	}
	return true;
}

static void close_others_on_exec(unsigned first)
{
	if (close_range(first, ~0U, CLOSE_RANGE_CLOEXEC) == 0)
		return;
	long most = sysconf(_SC_OPEN_MAX);
	for (int fd = (int)first; fd < most && fd < 65536; fd++)
		(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
}

static void __attribute__((noreturn))
run_child(const struct process_options *options, const char *program, char *const *environment,
	  pid_t parent, int pipe_fd)
{
	unsigned count = PASSED_FD + (unsigned)options->pass_count;
	pipe_fd = fcntl(pipe_fd, F_DUPFD_CLOEXEC, (int)count);
	reset_signals();
	if (options->is_detached)
		(void)setsid();
	if (options->dies_with_parent &&
	    (prctl(PR_SET_PDEATHSIG, SIGTERM) < 0 || getppid() != parent))
		_exit(EXIT_NOT_EXECUTED);
	if (options->folder != NULL && chdir(options->folder) < 0)
		fail_start(pipe_fd, START_FOLDER);
	if (!place_descriptors(options))
		fail_start(pipe_fd, START_DESCRIPTORS);
	close_others_on_exec(count);
	(void)execve(program, (char *const *)(uintptr_t)options->argv, environment);
	fail_start(pipe_fd, START_EXEC);
}

static bool report_start_failure(const struct process_options *options,
				 const struct start_failure *failure, struct error *err)
{
	switch (failure->at) {
	case START_FOLDER:
		return error_set_errno(err, failure->errnum, "start %s: folder %s",
				       options->argv[0], options->folder);
	case START_DESCRIPTORS:
		return error_set_errno(err, failure->errnum, "start %s: descriptors",
				       options->argv[0]);
	default:
		return error_set_errno(err, failure->errnum, "start %s", options->argv[0]);
	}
}

static bool wait_for_exec(const struct process_options *options, int pipe_fd, pid_t pid,
			  struct error *err)
{
	struct start_failure failure;
	ssize_t got;
	do
		got = read(pipe_fd, &failure, sizeof(failure));
	while (got < 0 && errno == EINTR);
	if (got != (ssize_t)sizeof(failure))
		return true;
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	return report_start_failure(options, &failure, err);
}

bool process_start(const struct process_options *options, pid_t *ret_pid, struct error *err)
{
	AUTO_FREE char *program = process_find_program(options->argv[0]);
	if (options->pass_count > PROCESS_PASS_MAX)
		return error_set(err, ERROR_INVALID, "start %s: %zu descriptors", options->argv[0],
				 options->pass_count);
	if (program == NULL) {
		error_set(err, ERROR_NOT_FOUND, "program '%s' is not installed or not in PATH",
			  options->argv[0]);
		return false;
	}
	AUTO(string_list_clear) struct string_list environment = STRING_LIST_INIT;
	make_environment(&environment, options->environment);
	char *none[] = {NULL};
	char *const *envp = environment.count > 0 ? environment.items : none;

	int pipe_fds[2];
	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return error_set_errno(err, errno, "start %s", options->argv[0]);
	AUTO_CLOSE int read_end = pipe_fds[0];
	AUTO_CLOSE int write_end = pipe_fds[1];
	pid_t parent = getpid();

	/* A handler of ours must not run in the child between fork and reset_signals(). */
	sigset_t all;
	sigset_t before;
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	pid_t pid = fork();
	if (pid == 0)
		run_child(options, program, envp, parent, write_end);
	int fork_errno = errno;
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (pid < 0)
		return error_set_errno(err, fork_errno, "start %s", options->argv[0]);

	(void)close(take_fd(&write_end));
	if (!wait_for_exec(options, read_end, pid, err))
		return false;
	*ret_pid = pid;
	return true;
}
