/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fence.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
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

static int be_fenced(void)
{
	AUTO(string_list_clear) struct string_list folders = STRING_LIST_INIT;
	EXPECT(mkdir("mine", 0700) == 0 && mkdir("others", 0700) == 0);
	string_list_add(&folders, "mine");
	string_list_add(&folders, "absent");
	EXPECT(fence_calls(NULL) && fence_writes(&folders, NULL));
	EXPECT(is_refused(ptrace(PTRACE_TRACEME, 0, NULL, NULL), EPERM));
	EXPECT(is_refused(syscall(SYS_bpf, 0, NULL, 0), EPERM));
	EXPECT(is_refused(syscall(SYS_keyctl, 0, 0), EPERM));
	EXPECT(is_refused(syscall(SYS_io_uring_setup, 1, NULL), EPERM));
	EXPECT(is_refused(syscall(SYS_finit_module, 0, "", 0), EPERM));
	int fd = open("mine/a", O_CREAT | O_RDWR | O_CLOEXEC, 0600);
	EXPECT(fd >= 0 && rename("mine/a", "mine/b") == 0);
	if (syscall(SYS_landlock_create_ruleset, NULL, 0, 1) >= 1) {
		EXPECT(is_refused(open("others/a", O_CREAT | O_RDWR | O_CLOEXEC, 0600), EACCES));
		EXPECT(is_refused(mkdir("x", 0700), EACCES));
		EXPECT(is_refused(rename("mine/b", "others/b"), EACCES) || errno == EXDEV);
	}
	EXPECT(open("others", O_RDONLY | O_DIRECTORY | O_CLOEXEC) >= 0);
	return 0;
}

static void what_is_fenced_asks_the_kernel_for_little_and_writes_to_its_own(void **state)
{
	(void)state;
	assert_in_child(be_fenced);
}

/* The filter is every thread's, also of those that were there before. */
static void *look_from_a_thread(void *arg)
{
	int *gate = arg;
	char byte;
	bool was_refused =
		read(gate[0], &byte, 1) == 1 && is_refused(syscall(SYS_bpf, 0, NULL, 0), EPERM);
	return was_refused ? gate : NULL;
}

static int fence_with_a_thread(void)
{
	pthread_t thread;
	int gate[2];
	void *seen = NULL;
	EXPECT(pipe(gate) == 0 && pthread_create(&thread, NULL, look_from_a_thread, gate) == 0);
	EXPECT(fence_calls(NULL));
	EXPECT(write(gate[1], "", 1) == 1 && pthread_join(thread, &seen) == 0);
	EXPECT(seen == gate);
	return 0;
}

static void a_fence_of_calls_is_around_all_threads(void **state)
{
	(void)state;
	assert_in_child(fence_with_a_thread);
}

static bool try_inside(void *arg, struct error *err)
{
	bool *saw = arg;
	*saw = is_refused(unshare(CLONE_NEWUSER), EPERM) &&
	       is_refused(mount("none", "/", NULL, 0, NULL), EPERM) &&
	       is_refused(syscall(SYS_bpf, 0, NULL, 0), EPERM) &&
	       open("inside/file", O_CREAT | O_RDWR | O_CLOEXEC, 0600) >= 0;
	return error_set(err, ERROR_CORRUPT, "the job's own error");
}

static int run_a_job(void)
{
	AUTO(string_list_clear) struct string_list folders = STRING_LIST_INIT;
	AUTO(error_clear) struct error err = ERROR_INIT;
	bool saw = false;
	EXPECT(mkdir("inside", 0700) == 0);
	string_list_add(&folders, "inside");
	EXPECT(!fence_run(&folders, try_inside, &saw, &err) && saw);
	EXPECT(err.kind == ERROR_CORRUPT);
	/* We are as free as before. */
	EXPECT(open("outside", O_CREAT | O_RDWR | O_CLOEXEC, 0600) >= 0);
	return 0;
}

static void a_job_is_fenced_and_its_caller_is_not(void **state)
{
	(void)state;
	assert_in_child(run_a_job);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_server_makes_nothing_set_uid_and_no_device),
		cmocka_unit_test(that_of_one_user_stays_that_user),
		cmocka_unit_test(what_is_fenced_asks_the_kernel_for_little_and_writes_to_its_own),
		cmocka_unit_test(a_fence_of_calls_is_around_all_threads),
		cmocka_unit_test(a_job_is_fenced_and_its_caller_is_not),
	};
	return cmocka_run_group_tests_name("fence", tests, make_folder, remove_folder);
}
