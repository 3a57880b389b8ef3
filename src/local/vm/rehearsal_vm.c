/* SPDX-License-Identifier: Apache-2.0 */
#include "local/vm/rehearsal_vm.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/loop.h"
#include "base/loop_child.h"
#include "base/loop_timer.h"
#include "base/path.h"
#include "base/process.h"
#include "base/process_run.h"
#include "base/string_list.h"
#include "local/vm/rehearsal_arguments.h"
#include "local/vm/rehearsal_server.h"

#define TICK_MS	      200
#define CONSOLE_BYTES ((size_t)16 << 20)
#define CONSOLE_LINES 12

const struct rehearsal_firmware *rehearsal_find_uefi(void)
{
	/* Debian and Ubuntu, Arch, Fedora, QEMU's own. */
	static const struct rehearsal_firmware places[] = {
		{"/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd"},
		{"/usr/share/OVMF/OVMF_CODE.fd", "/usr/share/OVMF/OVMF_VARS.fd"},
		{"/usr/share/edk2/x64/OVMF_CODE.4m.fd", "/usr/share/edk2/x64/OVMF_VARS.4m.fd"},
		{"/usr/share/edk2/ovmf/OVMF_CODE.fd", "/usr/share/edk2/ovmf/OVMF_VARS.fd"},
		{"/usr/share/qemu/edk2-x86_64-code.fd", "/usr/share/qemu/edk2-i386-vars.fd"},
	};
	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		if (path_exists(places[i].code) && path_exists(places[i].variables))
			return &places[i];
	return NULL;
}

/* --- files ---------------------------------------------------------------------------------- */

/* What a run that was killed left behind: nobody holds its lock any more. */
static void sweep(const char *parent)
{
	DIR *entries = opendir(parent);
	const struct dirent *entry;
	while (entries != NULL && (entry = readdir(entries)) != NULL) {
		AUTO_FREE char *folder = path_join(parent, entry->d_name);
		AUTO_FREE char *lock = path_join(folder, "lock");
		if (entry->d_name[0] == '.' || !path_exists(lock))
			continue;
		AUTO_CLOSE int fd = file_lock(lock, false, NULL);
		if (fd >= 0)
			(void)!path_remove_tree(folder, NULL);
	}
	if (entries != NULL)
		(void)closedir(entries);
}

/* One process at a time looks at all folders, so that none is swept before it is locked. */
static bool make_folder(char **ret, int *ret_lock, struct error *err)
{
	AUTO_FREE char *parent = path_folder(PATH_RUNTIME, "rehearsal");
	AUTO_FREE char *door_path = path_folder(PATH_RUNTIME, "rehearsal.lock");
	AUTO_FREE char *folder = path_join(parent, "XXXXXX");
	if (!path_make_folders(parent, 0700, err))
		return false;
	AUTO_CLOSE int door = file_lock(door_path, true, err);
	if (door < 0)
		return false;
	sweep(parent);
	if (mkdtemp(folder) == NULL)
		return error_set_errno(err, errno, "%s", folder);
	AUTO_FREE char *lock = path_join(folder, "lock");
	*ret_lock = file_lock(lock, true, err);
	*ret = TAKE_PTR(folder);
	return *ret_lock >= 0;
}

/* The disk's bytes and, behind them, zeros: as a volume made of a snapshot has them. */
static bool make_root(const struct rehearsal_vm *vm, const char *folder, struct error *err)
{
	AUTO(process_output_clear) struct process_output output = {0};
	AUTO_FREE char *path = path_join(folder, "root");
	AUTO_FREE char *size =
		xasprintf("%llu", (unsigned long long)rehearsal_volume_bytes(vm->disk_bytes));
	const char *argv[] = {"qemu-img", "create", "-q",     "-f", "qcow2", "-F",
			      "raw",	  "-b",	    vm->disk, path, size,    NULL};
	const struct process_run run = {.argv = argv, .timeout_ms = 30000};
	if (!process_run(&run, &output, err))
		return error_hint(err, "qemu-img is in Debian's qemu-utils");
	return true;
}

static bool make_files(const struct rehearsal_vm *vm, const char *folder, struct error *err)
{
	if (!make_root(vm, folder, err))
		return false;
	for (size_t i = 0; i < vm->volume_count; i++) {
		AUTO_FREE char *path = xasprintf("%s/volume%zu", folder, i);
		AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (fd < 0 || ftruncate(fd, (off_t)vm->volumes[i].size_bytes) < 0)
			return error_set_errno(err, errno, "%s", path);
	}
	return true;
}

/* The last lines of the console, made printable. */
static char *read_console(const char *folder)
{
	AUTO_FREE char *path = path_join(folder, "console");
	AUTO_FREE char *text = NULL;
	AUTO(string_list_clear) struct string_list lines = STRING_LIST_INIT;
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	size_t size = 0;
	if (!file_read(path, CONSOLE_BYTES, &text, &size, NULL))
		return NULL;
	string_list_split(&lines, text, '\n');
	size_t first = lines.count > CONSOLE_LINES ? lines.count - CONSOLE_LINES : 0;
	for (size_t i = first; i < lines.count; i++) {
		size_t length = strcspn(lines.items[i], "\r");
		strbuf_append(&out, length > 0 && out.size > 0 ? "\n" : "");
		strbuf_append_printable(&out, lines.items[i], length);
	}
	return strbuf_take(&out);
}

/* --- the run -------------------------------------------------------------------------------- */

struct machine {
	const struct rehearsal_vm *vm;
	struct rehearsal_run *run;
	struct loop *loop;
	struct loop_timer *limit;
	pid_t pid;
	bool has_ended;
	bool is_late;
};

static void judge(struct machine *machine)
{
	switch (machine->run->judge(machine->run->arg)) {
	case REHEARSAL_GOES_ON:
		return;
	case REHEARSAL_HOLDS:
		loop_timer_cancel(machine->limit);
		return;
	case REHEARSAL_IS_OVER:
		loop_stop(machine->loop, 0);
	}
}

static bool answer(const char *bytes, size_t size, struct strbuf *ret, void *arg)
{
	struct machine *machine = arg;
	return machine->run->answer(bytes, size, ret, machine->run->arg);
}

static void answered(void *arg)
{
	judge(arg);
}

static void take_tick(struct loop_timer *timer, void *arg)
{
	loop_timer_set(timer, TICK_MS);
	judge(arg);
}

static void take_limit(struct loop_timer *timer, void *arg)
{
	struct machine *machine = arg;
	(void)timer;
	machine->is_late = true;
	loop_stop(machine->loop, 0);
}

static void take_end(struct loop_child *child, pid_t pid, int status, void *arg)
{
	struct machine *machine = arg;
	(void)child;
	(void)pid;
	(void)status;
	machine->has_ended = true;
	loop_stop(machine->loop, 0);
}

static bool start_qemu(struct machine *machine, const char *folder, struct error *err)
{
	AUTO(string_list_clear) struct string_list words = STRING_LIST_INIT;
	AUTO_FREE char *path = path_join(folder, "qemu.log");
	AUTO_CLOSE int log = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	rehearsal_vm_arguments(machine->vm, folder, &words);
	if (log < 0)
		return error_set_errno(err, errno, "%s", path);
	struct process_options options = PROCESS_OPTIONS((const char *const *)words.items);
	options.stdout_fd = log;
	options.stderr_fd = log;
	options.is_detached = true; /* Ctrl-C is for us to take */
	options.dies_with_parent = true;
	return process_start(&options, &machine->pid, err) ||
	       error_hint(err, "QEMU is in Debian's qemu-system-x86");
}

static bool judge_end(const struct machine *machine, const char *folder, struct error *err)
{
	if (machine->is_late)
		return error_set(err, ERROR_TIMEOUT, "not ready after %llu s",
				 (unsigned long long)machine->run->timeout_ms / 1000);
	if (!machine->has_ended)
		return true;
	AUTO_FREE char *path = path_join(folder, "qemu.log");
	AUTO_FREE char *text = NULL;
	AUTO(strbuf_clear) struct strbuf said = STRBUF_MAX(400);
	size_t size = 0;
	if (file_read(path, 65536, &text, &size, NULL))
		strbuf_append_printable(&said, text, strcspn(text, "\n"));
	return error_set(err, ERROR_SYSTEM, "the machine went off%s%s", said.size > 0 ? ": " : "",
			 strbuf_text(&said));
}

static bool run_in(struct machine *machine, const char *folder, struct error *err)
{
	AUTO_PTR(loop) struct loop *loop = loop_new(err);
	AUTO_FREE char *path = path_join(folder, "s");
	const struct rehearsal_server_options options = {
		.loop = loop, .path = path, .answer = answer, .answered = answered, .arg = machine};
	if (loop == NULL)
		return false;
	AUTO_PTR(rehearsal_server)
	struct rehearsal_server *server = rehearsal_server_new(&options, err);
	if (server == NULL || !start_qemu(machine, folder, err))
		return false;
	machine->loop = loop;
	loop_add_child(loop, machine->pid, take_end, machine);
	machine->limit = loop_add_timer(loop, machine->run->timeout_ms, take_limit, machine);
	loop_add_timer(loop, TICK_MS, take_tick, machine);
	(void)loop_run(loop);
	if (!machine->has_ended) {
		(void)kill(machine->pid, SIGKILL); /* the cloud would cut it off as well */
		(void)waitpid(machine->pid, NULL, 0);
	}
	machine->run->console = read_console(folder);
	return judge_end(machine, folder, err);
}

bool rehearsal_vm_run(const struct rehearsal_vm *vm, struct rehearsal_run *run, struct error *err)
{
	struct machine machine = {.vm = vm, .run = run};
	AUTO_FREE char *folder = NULL;
	AUTO_CLOSE int lock = -1;
	if (!make_folder(&folder, &lock, err))
		return false;
	bool is_ok = make_files(vm, folder, err) && run_in(&machine, folder, err);
	return path_remove_tree(folder, is_ok ? err : NULL) && is_ok;
}
