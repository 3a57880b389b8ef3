/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/pod/container.h"
#include "guest/machine/metadata_fence.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/path.h"
#include "guest/channel/output_stream.h"
#include "guest/channel/say.h"
#include "guest/documents/oci_config.h"
#include "guest/kubelet/kubelet_unit.h"
#include "guest/machine/console.h"
#include "guest/machine/devices.h"
#include "guest/machine/machine.h"
#include "guest/machine/number_file.h"
#include "guest/machine/rootfs.h"
#include "guest/pod/container_mounts.h"
#include "guest/pod/main_run.h"
#include "guest/pod/pause.h"
#include "guest/pod/storage_watch.h"

#define MAX_MESSAGE 4096

struct container {
	struct guest *guest;
	size_t index;
	const struct container_image *image;
	char *folder; /* owned; the bundle */
	struct string_list environment;
	struct image_user user;
	pid_t runtime;	       /* crun while it starts the container, else 0 */
	pid_t pid;	       /* its first process while it runs, else 0 */
	uint64_t begun_ms;     /* when the runtime was started */
	uint64_t log_sequence; /* of the log at that time */
	bool is_out_of_memory; /* said so by memory_watch.h */
	struct output_stream *out;
	struct output_stream *errors;
	struct console *console; /* waiting for the terminal of a container that has one */
	struct pause *own_pause; /* process 1 of its namespace, where that is not its program */
	bool keeps_files;	 /* over restarts */
	bool has_root;		 /* mounted, by this run or one before */
	int input;		 /* of stdin: true, held open so that reading waits; or -1 */
	/* Of a run (main_run.h). */
	struct main_run *run; /* NULL: none has come, or its client has gone */
	int pending_signal;   /* wanted before it had a process; 0: none */
	bool awaits_run;      /* the pod is as far: it begins when one comes */
	bool is_end_held;     /* it has ended; the pod is told when all is on its way */
	struct unit_end held_end;
	char *held_message; /* of held_end; owned */
};

static uint64_t now_ms(void)
{
	return clock_monotonic_ms();
}

struct container *container_new(struct guest *guest, size_t index)
{
	struct container *container = xcalloc(1, sizeof(*container));
	container->guest = guest;
	container->index = index;
	container->input = -1;
	container->image = &guest->pod.containers[index];
	container->folder = path_join(CONTAINER_FOLDER, container->image->name);
	if (container->image->has_init && !guest->pod.shares_processes)
		container->own_pause = pause_new(guest->reaper);
	return container;
}

void container_keep_files(struct container *container)
{
	container->keeps_files = true;
}

bool container_has_root(const struct container *container)
{
	return container->has_root;
}

bool container_restart(struct container *container, struct error *err)
{
	container_keep_files(container);
	if (!kubelet_restart(container->guest->kubelet, container->index, now_ms()))
		return error_set(err, ERROR_NOT_FOUND, "container '%s' is not to run now",
				 container->image->name);
	guest_advance(container->guest);
	return true;
}

uint64_t container_log_sequence(const struct container *container)
{
	return container->log_sequence;
}

pid_t container_pid(const struct container *container)
{
	return container->pid;
}

struct guest *container_guest(const struct container *container)
{
	return container->guest;
}

const struct container_image *container_get_image(const struct container *container)
{
	return container->image;
}

const struct string_list *container_environment(const struct container *container)
{
	return &container->environment;
}

const struct image_user *container_user(const struct container *container)
{
	return &container->user;
}

char *container_root(const struct container *container)
{
	return path_join(container->folder, "root");
}

struct container *guest_find_container(struct guest *guest, const char *name_or_null)
{
	for (size_t i = 0; guest->containers != NULL && i < guest->pod.container_count; i++) {
		const struct container_image *image = guest->containers[i]->image;
		if (name_or_null == NULL ? !image->is_init : strcmp(image->name, name_or_null) == 0)
			return guest->containers[i];
	}
	return NULL;
}

char *container_message_path(const struct container *container)
{
	return path_join(CONTAINER_MESSAGES, container->image->name);
}

const char *container_folder(const struct container *container)
{
	return container->folder;
}

char *container_group(const struct container *container)
{
	return path_join(CONTAINER_CGROUP, container->image->name);
}

/* Its group is new with each run. */
static bool had_oom_kill(const struct container *container)
{
	AUTO_FREE char *group = container_group(container);
	AUTO_FREE char *path = path_join(group, "memory.events");
	return number_file_read(path, "oom_kill ") > 0;
}

void container_run_out_of_memory(struct container *container)
{
	say("container '%s' hangs at its memory limit: it is ended", container->image->name);
	container->is_out_of_memory = true;
	container_signal(container, SIGKILL);
}

static char *number_or_null(int64_t number)
{
	return number >= 0 ? xasprintf("%" PRId64, number) : NULL;
}

static bool find_user(struct container *container, struct error *err)
{
	const struct container_security *security = &container->image->security;
	const char *image_user = container->image->user != NULL ? container->image->user : "";
	AUTO_FREE char *root = container_root(container);
	AUTO_FREE char *passwd = rootfs_read(root, "/etc/passwd");
	AUTO_FREE char *group = rootfs_read(root, "/etc/group");
	AUTO_FREE char *user = number_or_null(security->user);
	AUTO_FREE char *user_group = number_or_null(security->group);
	image_user_clear(&container->user);
	return image_user_find(user != NULL ? user : image_user, user_group, passwd, group,
			       &container->user, err);
}

/* One of several leaves some to its neighbours, whatever it asks for. */
static uint64_t task_limit(const struct container *container)
{
	uint64_t wanted = container->image->task_limit;
	uint64_t share = container->guest->pod.container_count > 1 ? machine_task_limit() : 0;
	return share > 0 && (wanted == 0 || wanted > share) ? share : wanted;
}

/* New with each start, as in clusters, unless it was synced into. */
static bool mount_root(struct container *container, struct error *err)
{
	if (container->has_root && container->keeps_files)
		return true;
	container->has_root = rootfs_mount(container->image, container->folder, err);
	return container->has_root;
}

static bool write_bundle(struct container *container, struct error *err)
{
	struct guest *guest = container->guest;
	string_list_clear(&container->environment);
	if (!environment_make(&guest->pod, &guest->release, container->image, &guest->facts,
			      &container->environment, err))
		return false;
	/* The runtime takes the last of two: these come after the container's. */
	if (container->run != NULL)
		string_list_copy(&container->environment, &container->run->env);
	if (!mount_root(container, err) || !find_user(container, err))
		return false;
	AUTO(mount_list_clear) struct mount_list mounts = {0};
	if (!container_mounts_make(container, &mounts, err))
		return false;
	AUTO(oci_device_list_clear) struct oci_device_list devices = {0};
	if (container->image->security.is_privileged)
		devices_list(&devices);
	struct pause *pause = guest->pod.shares_processes ? guest->pause : container->own_pause;
	AUTO_FREE char *processes = pause != NULL ? pause_namespace(pause, err) : NULL;
	if (pause != NULL && processes == NULL)
		return false;
	AUTO_FREE char *root = container_root(container);
	AUTO_FREE char *cgroup = xasprintf("/i2kit/%s", container->image->name);
	struct oci_plan plan = {.pod = &guest->pod,
				.container = container->image,
				.root_path = root,
				.cgroup_path = cgroup,
				.process_namespace = processes,
				.environment = &container->environment,
				.user = &container->user,
				.mounts = mounts.items,
				.mount_count = mounts.count,
				.devices = devices.count > 0 ? &devices : NULL,
				.memory_limit_bytes = container->image->memory_limit_bytes,
				.task_limit = task_limit(container)};
	AUTO_FREE char *group = container_group(container);
	if (container->image->security.has_metadata && !metadata_fence_open(group, err))
		return false;
	AUTO_FREE char *config = oci_config_make(&plan, err);
	AUTO_FREE char *path = path_join(container->folder, "config.json");
	return config != NULL && file_write_atomic(path, config, strlen(config), 0600, err);
}

/* The last 4 KiB the container wrote about its end, or NULL. */
static char *read_termination_message(const struct container *container)
{
	AUTO_FREE char *path = container_message_path(container);
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat status;
	if (fd < 0 || fstat(fd, &status) < 0 || status.st_size == 0)
		return NULL;
	char *text = xcalloc(1, MAX_MESSAGE + 1);
	off_t start = status.st_size > MAX_MESSAGE ? status.st_size - MAX_MESSAGE : 0;
	if (pread(fd, text, MAX_MESSAGE, start) <= 0)
		text[0] = '\0';
	return text;
}

static void close_outputs(struct container *container)
{
	output_stream_free(container->out);
	output_stream_free(container->errors);
	console_free(container->console);
	auto_close(&container->input);
	container->input = -1;
	container->out = NULL;
	container->errors = NULL;
	container->console = NULL;
}

static void free_main(struct main_run *run)
{
	for (int i = 0; i < 3; i++)
		auto_close(&run->fds[i]);
	string_list_clear(&run->env);
	free(run);
}

/* What it wrote is still to be read by its session, which then leaves it. */
static void hold_end(struct container *container, const struct unit_end *end)
{
	const struct main_run *run = container->run;

	container->held_end = *end;
	container->held_message = xstrdup_or_null(end->message);
	container->held_end.message = container->held_message;
	container->is_end_held = true;
	run->handler.ended(end->exit_code, end->signal, NULL, run->arg);
}

static bool kill_group(const struct container *container)
{
	AUTO_FREE char *group = container_group(container);
	AUTO_FREE char *path = path_join(group, "cgroup.kill");
	AUTO_CLOSE int fd = open(path, O_WRONLY | O_CLOEXEC);
	return fd >= 0 && write(fd, "1", 1) == 1;
}

static void on_end(pid_t pid, int status, void *arg)
{
	struct container *container = arg;
	(void)pid;
	container->pid = 0;
	/* A namespace of its own would have taken what it left behind along. */
	if (container->guest->pod.shares_processes || container->own_pause != NULL)
		(void)kill_group(container);
	close_outputs(container);
	storage_watch_look(container->guest->storage);
	AUTO_FREE char *message = read_termination_message(container);
	struct unit_end end = {.message = message,
			       .is_oom = container->is_out_of_memory || had_oom_kill(container)};
	if (WIFSIGNALED(status)) {
		end.signal = WTERMSIG(status);
		end.exit_code = 128 + end.signal;
	} else {
		end.exit_code = WEXITSTATUS(status);
	}
	if (container->run != NULL) {
		hold_end(container, &end);
		return;
	}
	kubelet_exited(container->guest->kubelet, container->index, now_ms(), &end);
	guest_advance(container->guest);
}

/* crun's last line about what went wrong; owned. */
static char *runtime_message(const struct container *container)
{
	AUTO_FREE char *path = path_join(container->folder, "crun.log");
	AUTO_FREE char *text = NULL;
	size_t size = 0;
	if (!file_read(path, (size_t)1 << 20, &text, &size, NULL) || size == 0)
		return xstrdup("the runtime failed without saying why");
	while (size > 0 && text[size - 1] == '\n')
		text[--size] = '\0';
	const char *line = strrchr(text, '\n');
	return xstrdup(line != NULL ? line + 1 : text);
}

static void fail(struct container *container, const char *message)
{
	close_outputs(container);
	container_give_up_main(container, message);
	kubelet_started(container->guest->kubelet, container->index, now_ms(), false, message);
}

static void on_runtime_end(pid_t pid, int status, void *arg)
{
	struct container *container = arg;
	struct guest *guest = container->guest;
	(void)pid;
	container->runtime = 0;
	AUTO_FREE char *pid_file = path_join(container->folder, "pid");
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0 ||
	    !pid_file_read(pid_file, &container->pid)) {
		AUTO_FREE char *message = runtime_message(container);
		fail(container, message);
	} else {
		reaper_watch(guest->reaper, container->pid, container->begun_ms, on_end, container);
		kubelet_started(guest->kubelet, container->index, now_ms(), true, NULL);
		if (container->pending_signal != 0)
			container_signal(container, container->pending_signal);
		container->pending_signal = 0;
	}
	guest_advance(guest);
}

static struct output_stream *new_stream(struct container *container, int fd,
					enum wire_log_source source)
{
	return output_stream_new(container->guest->loop, fd, container->guest->logs,
				 container->image->name, source, guest_send_logs, container->guest);
}

static void on_terminal(int fd, void *arg)
{
	struct container *container = arg;
	if (container->run != NULL)
		container->run->handler.terminal(fd, container->run->arg);
	else
		container->out = new_stream(container, fd, WIRE_LOG_STDOUT);
}

/* fds for the runtime's 0, 1, 2; the reading ends go to the log. Both pairs are closed by owner. */
struct pipe_pair {
	int in[2];
	int out[2];
	int errors[2];
};

static void close_pipes(struct pipe_pair *pipes)
{
	auto_close(&pipes->in[0]);
	auto_close(&pipes->in[1]);
	auto_close(&pipes->out[0]);
	auto_close(&pipes->out[1]);
	auto_close(&pipes->errors[0]);
	auto_close(&pipes->errors[1]);
}

static bool open_pipes(struct pipe_pair *ret, struct error *err)
{
	if (pipe2(ret->in, O_CLOEXEC) < 0 || pipe2(ret->out, O_CLOEXEC) < 0 ||
	    pipe2(ret->errors, O_CLOEXEC) < 0)
		return error_set_errno(err, errno, "pipe");
	(void)fcntl(ret->out[0], F_SETFL, O_NONBLOCK);
	(void)fcntl(ret->errors[0], F_SETFL, O_NONBLOCK);
	return true;
}

static void watch_runtime(struct container *container)
{
	reaper_watch(container->guest->reaper, container->runtime, REAPER_CHILD, on_runtime_end,
		     container);
}

static bool run_runtime(struct container *container, struct error *err)
{
	const char *name = container->image->name;
	AUTO(close_pipes) struct pipe_pair pipes = {{-1, -1}, {-1, -1}, {-1, -1}};
	AUTO_FREE char *log = xasprintf("--log=file:%s/crun.log", container->folder);
	AUTO_FREE char *pid_file = xasprintf("--pid-file=%s/pid", container->folder);
	AUTO_FREE char *bundle = xasprintf("--bundle=%s", container->folder);
	AUTO_FREE char *console = xasprintf("--console-socket=%s/console", container->folder);
	const char *argv[] = {"/usr/bin/crun",
			      "--root=" CRUN_STATE,
			      "--cgroup-manager=cgroupfs",
			      log,
			      "run",
			      "--detach",
			      bundle,
			      pid_file,
			      name,
			      NULL,
			      NULL};
	if (!open_pipes(&pipes, err))
		return false;
	if (container->image->has_tty) {
		AUTO_FREE char *path = path_join(container->folder, "console");
		container->console =
			console_new(container->guest->loop, path, on_terminal, container, err);
		if (container->console == NULL)
			return false;
		argv[8] = console;
		argv[9] = name;
	}
	/* Without stdin: true reading ends at once, as in clusters. */
	bool is_open = container->image->has_stdin && !container->image->has_tty;
	int fds[3] = {is_open ? pipes.in[0] : -1, pipes.out[1], pipes.errors[1]};
	if (is_open)
		container->input = take_fd(&pipes.in[1]);
	if (container->run != NULL)
		memcpy(fds, container->run->fds, sizeof(fds));
	container->begun_ms = now_ms();
	container->log_sequence = log_ring_sequence(container->guest->logs);
	container->runtime = spawn(argv, NULL, fds, err);
	if (container->runtime < 0)
		return false;
	watch_runtime(container);
	if (container->run != NULL) {
		for (int i = 0; i < 3; i++)
			auto_close(&container->run->fds[i]);
		return true;
	}
	if (!container->image->has_tty)
		container->out = new_stream(container, take_fd(&pipes.out[0]), WIRE_LOG_STDOUT);
	container->errors = new_stream(container, take_fd(&pipes.errors[0]), WIRE_LOG_STDERR);
	return true;
}

static void run_prepared(struct container *container)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_FREE char *log = path_join(container->folder, "crun.log");
	(void)unlink(log);
	container->is_out_of_memory = false;
	if (!path_make_folders(container->folder, 0700, &err) || !write_bundle(container, &err) ||
	    !run_runtime(container, &err)) {
		container->runtime = 0;
		fail(container, err.message);
	}
}

static void on_deleted(pid_t pid, int status, void *arg)
{
	(void)pid;
	(void)status;
	struct container *container = arg;
	run_prepared(container);
	guest_advance(container->guest);
}

static bool is_run(const struct container *container)
{
	const char *name = container->guest->release.run_container;

	return name != NULL && !container->image->is_init &&
	       strcmp(name, container->image->name) == 0;
}

void container_start(struct container *container)
{
	container->awaits_run = is_run(container) && container->run == NULL;
	if (container->awaits_run)
		return;
	AUTO_FREE char *state = path_join(CRUN_STATE, container->image->name);
	if (!path_exists(state)) {
		run_prepared(container);
		return;
	}
	/* An earlier run is still known to the runtime; it goes with its cgroup and leftovers. */
	static const int fds[3] = {-1, -1, -1};
	const char *const argv[] = {"/usr/bin/crun",
				    "--root=" CRUN_STATE,
				    "--cgroup-manager=cgroupfs",
				    "delete",
				    "--force",
				    container->image->name,
				    NULL};
	AUTO(error_clear) struct error err = ERROR_INIT;
	pid_t pid = spawn(argv, NULL, fds, &err);
	if (pid < 0)
		fail(container, err.message);
	else
		reaper_watch(container->guest->reaper, pid, REAPER_CHILD, on_deleted, container);
}

void container_signal(struct container *container, int signal)
{
	/* A run's client does not know how far it is. */
	if (container->pid <= 0 && container->run != NULL)
		container->pending_signal = signal;
	if (container->pid <= 0)
		return;
	if (signal != SIGKILL) {
		(void)kill(container->pid, signal);
		return;
	}
	if (!kill_group(container))
		(void)kill(container->pid, SIGKILL);
}

void container_take_main(struct container *container, struct main_run *run)
{
	container->run = run;
	if (!container->awaits_run)
		return;
	container_start(container);
	guest_advance(container->guest);
}

void container_leave_main(struct container *container)
{
	if (container->run == NULL)
		return;
	free_main(TAKE_PTR(container->run));
	if (!container->is_end_held)
		return;
	container->is_end_held = false;
	kubelet_exited(container->guest->kubelet, container->index, now_ms(), &container->held_end);
	free(TAKE_PTR(container->held_message));
	guest_advance(container->guest);
}

void container_give_up_main(struct container *container, const char *why)
{
	const struct main_run *run = container->run;

	if (run == NULL || container->pid > 0 || container->is_end_held)
		return;
	run->handler.ended(126, 0, why, run->arg);
}
