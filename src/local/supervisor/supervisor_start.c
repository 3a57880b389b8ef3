/* SPDX-License-Identifier: Apache-2.0 */
#include "local/supervisor/supervisor_start.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/path.h"
#include "base/process.h"
#include "base/unix_socket.h"
#include "local/plan/project_plan.h"

/* The self-test of KVM may take its seconds before the socket is there. */
enum { START_MS = 30000, LOOK_MS = 4, LOG_MAX = 1 << 20 };

int control_connect(const char *project, struct error *err)
{
	AUTO_FREE char *folder = path_folder(PATH_RUNTIME, project);
	AUTO_FREE char *path = path_join(folder, "control.sock");
	AUTO(error_clear) struct error problem = ERROR_INIT;
	int fd = unix_socket_connect(path, 0, LISTENER_OURS, &problem);

	if (fd >= 0)
		return fd;
	if (problem.kind != ERROR_NOT_FOUND) {
		(void)error_move(err, &problem);
		return -1;
	}
	error_set(err, ERROR_NOT_FOUND, "nobody supervises project '%s'", project);
	error_hint(err, "i2kit up -d");
	return -1;
}

/* What a supervisor said before it ended: its last line is our error. */
static bool tell_end(const char *log_path, struct error *err)
{
	AUTO_FREE char *text = NULL;
	AUTO(string_list_clear) struct string_list lines = STRING_LIST_INIT;

	if (!file_read(log_path, LOG_MAX, &text, NULL, NULL))
		return error_set(err, ERROR_SYSTEM, "the supervisor ended at once");
	string_list_split(&lines, text, '\n');
	for (size_t i = 0; i < lines.count; i++) {
		if (strncmp(lines.items[i], "error: ", 7) == 0)
			error_set(err, ERROR_SYSTEM, "%s", lines.items[i] + 7);
		char *hint = strstr(lines.items[i], "hint: ");
		if (hint != NULL && err != NULL && err->message != NULL)
			error_hint(err, "%s", hint + 6);
	}
	if (err != NULL && err->message == NULL)
		error_set(err, ERROR_SYSTEM, "the supervisor ended at once; see %s", log_path);
	return false;
}

static bool wait_for_socket(const char *project, pid_t pid, const char *log_path, struct error *err)
{
	uint64_t end_ms = clock_monotonic_ms() + START_MS;

	while (clock_monotonic_ms() < end_ms) {
		AUTO_CLOSE int fd = control_connect(project, NULL);
		int status = 0;
		if (fd >= 0)
			return true;
		if (waitpid(pid, &status, WNOHANG) == pid) {
			/* Another one may hold the lock and be about to listen. */
			AUTO_CLOSE int other = control_connect(project, NULL);
			return other >= 0 || tell_end(log_path, err);
		}
		(void)poll(NULL, 0, LOOK_MS);
	}
	(void)kill(pid, SIGTERM);
	return error_set(err, ERROR_TIMEOUT, "the supervisor of '%s' does not come up; see %s",
			 project, log_path);
}

bool supervisor_start(const char *project, struct error *err)
{
	AUTO_CLOSE int running = control_connect(project, NULL);
	AUTO_FREE char *below = xasprintf("projects/%s", project);
	AUTO_FREE char *folder = path_folder(PATH_STATE, below);
	AUTO_FREE char *log_path = path_join(folder, "supervisor.log");
	AUTO_FREE char *plan = project_plan_path(project);
	const char *const argv[] = {"/proc/self/exe", "-v",    "--log-file", log_path,
				    "supervise",      project, NULL};
	pid_t pid = -1;

	if (running >= 0)
		return true;
	if (!path_exists(plan)) {
		error_set(err, ERROR_NOT_FOUND, "project '%s' is not up", project);
		return error_hint(err, "i2kit up; i2kit ls lists those that are");
	}
	if (!path_make_folders(folder, 0700, err))
		return false;
	AUTO_CLOSE int log = open(log_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (log < 0)
		return error_set_errno(err, errno, "%s", log_path);
	struct process_options options = PROCESS_OPTIONS(argv);
	options.stderr_fd = log;
	options.is_detached = true;
	options.folder = "/";
	return process_start(&options, &pid, err) && wait_for_socket(project, pid, log_path, err);
}
