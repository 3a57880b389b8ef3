/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/pod/exec_process.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/path.h"
#include "guest/documents/oci_config.h"
#include "guest/machine/console.h"
#include "guest/machine/rootfs.h"

struct exec_process {
	struct guest *guest;
	char *base; /* owned; the files of this run are base.json, .pid, .log, .tty */
	uint64_t begun_ms;
	pid_t runtime;
	pid_t pid;
	int pending_signal; /* wanted before it had a pid */
	struct console *console;
	struct exec_handler handler;
	void *arg;
};

static char *file_of(const struct exec_process *run, const char *suffix)
{
	return xasprintf("%s.%s", run->base, suffix);
}

static void remove_files(const struct exec_process *run)
{
	static const char *const suffixes[] = {"json", "pid", "log"};
	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		AUTO_FREE char *path = file_of(run, suffixes[i]);
		(void)unlink(path);
	}
}

static void free_run(struct exec_process *run)
{
	remove_files(run);
	console_free(run->console);
	free(run->base);
	free(run);
}

static void end(struct exec_process *run, int exit_code, int signal, const char *error)
{
	struct exec_handler handler = run->handler;
	void *arg = run->arg;
	free_run(run);
	handler.ended(exit_code, signal, error, arg);
}

static void on_end(pid_t pid, int status, void *arg)
{
	(void)pid;
	if (WIFSIGNALED(status))
		end(arg, 128 + WTERMSIG(status), WTERMSIG(status), NULL);
	else
		end(arg, WEXITSTATUS(status), 0, NULL);
}

/* "exec /bin/nope: No such file": without the runtime's time stamp. */
static char *runtime_message(const struct exec_process *run)
{
	AUTO_FREE char *path = file_of(run, "log");
	AUTO_FREE char *text = NULL;
	if (!file_read(path, 65536, &text, NULL, NULL))
		return xstrdup("the runtime failed without saying why");
	text[strcspn(text, "\n")] = '\0';
	const char *mark = strstr(text, "Z: ");
	return xstrdup(mark != NULL ? mark + 3 : text);
}

static void on_runtime_end(pid_t pid, int status, void *arg)
{
	struct exec_process *run = arg;
	(void)pid;
	run->runtime = 0;
	AUTO_FREE char *pid_file = file_of(run, "pid");
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0 || !pid_file_read(pid_file, &run->pid)) {
		AUTO_FREE char *message = runtime_message(run);
		end(run, 126, 0, message);
		return;
	}
	reaper_watch(run->guest->reaper, run->pid, run->begun_ms, on_end, run);
	if (run->pending_signal != 0)
		exec_process_signal(run, run->pending_signal);
}

static void on_terminal(int fd, void *arg)
{
	struct exec_process *run = arg;
	run->handler.terminal(fd, run->arg);
}

static bool write_process(const struct exec_process *run, const struct exec_request *request,
			  struct error *err)
{
	const struct container *container = request->container;
	AUTO(string_list_clear) struct string_list environment = STRING_LIST_INIT;
	AUTO(image_user_clear) struct image_user other = {0};
	const struct image_user *user = container_user(container);
	if (request->environment != NULL)
		string_list_copy(&environment, request->environment);
	if (request->has_tty && env_list_find(container_environment(container), "TERM") == NULL)
		string_list_add(&environment, "TERM=xterm");
	/* The runtime takes the last of two: ours come after the container's. */
	AUTO(string_list_clear) struct string_list all = STRING_LIST_INIT;
	string_list_copy(&all, container_environment(container));
	string_list_copy(&all, &environment);
	if (request->user != NULL) {
		AUTO_FREE char *root = container_root(container);
		AUTO_FREE char *passwd = rootfs_read(root, "/etc/passwd");
		AUTO_FREE char *group = rootfs_read(root, "/etc/group");
		if (!image_user_find(request->user, NULL, passwd, group, &other, err))
			return false;
		user = &other;
	}
	struct container_image as = *container_get_image(container);
	as.security.is_privileged = as.security.is_privileged || request->is_privileged;
	struct oci_process process = {.container = &as,
				      .pod = &run->guest->pod,
				      .environment = &all,
				      .user = user,
				      .argv = request->argv,
				      .cwd = request->cwd,
				      .has_tty = request->has_tty,
				      .rows = request->rows,
				      .columns = request->columns};
	AUTO_FREE char *json = oci_process_make(&process);
	AUTO_FREE char *path = file_of(run, "json");
	if (json == NULL)
		return error_set(err, ERROR_INVALID, "an argument is not UTF-8");
	return file_write_atomic(path, json, strlen(json), 0600, err);
}

static bool spawn_runtime(struct exec_process *run, const struct exec_request *request,
			  struct error *err)
{
	const char *name = container_get_image(request->container)->name;
	AUTO_FREE char *log = xasprintf("--log=file:%s.log", run->base);
	AUTO_FREE char *pid_file = xasprintf("--pid-file=%s.pid", run->base);
	AUTO_FREE char *process = xasprintf("--process=%s.json", run->base);
	AUTO_FREE char *console = xasprintf("--console-socket=%s.tty", run->base);
	const char *argv[] = {"/usr/bin/crun",
			      "--root=" CRUN_STATE,
			      "--cgroup-manager=cgroupfs",
			      log,
			      "exec",
			      "--detach",
			      pid_file,
			      process,
			      name,
			      NULL,
			      NULL,
			      NULL};
	int fds[3] = {request->fds[0], request->fds[1], request->fds[2]};
	if (request->has_tty) {
		AUTO_FREE char *path = file_of(run, "tty");
		run->console = console_new(run->guest->loop, path, on_terminal, run, err);
		if (run->console == NULL)
			return false;
		argv[8] = "--tty";
		argv[9] = console;
		argv[10] = name;
		fds[0] = fds[1] = fds[2] = -1;
	}
	run->begun_ms = clock_monotonic_ms();
	run->runtime = spawn(argv, NULL, fds, err);
	return run->runtime >= 0;
}

struct exec_process *exec_process_start(const struct exec_request *request,
					const struct exec_handler *handler, void *arg,
					struct error *err)
{
	static unsigned number;
	if (container_pid(request->container) <= 0) {
		(void)error_set(err, ERROR_NOT_FOUND, "container '%s' is not running",
				container_get_image(request->container)->name);
		return NULL;
	}
	struct exec_process *run = xcalloc(1, sizeof(*run));
	run->guest = container_guest(request->container);
	run->base = xasprintf("/run/i2kit/exec-%u", ++number);
	run->handler = *handler;
	run->arg = arg;
	if (!write_process(run, request, err) || !spawn_runtime(run, request, err)) {
		free_run(run);
		return NULL;
	}
	reaper_watch(run->guest->reaper, run->runtime, REAPER_CHILD, on_runtime_end, run);
	return run;
}

void exec_process_signal(struct exec_process *run, int signal)
{
	if (run->pid > 0)
		(void)kill(run->pid, signal);
	else
		run->pending_signal = signal;
}

static void ignore_terminal(int fd, void *arg)
{
	(void)arg;
	(void)close(fd);
}

static void ignore_end(int exit_code, int signal, const char *error_or_null, void *arg)
{
	(void)exit_code;
	(void)signal;
	(void)error_or_null;
	(void)arg;
}

/* The runtime is let through: killed half-way it would leave the process behind, running. */
void exec_process_abort(struct exec_process *run)
{
	if (run == NULL)
		return;
	run->handler = (struct exec_handler){.terminal = ignore_terminal, .ended = ignore_end};
	exec_process_signal(run, SIGKILL);
}
