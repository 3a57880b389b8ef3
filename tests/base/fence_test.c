/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fence.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_server_makes_nothing_set_uid_and_no_device),
		cmocka_unit_test(that_of_one_user_stays_that_user),
	};
	return cmocka_run_group_tests_name("fence", tests, make_folder, remove_folder);
}
