/* SPDX-License-Identifier: Apache-2.0 */
#include "local/vm/qemu_access.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "base/process_run.h"

#include "test.h"

enum { QEMU_UID = 64055 };
static char home[] = "/tmp/i2kit-access.XXXXXX";

static int make_home(void **state)
{
	(void)state;
	return mkdtemp(home) == NULL ? -1 : 0;
}

static int remove_home(void **state)
{
	(void)state;
	return path_remove_tree(home, NULL) ? 0 : -1;
}

static void libvirts_capabilities_say_whom_qemu_runs_as(void **state)
{
	static const char text[] = "<secmodel><model>apparmor</model><doi>0</doi></secmodel>"
				   "<secmodel>\n<model>dac</model>\n<doi>0</doi>\n"
				   "<baselabel type='kvm'>+64055:+64055</baselabel>\n"
				   "<baselabel type='qemu'>+64055:+64055</baselabel></secmodel>";
	unsigned uid = 0;
	(void)state;
	assert_true(qemu_access_user(text, &uid));
	assert_int_equal(uid, QEMU_UID);
	assert_false(qemu_access_user("<secmodel><model>selinux</model></secmodel>", &uid));
	assert_false(qemu_access_user("<model>dac</model><baselabel type='kvm'>", &uid));
	assert_false(qemu_access_user("<model>dac</model><baselabel>+99999999999:+1", &uid));
}

/* As another process would: one that is nobody but that user. */
static bool can_read(const char *path)
{
	const char *const argv[] = {
		"setpriv", "--reuid=64055", "--regid=64055", "--clear-groups", "cat", path, NULL};
	const struct process_run run = {.argv = argv, .accept_failure = true, .timeout_ms = 5000};
	AUTO(process_output_clear) struct process_output output = {0};

	assert_true(process_run(&run, &output, NULL));
	return WIFEXITED(output.status) && WEXITSTATUS(output.status) == 0;
}

static void qemus_user_reads_what_it_is_given_and_nothing_beside_it(void **state)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_FREE char *folder = path_join(home, "root/store");
	AUTO_FREE char *disk = path_join(folder, "disk.img");
	AUTO_FREE char *secret = path_join(folder, "secret");
	struct stat st;
	(void)state;
	if (geteuid() != 0) {
		skip();
		return;
	}
	assert_true(path_make_folders(folder, 0700, &err));
	assert_true(file_write_atomic(disk, "disk", 4, 0400, &err));
	assert_true(file_write_atomic(secret, "secret", 6, 0600, &err));
	assert_false(can_read(disk));
	assert_true(qemu_access_allow(disk, QEMU_UID, true, &err));
	assert_true(can_read(disk));
	assert_false(can_read(secret));
	/* Nobody else gained anything, and the owner is who it was. */
	assert_int_equal(stat(disk, &st), 0);
	assert_int_equal(st.st_mode & S_IRWXO, 0);
	assert_int_equal(st.st_uid, 0);
	assert_true(qemu_access_allow(disk, QEMU_UID, true, &err));
}

static void what_is_not_there_is_named(void **state)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_FREE char *path = path_join(home, "gone/disk.img");
	(void)state;
	assert_false(qemu_access_allow(path, QEMU_UID, true, &err));
	assert_non_null(strstr(err.message, "gone"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(libvirts_capabilities_say_whom_qemu_runs_as),
		cmocka_unit_test(qemus_user_reads_what_it_is_given_and_nothing_beside_it),
		cmocka_unit_test(what_is_not_there_is_named),
	};
	return cmocka_run_group_tests_name("qemu_access", tests, make_home, remove_home);
}
