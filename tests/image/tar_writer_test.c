/* SPDX-License-Identifier: Apache-2.0 */
/* What is written here is read by libarchive, and by the writer's own index. */
#include "image/linuxkit/tar_writer.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <archive.h>
#include <archive_entry.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "test.h"

static char *folder;
static struct store *store;

static int setup(void **state)
{
	(void)state;
	folder = xstrdup("/tmp/i2kit-tar-XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	store = store_open(folder, NULL);
	return store == NULL ? -1 : 0;
}

static int teardown(void **state)
{
	(void)state;
	store_close(store);
	bool is_removed = path_remove_tree(folder, NULL);
	free(folder);
	return is_removed ? 0 : -1;
}

static struct archive *open_tar(int fd)
{
	struct archive *tar = archive_read_new();
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	archive_read_support_format_tar(tar);
	assert_int_equal(archive_read_open_fd(tar, fd, 10240), ARCHIVE_OK);
	return tar;
}

static void every_kind_of_entry_is_read_back(void **state)
{
	AUTO_CLOSE int fd = memfd_create("tar", MFD_CLOEXEC);
	AUTO_PTR(tar_writer) struct tar_writer *writer = tar_writer_new(store, fd);
	const struct tar_record record = {"SCHILY.xattr.user.note", "a=b\n", 4};
	char deep[600];
	(void)state;
	memset(deep, 'd', sizeof(deep));
	for (size_t i = 100; i < sizeof(deep); i += 100)
		deep[i] = '/';
	deep[sizeof(deep) - 1] = '\0';
	const struct tar_entry entries[] = {
		{.name = "a", .type = TAR_FOLDER, .mode = 02755, .uid = 7, .gid = 8},
		{.name = "a/file",
		 .type = TAR_FILE,
		 .mode = 04711,
		 .size_bytes = 5,
		 .records = &record,
		 .record_count = 1,
		 .mtime_s = 1600000000,
		 .mtime_ns = 500},
		{.name = deep, .type = TAR_FILE, .mode = 0600, .uid = 4294967294u},
		{.name = "a/hard", .type = TAR_HARD_LINK, .mode = 0644, .link = "a/file"},
		{.name = "a/soft", .type = TAR_SYMLINK, .mode = 0777, .link = deep},
		{.name = "null",
		 .type = TAR_CHARACTER,
		 .mode = 0666,
		 .device_major = 1,
		 .device_minor = 3},
		{.name = "pipe", .type = TAR_FIFO, .mode = 0640},
	};
	for (size_t i = 0; i < ARRAY_SIZE(entries); i++)
		assert_true(tar_writer_add(writer, &entries[i],
					   entries[i].size_bytes > 0 ? "bytes" : NULL, NULL));
	assert_true(tar_writer_finish(writer, NULL));
	struct archive *tar = open_tar(fd);
	for (size_t i = 0; i < ARRAY_SIZE(entries); i++) {
		struct archive_entry *entry;
		char bytes[5];
		assert_int_equal(archive_read_next_header(tar, &entry), ARCHIVE_OK);
		size_t length = strlen(entries[i].name);
		assert_memory_equal(archive_entry_pathname(entry), entries[i].name, length);
		assert_int_equal(archive_entry_perm(entry), entries[i].mode);
		assert_int_equal(archive_entry_uid(entry), entries[i].uid);
		if (entries[i].type == TAR_HARD_LINK)
			assert_string_equal(archive_entry_hardlink(entry), entries[i].link);
		if (entries[i].type == TAR_SYMLINK)
			assert_string_equal(archive_entry_symlink(entry), entries[i].link);
		if (entries[i].type == TAR_CHARACTER)
			assert_int_equal(archive_entry_rdevminor(entry), 3);
		if (entries[i].record_count == 0)
			continue;
		assert_int_equal(archive_entry_xattr_count(entry), 1);
		assert_int_equal(archive_entry_mtime(entry), 1600000000);
		assert_int_equal(archive_read_data(tar, bytes, 5), 5);
		assert_memory_equal(bytes, "bytes", 5);
	}
	struct archive_entry *rest;
	assert_int_equal(archive_read_next_header(tar, &rest), ARCHIVE_EOF);
	(void)archive_read_free(tar);
}

static void the_index_has_the_last_of_each_name(void **state)
{
	AUTO_CLOSE int fd = memfd_create("tar", MFD_CLOEXEC);
	AUTO_PTR(tar_writer) struct tar_writer *writer = tar_writer_new(store, fd);
	struct tar_entry entry = {.name = "b", .type = TAR_FILE, .mode = 0644, .size_bytes = 3};
	char bytes[3];
	size_t count = 0;
	(void)state;
	assert_true(tar_writer_add(writer, &entry, "old", NULL));
	entry.name = "a";
	assert_true(tar_writer_add(writer, &entry, "one", NULL));
	entry.name = "b";
	assert_true(tar_writer_begin(writer, &entry, NULL));
	assert_true(tar_writer_data(writer, "n", 1, NULL)); /* in any pieces */
	assert_true(tar_writer_data(writer, "ew", 2, NULL));
	assert_true(tar_writer_finish(writer, NULL));
	const struct tar_place *places = tar_writer_places(writer, &count);
	assert_int_equal(count, 2);
	assert_string_equal(places[0].name, "a");
	assert_string_equal(places[1].name, "b");
	assert_int_equal(pread(fd, bytes, 3, (off_t)places[1].data_offset), 3);
	assert_memory_equal(bytes, "new", 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_of_entry_is_read_back),
		cmocka_unit_test(the_index_has_the_last_of_each_name),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
