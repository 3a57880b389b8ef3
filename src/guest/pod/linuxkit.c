/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/pod/linuxkit.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/folder_list.h"
#include "base/loop_timer.h"
#include "base/parse.h"
#include "base/path.h"
#include "guest/channel/output_stream.h"
#include "guest/channel/say.h"
#include "guest/pod/container.h"
#include "guest/pod/linuxkit_runtime.h"

#define TREE	      "/containers"
#define FIRST_WAIT_MS 1000
#define LAST_WAIT_MS  60000

struct service {
	struct guest *guest;
	char *name;
	char *bundle;
	struct loop_timer *again;
	uint64_t wait_ms;
	bool wants_process;
	struct output_stream *out;
	struct output_stream *errors;
};

/* The bundles of one kind in name order. */
static void list_bundles(const char *kind, struct string_list *ret)
{
	AUTO_FREE char *folder = path_join(TREE, kind);
	(void)folder_list(folder, ret, NULL);
}

bool linuxkit_has_components(void)
{
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;
	list_bundles("onboot", &names);
	list_bundles("services", &names);
	return names.count > 0;
}

/* One of crun's commands that end at once. */
static bool run_crun(const char *command, const char *option, const char *option2, const char *name,
		     const int fds[3], struct error *err)
{
	const char *argv[] = {"/usr/bin/crun",
			      "--root=" CRUN_STATE,
			      "--cgroup-manager=cgroupfs",
			      command,
			      NULL,
			      NULL,
			      NULL,
			      NULL};
	size_t count = 4;

	if (option != NULL)
		argv[count++] = option;
	if (option2 != NULL)
		argv[count++] = option2;
	argv[count] = name;
	return spawn_and_wait(argv, fds, err) || error_prefix(err, "crun %s", command);
}

static void forget_container(const char *name)
{
	static const int none[3] = {-1, -1, -1};
	AUTO(error_clear) struct error err = ERROR_INIT;

	(void)run_crun("delete", "--force", NULL, name, none, &err);
}

static pid_t read_pid(const char *path)
{
	AUTO_FREE char *text = NULL;
	uint64_t number = 0;

	return file_read(path, 64, &text, NULL, NULL) && parse_u64(text, 2, INT32_MAX, &number)
		       ? (pid_t)number
		       : -1;
}

/* Made and started in two steps: what runtime.json wants of the process comes between. */
static pid_t create_and_start(const char *bundle, const char *name, const int fds[3],
			      struct error *err)
{
	static const int none[3] = {-1, -1, -1};
	AUTO_FREE char *option = xasprintf("--bundle=%s", bundle);
	AUTO_FREE char *pid_path = xasprintf("/run/%s.pid", name);
	AUTO_FREE char *pid_option = xasprintf("--pid-file=%s", pid_path);

	forget_container(name); /* of its last run */
	if (!run_crun("create", option, pid_option, name, fds, err))
		return -1;
	pid_t pid = read_pid(pid_path);
	if (pid < 0)
		(void)error_set(err, ERROR_SYSTEM, "crun wrote no process number");
	else if (linuxkit_prepare_process(bundle, pid, err) &&
		 run_crun("start", NULL, NULL, name, none, err))
		return pid;
	forget_container(name);
	return -1;
}

static pid_t start_crun(const char *bundle, const char *name, const int fds[3], struct error *err)
{
	AUTO_FREE char *option = xasprintf("--bundle=%s", bundle);
	const char *const argv[] = {"/usr/bin/crun",
				    "--root=" CRUN_STATE,
				    "--cgroup-manager=cgroupfs",
				    "run",
				    option,
				    name,
				    NULL};
	return spawn(argv, NULL, fds, err);
}

static bool run_to_end(const char *kind, const char *name, struct error *err)
{
	AUTO_FREE char *bundle = xasprintf(TREE "/%s/%s", kind, name);
	AUTO_FREE char *id = xasprintf("%s.%s", kind, name);
	AUTO_CLOSE int console = open("/dev/console", O_WRONLY | O_NOCTTY | O_CLOEXEC);
	int fds[3] = {-1, console, console};
	bool wants_process = false;
	if (!linuxkit_prepare(bundle, &wants_process, err))
		return false;
	pid_t pid = wants_process ? create_and_start(bundle, id, fds, err)
				  : start_crun(bundle, id, fds, err);
	if (pid < 0)
		return false;
	bool is_ok = wait_for_end(pid, "it", err);
	if (wants_process)
		forget_container(id);
	return is_ok;
}

bool linuxkit_run_onboot(struct error *err)
{
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;
	list_bundles("onboot", &names);
	for (size_t i = 0; i < names.count; i++) {
		if (!run_to_end("onboot", names.items[i], err))
			return error_prefix(err, "onboot component %s", names.items[i]);
	}
	return true;
}

void linuxkit_run_onshutdown(void)
{
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;
	list_bundles("onshutdown", &names);
	for (size_t i = 0; i < names.count; i++) {
		AUTO(error_clear) struct error err = ERROR_INIT;
		if (!run_to_end("onshutdown", names.items[i], &err))
			say("onshutdown component %s: %s", names.items[i], err.message);
	}
}

static void start_service(struct service *service);

static void on_again(struct loop_timer *timer, void *arg)
{
	(void)timer;
	start_service(arg);
}

static void start_later(struct service *service)
{
	if (service->again == NULL)
		service->again =
			loop_add_timer(service->guest->loop, service->wait_ms, on_again, service);
	else
		loop_timer_set(service->again, service->wait_ms);
	service->wait_ms =
		service->wait_ms * 2 < LAST_WAIT_MS ? service->wait_ms * 2 : LAST_WAIT_MS;
}

static void on_service_end(pid_t pid, int status, void *arg)
{
	struct service *service = arg;
	(void)pid;
	output_stream_free(service->out);
	output_stream_free(service->errors);
	service->out = NULL;
	service->errors = NULL;
	say("service %s ended (status %d); it is started again", service->name, status);
	start_later(service);
}

static struct output_stream *new_stream(const struct service *service, int fd,
					enum wire_log_source source)
{
	(void)fcntl(fd, F_SETFL, O_NONBLOCK);
	return output_stream_new(service->guest->loop, fd, service->guest->logs, service->name,
				 source, guest_send_logs, service->guest);
}

static void start_service(struct service *service)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_FREE char *id = xasprintf("services.%s", service->name);
	int out[2];
	int errors[2];
	if (pipe2(out, O_CLOEXEC) < 0 || pipe2(errors, O_CLOEXEC) < 0) {
		say("service %s: %s", service->name, strerror(errno));
		return;
	}
	int fds[3] = {-1, out[1], errors[1]};
	uint64_t since_ms = service->wants_process ? clock_monotonic_ms() : REAPER_CHILD;
	pid_t pid = service->wants_process ? create_and_start(service->bundle, id, fds, &err)
					   : start_crun(service->bundle, id, fds, &err);
	(void)close(out[1]);
	(void)close(errors[1]);
	service->out = new_stream(service, out[0], WIRE_LOG_STDOUT);
	service->errors = new_stream(service, errors[0], WIRE_LOG_STDERR);
	if (pid < 0)
		say("service %s: %s", service->name, err.message);
	else
		reaper_watch(service->guest->reaper, pid, since_ms, on_service_end, service);
}

void linuxkit_start_services(struct guest *guest)
{
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;
	list_bundles("services", &names);
	for (size_t i = 0; i < names.count; i++) {
		AUTO(error_clear) struct error err = ERROR_INIT;
		struct service *service = xcalloc(1, sizeof(*service));
		service->guest = guest;
		service->name = xstrdup(names.items[i]);
		service->bundle = xasprintf(TREE "/services/%s", names.items[i]);
		service->wait_ms = FIRST_WAIT_MS;
		if (linuxkit_prepare(service->bundle, &service->wants_process, &err))
			start_service(service);
		else
			say("service %s: %s", service->name, err.message);
	}
}
