/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fence.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "test.h"

static char folder[] = "/tmp/i2kit-fence-XXXXXX";

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) == NULL || chdir(folder) < 0 ? -1 : 0;
}

static int remove_folder(void **state)
{
	(void)state;
	return path_remove_tree(folder, NULL) ? 0 : -1;
}

/* A fence is for good: each is tried in a process of its own, which says by its end what it saw. */
static void assert_in_child(int (*look)(void))
{
	int status = 0;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(look());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static bool is_refused(long result, int code)
{
	return result == -1 && errno == code;
}

#define EXPECT(what)                                                                               \
	do {                                                                                       \
		if (!(what))                                                                       \
			return __LINE__ % 256;                                                     \
	} while (0)

static int serve(void)
{
	EXPECT(fence_file_server(false, NULL));
	int fd = open("plain", O_CREAT | O_RDWR | O_CLOEXEC, 0644);
	EXPECT(fd >= 0);
	EXPECT(fchmod(fd, 0755) == 0 && chmod("plain", 0600) == 0);
	EXPECT(is_refused(fchmod(fd, 04755), EPERM));
	EXPECT(is_refused(chmod("plain", 02755), EPERM));
	EXPECT(is_refused(fchmodat(AT_FDCWD, "plain", 06755, 0), EPERM));
	EXPECT(is_refused(open("set", O_CREAT | O_RDWR | O_CLOEXEC, 04755), EPERM));
	EXPECT(is_refused(mknod("set", S_IFREG | 04755, 0), EPERM));
	EXPECT(mknod("made", S_IFREG | 0600, 0) == 0 && mkfifo("pipe", 0600) == 0);
	EXPECT(is_refused(mknod("device", S_IFCHR | 0600, makedev(1, 3)), EPERM));
	EXPECT(is_refused(mknod("device", S_IFBLK | 0600, makedev(8, 0)), EPERM));
	EXPECT(is_refused(syscall(SYS_openat2, AT_FDCWD, "plain", NULL, 0), ENOSYS));
	EXPECT(is_refused(syscall(452, AT_FDCWD, "plain", 04755, 0), ENOSYS)); /* fchmodat2 */
	EXPECT(is_refused(syscall(SYS_io_uring_setup, 1, NULL), ENOSYS));
	return 0;
}

static void a_file_server_makes_nothing_set_uid_and_no_device(void **state)
{
	(void)state;
	assert_in_child(serve);
}

static int serve_one(void)
{
	uid_t before = geteuid();

	EXPECT(fence_file_server(true, NULL));
	EXPECT(syscall(SYS_setresuid, -1, 12345, -1) == 0);
	EXPECT(geteuid() == before);
	return 0;
}

static void that_of_one_user_stays_that_user(void **state)
{
	(void)state;
	assert_in_child(serve_one);
}

/* What is tried in a thread is told by the line of what was not refused; NULL: all was. */
#define REFUSED(what, code)                                                                        \
	do {                                                                                       \
		if (!is_refused((what), (code)))                                                   \
			return (void *)(intptr_t)__LINE__;                                         \
	} while (0)

static bool has_landlock(long version)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0, 1) >= version;
}

static void *try_calls(void)
{
	const char *const argv[] = {"true", NULL};
	REFUSED(ptrace(PTRACE_TRACEME, 0, NULL, NULL), EPERM);
	REFUSED(syscall(SYS_process_vm_readv, getpid(), NULL, 0, NULL, 0, 0), EPERM);
	REFUSED(syscall(SYS_bpf, 0, NULL, 0), EPERM);
	REFUSED(syscall(SYS_keyctl, 0, 0), EPERM);
	REFUSED(syscall(SYS_io_uring_setup, 1, NULL), EPERM);
	REFUSED(syscall(SYS_finit_module, 0, "", 0), EPERM);
	REFUSED(execv("/bin/true", (char *const *)(uintptr_t)argv), EPERM);
	REFUSED(syscall(SYS_execveat, AT_FDCWD, "/bin/true", argv, NULL, 0), EPERM);
	REFUSED(mount("none", "/", NULL, 0, NULL), EPERM);
	REFUSED(umount2("/", MNT_DETACH), EPERM);
	REFUSED(syscall(SYS_open_tree, AT_FDCWD, "/", 0), EPERM);
	REFUSED(chroot("/"), EPERM);
	REFUSED(unshare(CLONE_NEWUSER), EPERM);
	REFUSED(unshare(CLONE_NEWNS), EPERM);
	REFUSED(setns(0, CLONE_NEWNS), EPERM);
	REFUSED(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, NULL), EPERM);
	REFUSED(syscall(SYS_clone3, NULL, 0), ENOSYS);
	REFUSED(socket(AF_PACKET, SOCK_RAW, 0), EACCES);
	REFUSED(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP), EACCES);
	REFUSED(socket(AF_VSOCK, SOCK_STREAM, 0), EACCES);
	REFUSED(socket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER), EACCES);
	return NULL;
}

/* A key of the user's, a file beside our folders, and a port that listens. */
static void *try_places(int port)
{
	struct sockaddr_in place = {.sin_family = AF_INET,
				    .sin_port = htons((uint16_t)port),
				    .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
	if (!has_landlock(1))
		return NULL;
	REFUSED(open("home/.ssh/id", O_RDONLY | O_CLOEXEC), EACCES);
	REFUSED(open("home", O_RDONLY | O_DIRECTORY | O_CLOEXEC), EACCES);
	if (access("/etc/shadow", F_OK) == 0) /* not every tree has one */
		REFUSED(open("/etc/shadow", O_RDONLY | O_CLOEXEC), EACCES);
	if (access("/etc/ssl/private", F_OK) == 0)
		REFUSED(open("/etc/ssl/private", O_RDONLY | O_DIRECTORY | O_CLOEXEC), EACCES);
	REFUSED(open("others/a", O_CREAT | O_RDWR | O_CLOEXEC, 0600), EACCES);
	REFUSED(mkdir("x", 0700), EACCES);
	REFUSED(open("given/new", O_CREAT | O_RDWR | O_CLOEXEC, 0600), EACCES);
	if (has_landlock(4)) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		REFUSED(connect(fd, (struct sockaddr *)(void *)&place, sizeof(place)), EACCES);
		(void)close(fd);
	}
	if (has_landlock(6))
		REFUSED(kill(getppid(), 0), EPERM);
	return NULL;
}

static void *try_all(void *arg)
{
	void *line = try_calls();
	return line != NULL ? line : try_places((int)(intptr_t)arg);
}

static bool make_file(const char *path)
{
	return file_write_atomic(path, "secret", 6, 0600, NULL);
}

static int listen_somewhere(void)
{
	struct sockaddr_in place = {.sin_family = AF_INET,
				    .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
	socklen_t size = sizeof(place);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)(void *)&place, size) < 0 || listen(fd, 1) < 0 ||
	    getsockname(fd, (struct sockaddr *)(void *)&place, &size) < 0)
		return -1;
	return ntohs(place.sin_port);
}

/* As the supervisor is, and each of its threads: the first one, and one that works for it. */
static int be_fenced(void)
{
	AUTO(string_list_clear) struct string_list writes = STRING_LIST_INIT;
	AUTO(string_list_clear) struct string_list reads = STRING_LIST_INIT;
	const struct fence fence = {
		.writes = &writes, .reads = &reads, .may_use_files = true, .has_no_tcp = true};
	pthread_t worker;
	void *line = NULL;
	EXPECT(mkdir("mine", 0700) == 0 && mkdir("others", 0700) == 0 &&
	       mkdir("given", 0700) == 0 && mkdir("home", 0700) == 0 &&
	       mkdir("home/.ssh", 0700) == 0);
	EXPECT(make_file("home/.ssh/id") && make_file("given/file"));
	int port = listen_somewhere();
	EXPECT(port > 0);
	string_list_add(&writes, "mine");
	string_list_add(&writes, "absent");
	string_list_add(&reads, "given");
	EXPECT(fence_enter(&fence, NULL));

	void *arg = (void *)(intptr_t)port;
	line = try_all(arg);
	if (line != NULL)
		print_message("line %d in the first thread\n", (int)(intptr_t)line);
	EXPECT(line == NULL);
	EXPECT(pthread_create(&worker, NULL, try_all, arg) == 0);
	EXPECT(pthread_join(worker, &line) == 0);
	if (line != NULL)
		print_message("line %d in a worker\n", (int)(intptr_t)line);
	EXPECT(line == NULL);

	/* What it is for goes on. */
	int fd = open("mine/a", O_CREAT | O_RDWR | O_CLOEXEC, 0600);
	EXPECT(fd >= 0 && rename("mine/a", "mine/b") == 0);
	EXPECT(open("given/file", O_RDONLY | O_CLOEXEC) >= 0);
	EXPECT(open("/dev/null", O_RDWR | O_CLOEXEC) >= 0);
	EXPECT(open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0);
	EXPECT(socket(AF_UNIX, SOCK_STREAM, 0) >= 0 && socket(AF_INET6, SOCK_DGRAM, 0) >= 0);
	EXPECT(socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE) >= 0);
	return 0;
}

static void no_thread_of_what_is_fenced_gets_past_it(void **state)
{
	(void)state;
	assert_in_child(be_fenced);
}

static int read_images(void)
{
	AUTO(string_list_clear) struct string_list none = STRING_LIST_INIT;
	const struct fence fence = {.writes = &none, .reads = &none};
	EXPECT(fence_enter(&fence, NULL));
	EXPECT(is_refused(socket(AF_UNIX, SOCK_STREAM, 0), EACCES));
	EXPECT(is_refused(unshare(CLONE_NEWNET), EPERM));
	return 0;
}

static void one_without_files_reaches_no_socket_of_the_machine(void **state)
{
	(void)state;
	assert_in_child(read_images);
}

static int set_networks(void)
{
	AUTO(string_list_clear) struct string_list none = STRING_LIST_INIT;
	const struct fence fence = {.writes = &none, .reads = &none, .may_set_networks = true};
	EXPECT(fence_enter(&fence, NULL));
	EXPECT(is_refused(unshare(CLONE_NEWNS), EPERM));
	EXPECT(is_refused(unshare(CLONE_NEWNET | CLONE_NEWNS), EPERM));
	EXPECT(is_refused(setns(0, 0), EPERM));
	/* The kernel's own word: root may, others may not. */
	EXPECT(unshare(CLONE_NEWNET) == (geteuid() == 0 ? 0 : -1) || errno == EPERM);
	return 0;
}

static void of_namespaces_only_networks_may_be_left_open(void **state)
{
	(void)state;
	assert_in_child(set_networks);
}

static void *wait_for_end(void *arg)
{
	const int *gate = arg;
	char byte;
	return read(*gate, &byte, 1) == 0 ? NULL : arg;
}

static int fence_beside_a_thread(void)
{
	AUTO(string_list_clear) struct string_list none = STRING_LIST_INIT;
	const struct fence fence = {.writes = &none, .reads = &none};
	AUTO(error_clear) struct error err = ERROR_INIT;
	pthread_t thread;
	int gate[2];
	EXPECT(pipe(gate) == 0 && pthread_create(&thread, NULL, wait_for_end, &gate[0]) == 0);
	EXPECT(!fence_enter(&fence, &err) && err.kind == ERROR_INVALID);
	(void)close(gate[1]);
	EXPECT(pthread_join(thread, NULL) == 0);
	return 0;
}

static void a_thread_that_would_stay_outside_is_an_error(void **state)
{
	(void)state;
	assert_in_child(fence_beside_a_thread);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_server_makes_nothing_set_uid_and_no_device),
		cmocka_unit_test(that_of_one_user_stays_that_user),
		cmocka_unit_test(no_thread_of_what_is_fenced_gets_past_it),
		cmocka_unit_test(one_without_files_reaches_no_socket_of_the_machine),
		cmocka_unit_test(of_namespaces_only_networks_may_be_left_open),
		cmocka_unit_test(a_thread_that_would_stay_outside_is_an_error),
	};
	return cmocka_run_group_tests_name("fence", tests, make_folder, remove_folder);
}
