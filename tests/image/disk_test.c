/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/path.h"
#include "image/disk/disk_writer.h"
#include "image/disk/fat.h"
#include "image/disk/gpt.h"
#include "image/disk/kernel_unpack.h"
#include "image/disk/syslinux.h"
#include "image/disk/toc.h"
#include "image/layer/checksum.h"
#include "test.h"

#define DISK_SIZE ((uint64_t)64 << 20)

static void fill_table(struct gpt_table *table)
{
	*table = (struct gpt_table){.partition_count = 2, .disk_size = DISK_SIZE};
	memcpy(table->disk_uuid, "00112233-4455-8677-8899-aabbccddeeff", UUID_SIZE);
	table->partitions[0] =
		(struct gpt_partition){.name = "i2kit-boot",
				       .uuid = "01234567-89ab-8def-8123-456789abcdef",
				       .type = GPT_EFI_SYSTEM,
				       .offset = DISK_ALIGNMENT,
				       .size = DISK_ALIGNMENT,
				       .is_bios_bootable = true};
	table->partitions[1] =
		(struct gpt_partition){.name = "i2kit-base",
				       .uuid = "fedcba98-7654-8210-8edc-ba9876543210",
				       .type = GPT_LINUX,
				       .offset = 2 * DISK_ALIGNMENT,
				       .size = 4096};
}

static void a_partition_table_is_read_as_it_was_made(void **state)
{
	static struct gpt_table table, again;
	uint8_t head[GPT_HEAD_SIZE], tail[GPT_TAIL_SIZE];
	(void)state;
	fill_table(&table);
	gpt_make(&table, NULL, head, tail);
	assert_true(gpt_parse(head, sizeof(head), DISK_SIZE, &again, NULL));
	assert_memory_equal(&table, &again, sizeof(table));
	/* The parts of a GUID that are little-endian on the disk. */
	assert_memory_equal(head + 512 + 56, "\x33\x22\x11\x00\x55\x44\x77\x86\x88\x99", 10);
	assert_memory_equal(tail + GPT_TAIL_SIZE - 512, "EFI PART", 8);
}

static void more_than_128_partitions_take_a_larger_table(void **state)
{
	static struct gpt_table table, again;
	uint8_t head[GPT_HEAD_SIZE], tail[GPT_TAIL_SIZE];
	(void)state;
	fill_table(&table);
	table.disk_size = (GPT_PARTITIONS_MAX + 2) * DISK_ALIGNMENT;
	for (size_t i = 2; i < GPT_PARTITIONS_MAX; i++) {
		table.partitions[i] = table.partitions[1];
		table.partitions[i].offset = (i + 1) * DISK_ALIGNMENT;
	}
	for (size_t count = 128; count <= GPT_PARTITIONS_MAX; count += 127) {
		uint32_t entries = count == 128 ? 128 : 256;
		table.partition_count = count;
		gpt_make(&table, NULL, head, tail);
		const uint8_t *backup = tail + GPT_TAIL_SIZE - SECTOR_SIZE;
		assert_int_equal(bytes_get_u32(head + SECTOR_SIZE + 80), entries);
		assert_memory_equal(head + 2 * SECTOR_SIZE, backup - entries * 128, entries * 128);
		assert_int_equal(bytes_get_u64(backup + 72) + entries * 128 / SECTOR_SIZE + 1,
				 table.disk_size / SECTOR_SIZE);
		assert_true(gpt_parse(head, sizeof(head), table.disk_size, &again, NULL));
		assert_int_equal(again.partition_count, count);
	}
}

static void every_flipped_bit_of_a_partition_table_is_noticed(void **state)
{
	static struct gpt_table table, again;
	uint8_t head[GPT_HEAD_SIZE], tail[GPT_TAIL_SIZE];
	(void)state;
	fill_table(&table);
	gpt_make(&table, NULL, head, tail);
	for (size_t i = 512; i < 512 + 92; i++) {
		head[i] ^= 1;
		assert_false(gpt_parse(head, sizeof(head), DISK_SIZE, &again, NULL));
		head[i] ^= 1;
	}
	for (size_t i = 1024; i < 1024 + 256; i++) {
		head[i] ^= 0x80;
		assert_false(gpt_parse(head, sizeof(head), DISK_SIZE, &again, NULL));
		head[i] ^= 0x80;
	}
	assert_false(gpt_parse(head, sizeof(head) - 1, DISK_SIZE, &again, NULL));
}

static void a_partition_beyond_the_disk_is_refused(void **state)
{
	static struct gpt_table table, again;
	uint8_t head[GPT_HEAD_SIZE], tail[GPT_TAIL_SIZE];
	(void)state;
	fill_table(&table);
	gpt_make(&table, NULL, head, tail);
	assert_false(gpt_parse(head, sizeof(head), 2 * DISK_ALIGNMENT, &again, NULL));
}

static void a_uuid_comes_from_the_digest(void **state)
{
	char uuid[UUID_SIZE];
	(void)state;
	struct digest digest;
	memset(&digest, 0xff, sizeof(digest));
	digest_uuid(&digest, uuid);
	assert_string_equal(uuid, "ffffffff-ffff-8fff-bfff-ffffffffffff");
}

static void files_are_found_where_the_fat_put_them(void **state)
{
	struct fat_file files[] = {{.path = "kernel", .size = 14000000},
				   {.path = "EFI/BOOT/BOOTX64.EFI", .size = 5000},
				   {.path = "loader/entries/i2kit.conf", .size = 1},
				   {.path = "i2kit.json", .size = 12345}};
	struct fat_options options = {.partition_offset = DISK_ALIGNMENT,
				      .alignment = DISK_ALIGNMENT};
	AUTO(fat_layout_clear) struct fat_layout layout = {0};
	uint64_t offset, size;
	(void)state;
	assert_true(fat_make(files, ARRAY_SIZE(files), &options, &layout, NULL));
	assert_int_equal(layout.size % DISK_ALIGNMENT, 0);
	assert_true(fat_find(layout.head, layout.head_size, "i2kit.json", &offset, &size, NULL));
	assert_int_equal(offset, files[3].offset);
	assert_int_equal(size, 12345);
	assert_true(fat_find(layout.head, layout.head_size, "kernel", &offset, &size, NULL));
	assert_int_equal(offset, files[0].offset);
	assert_false(fat_find(layout.head, layout.head_size, "absent", &offset, &size, NULL));
	for (size_t i = 1; i < ARRAY_SIZE(files); i++)
		assert_true(files[i].offset >= files[i - 1].offset + files[i - 1].size);
}

static void a_kernel_beyond_fat16_is_refused(void **state)
{
	struct fat_file files[] = {{.path = "kernel", .size = (uint64_t)3 << 30}};
	struct fat_options options = {.alignment = DISK_ALIGNMENT};
	AUTO(fat_layout_clear) struct fat_layout layout = {0};
	(void)state;
	assert_false(fat_make(files, 1, &options, &layout, NULL));
	files[0].size = (uint64_t)1 << 30;
	assert_true(fat_make(files, 1, &options, &layout, NULL));
}

static void syslinux_learns_where_it_lies(void **state)
{
	uint8_t sector[512] = {0}, code[512] = {0}, program[10 * 512] = {0};
	uint32_t sum = 0;
	(void)state;
	bytes_put_u32(program + 24, 0x3eb202fe);
	bytes_put_u32(program + 24 + 12, 8 * 512 / 4);
	bytes_put_u16(program + 24 + 22, 100); /* extended patch area */
	bytes_put_u16(program + 100, 2000);    /* ADV pointers */
	bytes_put_u16(program + 110, 1000);    /* extents */
	bytes_put_u16(program + 112, 4);
	bytes_put_u16(program + 114, 0x11a);
	bytes_put_u16(program + 116, 0x120);
	assert_true(syslinux_install(sector, code, program, sizeof(program), 165 * 512, NULL));
	assert_int_equal(bytes_get_u32(sector + 0x11a), 165);
	assert_int_equal(bytes_get_u64(program + 1000), 166);
	assert_int_equal(bytes_get_u16(program + 1008), 7);
	assert_int_equal(bytes_get_u64(program + 2000), 173);
	for (size_t i = 0; i < 8 * 512; i += 4)
		sum += bytes_get_u32(program + i);
	assert_int_equal(sum, 0x3eb202fe);
	bytes_put_u16(program + 110, 65535);
	assert_false(syslinux_install(sector, code, program, sizeof(program), 165 * 512, NULL));
}

static void a_kernel_that_cannot_be_unpacked_is_left_alone(void **state)
{
	uint8_t bytes[1024] = {0};
	size_t size;
	(void)state;
	assert_null(kernel_unpack(bytes, sizeof(bytes), &size));
	memcpy(bytes + 0x202, "HdrS", 4);
	bytes_put_u16(bytes + 0x206, 0x20f);
	bytes_put_u32(bytes + 0x248, 0xffffffff);
	bytes_put_u32(bytes + 0x24c, 100);
	assert_null(kernel_unpack(bytes, sizeof(bytes), &size));
	bytes[0x1f1] = 1;
	bytes_put_u32(bytes + 0x248, 0);
	bytes_put_u32(bytes + 0x24c, 0);
	assert_null(kernel_unpack(bytes, sizeof(bytes), &size));
}

#define PART_SIZE 3000000u

/* A disk with one file in it, and what happens when that file was changed behind our back. */
static void write_with_file(const char *checksum, bool was_just_made)
{
	char path[] = "/tmp/i2kit-disk-XXXXXX";
	char part[] = "/tmp/i2kit-part-XXXXXX";
	struct digest written, read;
	AUTO_CLOSE int fd = mkstemp(path);
	AUTO_CLOSE int part_fd = mkstemp(part);
	AUTO_FREE char *bytes = xcalloc(1, PART_SIZE);
	AUTO_FREE char *back = xcalloc(1, PART_SIZE);
	AUTO(error_clear) struct error err = ERROR_INIT;
	struct stat st;
	memset(bytes, 'x', PART_SIZE);
	assert_true(fd_write_all(part_fd, bytes, PART_SIZE, &err));
	struct digest part_digest = sha256_digest(bytes, PART_SIZE);
	struct disk_piece pieces[] = {{.offset = 0, .size = 100, .bytes = bytes},
				      {.offset = 1 << 20,
				       .size = PART_SIZE,
				       .path = part,
				       .digest = &part_digest,
				       .checksum = checksum,
				       .was_just_made = was_just_made,
				       .hint = "mend it"},
				      {.offset = (100 << 20) - 10, .size = 10, .bytes = bytes}};
	struct disk_writing writing = {.fd = fd,
				       .pieces = pieces,
				       .piece_count = ARRAY_SIZE(pieces),
				       .size = 100 << 20,
				       .what = "test"};
	assert_true(disk_write(&writing, &written, &err));
	assert_true(sha256_fd(fd, &read, &err));
	assert_true(digest_equal(&written, &read));
	assert_int_equal(pread(fd, back, PART_SIZE, 1 << 20), PART_SIZE);
	assert_memory_equal(back, bytes, PART_SIZE);
	assert_int_equal(fstat(fd, &st), 0);
	assert_true(st.st_blocks * 512 < 8 << 20);
	assert_int_equal(pwrite(part_fd, "y", 1, 5000), 1);
	if (!was_just_made) {
		assert_false(disk_write(&writing, &written, &err));
		assert_int_equal(err.kind, ERROR_CORRUPT);
		assert_string_equal(err.hint, "mend it");
	}
	(void)unlink(path);
	(void)unlink(part);
}

static void the_digest_of_a_disk_is_that_of_its_file(void **state)
{
	char checksum[CHECKSUM_SIZE];
	AUTO_FREE char *bytes = xcalloc(1, PART_SIZE);
	(void)state;
	memset(bytes, 'x', PART_SIZE);
	checksum_format(checksum_update(checksum_update(0, bytes, 1000), bytes, PART_SIZE - 1000),
			checksum);
	write_with_file(NULL, false);
	write_with_file("", false);
	write_with_file(checksum, false);
	write_with_file(checksum, true);
}

/* Of CRC-64/XZ, as catalogues of such sums give it: records outlive the library. */
static void the_checksum_is_the_one_of_the_standard(void **state)
{
	char checksum[CHECKSUM_SIZE];
	(void)state;
	checksum_format(checksum_update(0, "123456789", 9), checksum);
	assert_string_equal(checksum, "995dc9bbdf1939fa");
}

static void a_table_of_contents_comes_back(void **state)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO(toc_clear) struct toc toc = {0};
	AUTO(toc_clear) struct toc again = {0};
	(void)state;
	toc.pod_json = xstrdup("{\"version\":1,\"pod\":\"web\"}");
	toc.cmdline = xstrdup("console=ttyS0 \"quoted\"");
	toc.builder = xstrdup("i2kit");
	struct toc_partition *partition = ARRAY_APPEND(toc.partitions, toc.partition_count);
	partition->number = 1;
	memcpy(partition->name, "i2kit-boot", 11);
	partition->size = 4096;
	partition->source = xstrdup("base");
	AUTO_FREE char *text = toc_make(&toc);
	assert_true(toc_parse(text, strlen(text), 4096, &again, &err));
	assert_string_equal(again.pod_json, toc.pod_json);
	assert_string_equal(again.cmdline, toc.cmdline);
	assert_int_equal(again.partition_count, 1);
	toc_clear(&again);
	assert_false(toc_parse(text, strlen(text), 4095, &again, &err));
	assert_int_equal(err.kind, ERROR_CORRUPT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_partition_table_is_read_as_it_was_made),
		cmocka_unit_test(more_than_128_partitions_take_a_larger_table),
		cmocka_unit_test(every_flipped_bit_of_a_partition_table_is_noticed),
		cmocka_unit_test(a_partition_beyond_the_disk_is_refused),
		cmocka_unit_test(a_uuid_comes_from_the_digest),
		cmocka_unit_test(files_are_found_where_the_fat_put_them),
		cmocka_unit_test(a_kernel_beyond_fat16_is_refused),
		cmocka_unit_test(syslinux_learns_where_it_lies),
		cmocka_unit_test(a_kernel_that_cannot_be_unpacked_is_left_alone),
		cmocka_unit_test(the_digest_of_a_disk_is_that_of_its_file),
		cmocka_unit_test(the_checksum_is_the_one_of_the_standard),
		cmocka_unit_test(a_table_of_contents_comes_back),
	};
	return cmocka_run_group_tests_name("disk", tests, NULL, NULL);
}
