/* SPDX-License-Identifier: Apache-2.0 */
#include "image/pod/boot_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "base/sha256.h"
#include "image/disk/disk_image.h"

#include "test.h"

static char home[] = "/tmp/i2kit-boot-files.XXXXXX";
static const char content[] = "the kernelthe initrd";
enum { EACH = 10 };

static int make_home(void **state)
{
	(void)state;
	return mkdtemp(home) == NULL || setenv("XDG_CACHE_HOME", home, 1) != 0;
}

static int remove_home(void **state)
{
	(void)state;
	return path_remove_tree(home, NULL) ? 0 : -1;
}

/* A disk of a kernel and an initrd; no bzImage, so it is not unpacked. */
static void make_disk(struct disk_image *image)
{

	image->path = path_join(home, "disk.img");
	image->size_bytes = strlen(content);
	assert_true(file_write_atomic(image->path, content, strlen(content), 0600, NULL));
	struct digest kernel = sha256_digest(content, EACH);
	struct digest initrd = sha256_digest(content + EACH, EACH);
	image->toc_json = xasprintf(
		"{\"version\":1,\"cmdline\":\"quiet\",\"builder\":\"test\",\"pod\":{},"
		"\"files\":[{\"name\":\"kernel\",\"offset\":0,\"size\":10,\"digest\":\"%s\"},"
		"{\"name\":\"initrd\",\"offset\":10,\"size\":10,\"digest\":\"%s\"}],"
		"\"partitions\":[]}",
		DIGEST_TEXT(&kernel), DIGEST_TEXT(&initrd));
}

static void assert_content(const char *path, const char *text)
{
	AUTO_FREE char *found = NULL;

	assert_true(file_read(path, 100, &found, NULL, NULL));
	assert_string_equal(found, text);
}

static void what_rotted_in_the_cache_is_made_again(void **state)
{
	AUTO(disk_image_clear) struct disk_image image = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	(void)state;
	make_disk(&image);
	for (int round = 0; round < 4; round++) {
		AUTO(boot_files_clear) struct boot_files files = {0};
		if (!image_boot_files(NULL, &image, &files, &err))
			print_error("%s\n", err.message);
		assert_content(files.kernel_path, "the kernel");
		assert_content(files.initrd_path, "the initrd");
		assert_string_equal(files.cmdline, "quiet");
		assert_true(boot_file_check(files.kernel_path, &err));
		assert_true(boot_file_check(files.initrd_path, &err));
		const char *victim = round % 2 == 0 ? files.kernel_path : files.initrd_path;
		assert_int_equal(chmod(victim, 0600), 0);
		if (round < 2)
			assert_true(file_write_atomic(victim, "the kernal", 10, 0644, &err));
		else
			assert_int_equal(truncate(victim, 3), 0);
		assert_false(boot_file_check(victim, &err));
		assert_int_equal(err.kind, ERROR_CORRUPT);
		assert_non_null(strstr(err.message, victim));
		error_clear(&err);
	}
}

static void the_name_of_an_unpacked_kernel_ends_with_its_own_digest(void **state)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	(void)state;
	struct digest digest = sha256_digest("elf", 3);
	AUTO_FREE char *good = xasprintf("%s/%064d-%s.vmlinux", home, 7, DIGEST_HEX(&digest));
	AUTO_FREE char *former = xasprintf("%s/%064d.vmlinux", home, 7);
	assert_true(file_write_atomic(good, "elf", 3, 0600, &err));
	assert_true(boot_file_check(good, &err));
	assert_true(file_write_atomic(good, "elg", 3, 0600, &err));
	assert_false(boot_file_check(good, &err));
	error_clear(&err);
	/* Whose name says nothing of what is in it: plans of older releases have those. */
	assert_true(file_write_atomic(former, "elf", 3, 0600, &err));
	assert_true(boot_file_check(former, &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_rotted_in_the_cache_is_made_again),
		cmocka_unit_test(the_name_of_an_unpacked_kernel_ends_with_its_own_digest),
	};
	return cmocka_run_group_tests_name("boot_files", tests, make_home, remove_home);
}
