/* SPDX-License-Identifier: Apache-2.0 */
#include "local/vm/scratch_file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "guest/machine/disk_format.h"

#include "test.h"

#define GIB ((uint64_t)1 << 30)

static char home[] = "/tmp/i2kit-scratch-file.XXXXXX";

static int make_home(void **state)
{
	(void)state;
	return mkdtemp(home) == NULL || setenv("XDG_STATE_HOME", home, 1) != 0 ||
	       setenv("XDG_CACHE_HOME", home, 1) != 0;
}

static int remove_home(void **state)
{
	(void)state;
	return path_remove_tree(home, NULL) ? 0 : -1;
}

/* As the guest sees it. */
static struct disk_format look(const char *path)
{
	struct disk_format format;
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_true(disk_format_read(fd, &format, NULL));
	return format;
}

static void provide(const struct vm_disk *disk)
{
	AUTO(error_clear) struct error problem = ERROR_INIT;

	if (!scratch_file_provide(disk, &problem))
		fail_msg("%s", problem.message);
}

static void a_guest_finds_it_fresh_and_small(void **state)
{
	(void)state;
	for (int has_quota = 0; has_quota < 2; has_quota++) {
		AUTO_FREE char *path = scratch_file_path("shop", "web-0");
		const struct vm_disk disk = {.path = path,
					     .size_bytes = 10 * GIB,
					     .is_scratch = true,
					     .has_quota = has_quota != 0};
		struct stat st;
		provide(&disk);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_size, 10 * GIB);
		assert_true((uint64_t)st.st_blocks * 512 < 4 << 20);
		assert_int_equal(st.st_mode & 0777, 0600);
		struct disk_format format = look(path);
		assert_true(disk_format_is_fresh(&format, has_quota != 0));
		assert_false(disk_format_is_fresh(&format, has_quota == 0));
		assert_int_equal(format.found_blocks, 10 * GIB / DISK_BLOCK_BYTES);
	}
}

/* A new VM never sees what the one before it wrote. */
static void a_used_one_is_not_given_again(void **state)
{
	AUTO_FREE char *path = scratch_file_path("shop", "used-0");
	const struct vm_disk disk = {.path = path, .size_bytes = GIB / 8, .is_scratch = true};
	const uint8_t mounts[2] = {1, 0};
	struct stat before, after;

	(void)state;
	provide(&disk);
	AUTO_CLOSE int fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_int_equal(pwrite(fd, mounts, 2, 1024 + 0x34), 2); /* s_mnt_count */
	struct disk_format format = look(path);
	assert_false(disk_format_is_fresh(&format, false));
	assert_int_equal(fstat(fd, &before), 0);
	provide(&disk);
	format = look(path);
	assert_true(disk_format_is_fresh(&format, false));
	/* QEMU of the old VM may have it open still. */
	assert_int_equal(stat(path, &after), 0);
	assert_int_not_equal(before.st_ino, after.st_ino);
}

static void they_go_with_their_instances(void **state)
{
	AUTO_FREE char *a = scratch_file_path("shop", "a-0");
	AUTO_FREE char *b = scratch_file_path("shop", "b-0");
	AUTO_FREE char *other = scratch_file_path("bank", "b-0");
	AUTO(string_list_clear) struct string_list kept = STRING_LIST_INIT;
	char *paths[] = {a, b, other};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		provide(&(struct vm_disk){
			.path = paths[i], .size_bytes = GIB / 8, .is_scratch = true});
	string_list_add(&kept, "a-0");
	scratch_file_drop_others("shop", &kept);
	assert_true(path_exists(a));
	assert_false(path_exists(b));
	assert_true(path_exists(other));
	scratch_file_drop("shop", "a-0");
	assert_false(path_exists(a));
}

static void what_no_file_system_can_hold_is_an_error(void **state)
{
	AUTO(error_clear) struct error problem = ERROR_INIT;
	AUTO_FREE char *path = scratch_file_path("shop", "huge-0");
	const struct vm_disk disk = {.path = path, .size_bytes = INT64_MAX, .is_scratch = true};

	(void)state;
	assert_false(scratch_file_provide(&disk, &problem));
	assert_non_null(strstr(problem.hint, "ephemeral-storage"));
	assert_false(path_exists(path));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_guest_finds_it_fresh_and_small),
		cmocka_unit_test(a_used_one_is_not_given_again),
		cmocka_unit_test(they_go_with_their_instances),
		cmocka_unit_test(what_no_file_system_can_hold_is_an_error),
	};
	return cmocka_run_group_tests_name("scratch_file", tests, make_home, remove_home);
}
