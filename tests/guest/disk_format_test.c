/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "guest/machine/disk_format.h"
#include "guest/machine/ebs_name.h"
#include "test.h"

#define MIB	    ((off_t)1 << 20)
#define GROUP_BYTES ((off_t)128 * MIB)

/* A disk of zeros. */
static int new_disk(off_t size)
{
	int fd = memfd_create("disk", MFD_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, size), 0);
	return fd;
}

static struct disk_format read_disk(int fd)
{
	struct disk_format format;
	assert_true(disk_format_read(fd, &format, NULL));
	return format;
}

/* ext4's superblock for so many blocks, at a place. */
static void put_super(int fd, off_t at, uint32_t blocks)
{
	uint8_t super[1024] = {0};
	memcpy(super + 0x04, &blocks, sizeof(blocks));
	super[0x18] = 2;
	super[0x38] = 0x53;
	super[0x39] = 0xef;
	assert_int_equal(pwrite(fd, super, sizeof(super), at), (ssize_t)sizeof(super));
}

static void a_new_disk_is_formatted_and_leaves_room_for_the_mark(void **state)
{
	AUTO_CLOSE int fd = new_disk(32 * MIB);
	struct disk_format format = read_disk(fd);
	(void)state;
	assert_true(disk_format_is_wanted(&format));
	assert_false(disk_format_is_lost(&format, false));
	assert_true(disk_format_is_lost(&format, true));
	assert_int_equal(format.fs_blocks, (32 * MIB - (64 << 10)) / 4096);
	assert_int_equal(format.found_blocks, 0);
}

static void one_whose_formatting_was_cut_short_is_formatted_again(void **state)
{
	AUTO_CLOSE int fd = new_disk(300 * MIB);
	(void)state;
	assert_true(disk_format_mark(fd, DISK_MARK_BEGUN, NULL));
	put_super(fd, GROUP_BYTES, 70000);
	struct disk_format format = read_disk(fd);
	assert_true(disk_format_is_wanted(&format));
	assert_false(disk_format_is_lost(&format, false));
	put_super(fd, 1024, 70000);
	format = read_disk(fd);
	assert_true(disk_format_is_wanted(&format));
}

static void one_that_was_formatted_is_not_formatted_again(void **state)
{
	AUTO_CLOSE int fd = new_disk(32 * MIB);
	(void)state;
	put_super(fd, 1024, 8000);
	assert_true(disk_format_mark(fd, DISK_MARK_DONE, NULL));
	struct disk_format format = read_disk(fd);
	assert_int_equal(format.mark, DISK_MARK_DONE);
	assert_int_equal(format.found_blocks, 8000);
	assert_false(disk_format_is_wanted(&format));
	assert_false(disk_format_is_lost(&format, true));

	static const char zeros[128 << 10];
	assert_int_equal(pwrite(fd, zeros, sizeof(zeros), 0), (ssize_t)sizeof(zeros));
	format = read_disk(fd);
	assert_true(disk_format_is_lost(&format, false));
}

static void copies_of_the_superblock_are_found_without_a_mark(void **state)
{
	AUTO_CLOSE int fd = new_disk(500 * MIB);
	(void)state;
	put_super(fd, 3 * GROUP_BYTES, 100000);
	struct disk_format format = read_disk(fd);
	assert_true(format.has_other_superblock);
	assert_true(disk_format_is_lost(&format, false));
}

static void a_file_system_up_to_the_end_gets_no_mark(void **state)
{
	AUTO_CLOSE int fd = new_disk(32 * MIB);
	(void)state;
	put_super(fd, 1024, 32 * MIB / 4096); /* as older releases made it */
	assert_true(disk_format_mark(fd, DISK_MARK_DONE, NULL));
	struct disk_format format = read_disk(fd);
	assert_int_equal(format.mark, DISK_MARK_NONE);
	assert_false(disk_format_is_lost(&format, true));
}

static void a_tiny_disk_has_no_mark(void **state)
{
	AUTO_CLOSE int fd = new_disk(512 << 10);
	(void)state;
	assert_true(disk_format_mark(fd, DISK_MARK_DONE, NULL));
	assert_int_equal(read_disk(fd).fs_blocks, 128);
	assert_int_equal(read_disk(fd).mark, DISK_MARK_NONE);
	AUTO_CLOSE int empty = new_disk(0);
	assert_int_equal(read_disk(empty).fs_blocks, 0);
	struct disk_format format;
	assert_false(disk_format_read(-1, &format, NULL));
}

static void a_part_of_a_large_disk_is_as_large_as_a_disk_of_that_size(void **state)
{
	(void)state;
	AUTO_CLOSE int small = new_disk(40 << 20);
	AUTO_CLOSE int large = new_disk(1 << 30);
	struct disk_format whole = read_disk(small);
	struct disk_format part = read_disk(large);
	assert_int_equal(disk_format_blocks(&part, 40 << 20), whole.fs_blocks);
	assert_int_equal(disk_format_blocks(&whole, 40 << 20), whole.fs_blocks);
	assert_int_equal(disk_format_blocks(&part, 0), part.fs_blocks);
	assert_int_equal(disk_format_blocks(&part, (uint64_t)2 << 30), part.fs_blocks);
	assert_int_equal(disk_format_blocks(&part, 1), part.fs_blocks);
}

/* As Amazon's controllers answer: vendor 1d0f, the model at 24, the name at 3072, blanks behind. */
static void an_ebs_volume_says_the_name_it_was_attached_under(void **state)
{
	static const char model[] = "Amazon Elastic Block Store              ";
	uint8_t identity[NVME_IDENTITY_BYTES] = {0x0f, 0x1d, 0x0f, 0x1d};
	char name[EBS_NAME_SIZE] = "";
	(void)state;
	memcpy(identity + 24, model, sizeof(model) - 1);
	assert_false(ebs_name_read(identity, name));
	memset(identity + 3072, ' ', 32);
	assert_false(ebs_name_read(identity, name));
	memcpy(identity + 3072, "/dev/sdg", 8);
	assert_true(ebs_name_read(identity, name));
	assert_string_equal(name, "sdg");
	memcpy(identity + 3072, "xvdba   ", 8);
	assert_true(ebs_name_read(identity, name));
	assert_string_equal(name, "xvdba");
	memset(identity + 3072, 'x', sizeof(identity) - 3072);
	assert_true(ebs_name_read(identity, name));
	assert_int_equal(strlen(name), EBS_NAME_SIZE - 1);
	identity[0] = 0x86; /* another's disk */
	assert_false(ebs_name_read(identity, name));
	assert_true(ebs_name_is("xvdg", "/dev/sdg"));
	assert_false(ebs_name_is("xvdg", "/dev/sdf"));
	assert_false(ebs_name_is("vda", "/dev/vda"));
	assert_false(ebs_name_is("nvme9n9p1", "/dev/sdg"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_disk_is_formatted_and_leaves_room_for_the_mark),
		cmocka_unit_test(one_whose_formatting_was_cut_short_is_formatted_again),
		cmocka_unit_test(one_that_was_formatted_is_not_formatted_again),
		cmocka_unit_test(copies_of_the_superblock_are_found_without_a_mark),
		cmocka_unit_test(a_file_system_up_to_the_end_gets_no_mark),
		cmocka_unit_test(a_tiny_disk_has_no_mark),
		cmocka_unit_test(a_part_of_a_large_disk_is_as_large_as_a_disk_of_that_size),
		cmocka_unit_test(an_ebs_volume_says_the_name_it_was_attached_under),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
