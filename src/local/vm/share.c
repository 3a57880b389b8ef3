/* SPDX-License-Identifier: Apache-2.0 */
#include "local/vm/share.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fence.h"
#include "base/path.h"
#include "base/process.h"
#include "base/string_list.h"
#include "base/unix_socket.h"
#include "local/vm/starter.h"

/* Any folder that neither virtiofsd nor the way to its socket needs. */
#define PLACE "/mnt"

enum { START_MS = 15000, LOOK_MS = 4, LAST_WORDS_MS = 100 };

char *share_find_program(void)
{
	/* Debian 13 and Fedora, Debian 12 (QEMU's own), Arch. */
	static const char *const places[] = {"/usr/libexec/virtiofsd", "/usr/lib/qemu/virtiofsd",
					     "/usr/lib/virtiofsd"};

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		if (access(places[i], X_OK) == 0)
			return xstrdup(places[i]);
	}
	return process_find_program("virtiofsd");
}

static bool write_text(const char *path, const char *text, struct error *err)
{
	AUTO_CLOSE int fd = open(path, O_WRONLY | O_CLOEXEC);

	return fd >= 0 ? fd_write_all(fd, text, strlen(text), err)
		       : error_set_errno(err, errno, "%s", path);
}

/* A user namespace with this user in it and no other. */
static bool leave_other_users(struct error *err)
{
	AUTO_FREE char *users = xasprintf("%u %u 1\n", (unsigned)geteuid(), (unsigned)geteuid());
	AUTO_FREE char *groups = xasprintf("%u %u 1\n", (unsigned)getegid(), (unsigned)getegid());

	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0) {
		(void)error_set_errno(err, errno, "a user namespace for the shared folder");
		return error_hint(err, "sysctl kernel.unprivileged_userns_clone=1, or "
				       "--connect qemu:///session, where files are copied");
	}
	return write_text("/proc/self/setgroups", "deny\n", err) &&
	       write_text("/proc/self/uid_map", users, err) &&
	       write_text("/proc/self/gid_map", groups, err);
}

static int open_folder(const char *folder, struct error *err)
{
	struct open_how how = {.flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
			       .resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};
	long fd = syscall(SYS_openat2, AT_FDCWD, folder, &how, sizeof(how));

	if (fd < 0 && errno == ELOOP) {
		(void)error_set(err, ERROR_DENIED, "%s is reached by a link now, and was not",
				folder);
		(void)error_hint(err, "i2kit up looks where it leads");
	} else if (fd < 0) {
		(void)error_set_errno(err, errno, "%s", folder);
	}
	return (int)fd;
}

/* The folder and what is mounted in it, at PLACE, for this process and its children alone. */
static bool mount_folder(const struct share_options *options, struct error *err)
{
	AUTO_CLOSE int folder = open_folder(options->folder, err);
	struct mount_attr attributes = {.attr_set =
						MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
						(options->is_read_only ? MOUNT_ATTR_RDONLY : 0)};

	if (folder < 0)
		return false;
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return error_set_errno(err, errno, "private mounts");
	AUTO_CLOSE int tree =
		(int)syscall(SYS_open_tree, folder, "",
			     AT_EMPTY_PATH | AT_RECURSIVE | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (tree < 0 ||
	    syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &attributes,
		    sizeof(attributes)) < 0 ||
	    syscall(SYS_move_mount, tree, "", AT_FDCWD, PLACE, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return error_set_errno(err, errno, "mounting %s", options->folder);
	return true;
}

/* QEMU is the one that connects: handed over to it by whoever starts us. */
static int listen_at(const char *path, struct error *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	AUTO_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM, 0); /* goes to virtiofsd */
	AUTO_FREE char *draft = xasprintf("%s+", path);

	if (strlen(draft) >= sizeof(address.sun_path)) {
		(void)error_set(err, ERROR_INVALID, "%s: the path is too long for a socket", path);
		return -1;
	}
	memcpy(address.sun_path, draft, strlen(draft) + 1);
	(void)unlink(draft);
	if (fd < 0 ||
	    bind(fd, (const struct sockaddr *)(const void *)&address, sizeof(address)) < 0 ||
	    listen(fd, 1) < 0) {
		(void)error_set_errno(err, errno, "%s", path);
		return -1;
	}
	return take_fd(&fd);
}

static const cap_value_t dropped[] = {CAP_MKNOD, CAP_SETFCAP};

static bool is_dropped(cap_value_t cap)
{
	return cap == dropped[0] || cap == dropped[1];
}

/* execve() takes them from any user but 0. */
static bool keep_capabilities(struct error *err)
{
	cap_t all = cap_get_proc();
	bool is_good = all != NULL;

	for (cap_value_t cap = 0; is_good && cap <= CAP_LAST_CAP; cap++) {
		cap_flag_value_t is_had = CAP_CLEAR;
		if (is_dropped(cap))
			continue;
		if (cap_get_flag(all, cap, CAP_PERMITTED, &is_had) == 0 && is_had == CAP_SET)
			is_good = cap_set_flag(all, CAP_INHERITABLE, 1, &cap, CAP_SET) == 0;
	}
	is_good = is_good && cap_set_proc(all) == 0;
	for (cap_value_t cap = 0; is_good && cap <= CAP_LAST_CAP; cap++)
		(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0);
	(void)cap_free(all);
	return is_good || error_set_errno(err, errno, "capabilities");
}

static bool drop_capabilities(struct error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(dropped); i++) {
		if (cap_drop_bound(dropped[i]) < 0)
			return error_set_errno(err, errno, "capabilities");
	}
	return true;
}

/* QEMU's own (Debian 12) and the one in Rust that came after it have other options. */
static void execute(const char *program, int listener)
{
	AUTO(string_list_clear) struct string_list argv = STRING_LIST_INIT;

	string_list_add(&argv, program);
	string_list_addf(&argv, "--fd=%d", listener);
	string_list_add(&argv, "--rlimit-nofile=0");
	if (strstr(program, "/qemu/") != NULL) {
		string_list_add(&argv, "-f");
		string_list_add(&argv, "-o");
		string_list_add(&argv, "source=" PLACE ",modcaps=-mknod:-setfcap");
	} else {
		string_list_add(&argv, "--sandbox=none");
		string_list_add(&argv, "--shared-dir=" PLACE);
	}
	(void)execv(program, argv.items);
}

bool share_serve(const struct share_options *options, struct error *err)
{
	AUTO_FREE char *program = share_find_program();
	AUTO_FREE char *draft = xasprintf("%s+", options->socket);
	bool is_root = geteuid() == 0;

	if (program == NULL) {
		(void)error_set(err, ERROR_NOT_FOUND, "virtiofsd is not installed");
		return error_hint(err, "apt-get install virtiofsd (Debian 12: qemu-system-common)");
	}
	AUTO_CLOSE int listener = listen_at(options->socket, err);
	if (listener < 0)
		return false;
	if (is_root ? unshare(CLONE_NEWNS) < 0 && !error_set_errno(err, errno, "a mount namespace")
		    : !leave_other_users(err))
		return false;
	if (!mount_folder(options, err) || !drop_capabilities(err) ||
	    (!is_root && !keep_capabilities(err)) || !fence_file_server(!is_root, err))
		return false;
	/* The name says that all of this is done. */
	if (rename(draft, options->socket) < 0)
		return error_set_errno(err, errno, "%s", options->socket);
	execute(program, listener);
	return error_set_errno(err, errno, "%s", program);
}

/* What it said before it ended. */
static bool tell(const char *log_path, const struct share_options *options, struct error *err)
{
	AUTO_FREE char *text = NULL;

	if (!file_read(log_path, 65536, &text, NULL, NULL) || text[0] == '\0')
		return error_set(err, ERROR_TIMEOUT, "%s cannot be shared; see %s", options->folder,
				 log_path);
	char *hint = strstr(text, "\nhint: ");
	const char *message = strncmp(text, "error: ", 7) == 0 ? text + 7 : text;
	if (hint != NULL) {
		*hint = '\0';
		hint += strlen("\nhint: ");
		hint[strcspn(hint, "\n")] = '\0';
	}
	(void)error_set(err, ERROR_SYSTEM, "sharing %s: %.*s", options->folder,
			(int)strcspn(message, "\n"), message);
	return hint == NULL ? false : error_hint(err, "%s", hint);
}

/* Until it is there, or something was said instead. */
static bool wait_for(const char *socket_path, const char *log_path)
{
	uint64_t end_ms = clock_monotonic_ms() + START_MS;
	struct stat st;

	while (clock_monotonic_ms() < end_ms) {
		if (path_exists(socket_path))
			return true;
		if (stat(log_path, &st) == 0 && st.st_size > 0)
			break;
		(void)poll(NULL, 0, LOOK_MS);
	}
	/* What is said comes in pieces. */
	(void)poll(NULL, 0, LAST_WORDS_MS);
	return path_exists(socket_path);
}

static bool ask(const struct share_options *options, struct error *err)
{
	AUTO(starter_request_clear)
	struct starter_request request = {.kind = STARTER_SHARE,
					  .path = xstrdup(options->folder),
					  .other = xstrdup(options->socket),
					  .is_read_only = options->is_read_only};

	return starter_ask(&request, err);
}

bool share_start(const struct share_options *options, struct error *err)
{
	if (starter_is_there())
		return ask(options, err);
	AUTO_FREE char *log_path = xasprintf("%s.log", options->socket);
	/* Ours, even where another release was installed over it. */
	AUTO_FREE char *self = xasprintf("/proc/%d/exe", (int)getpid());
	AUTO_CLOSE int log = open(log_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	/* Forked away: it lives as long as the VM, which may be longer than we do. */
	const char *const argv[] = {"setsid",
				    "--fork",
				    self,
				    "share",
				    options->socket,
				    options->folder,
				    options->is_read_only ? "--read-only" : NULL,
				    NULL};
	struct process_options start = PROCESS_OPTIONS(argv);
	pid_t pid = -1;

	if (log < 0)
		return error_set_errno(err, errno, "%s", log_path);
	(void)unlink(options->socket);
	start.stderr_fd = log;
	start.folder = "/";
	if (!process_start(&start, &pid, err))
		return false;
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	return wait_for(options->socket, log_path) || tell(log_path, options, err);
}

void share_drop(const char *socket_path)
{
	/* It ends with its one connection. */
	AUTO_CLOSE int fd = unix_socket_connect(socket_path, 0, LISTENER_OURS, NULL);

	(void)fd;
	share_forget(socket_path);
}

void share_forget(const char *socket_path)
{
	AUTO_FREE char *log_path = xasprintf("%s.log", socket_path);

	(void)unlink(socket_path);
	(void)unlink(log_path);
}
