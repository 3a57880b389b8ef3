/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "guest/cloud/cloud_booted.h"
#include "guest/cloud/cloud_sign.h"

#define IMAGE_BYTES ((size_t)(3 << 20) + 512) /* not a whole number of pieces */

/* An image with a partition table that says where it ends, on a volume that goes on. */
static int make_volume(char *path, uint64_t last_sector, uint8_t **ret)
{
	uint8_t *bytes = calloc(1, IMAGE_BYTES);
	assert_non_null(bytes);
	for (size_t i = 1024; i < IMAGE_BYTES; i++)
		bytes[i] = (uint8_t)(i * 7 + (i >> 9));
	memcpy(bytes + 512, "EFI PART", 8);
	bytes_put_u64(bytes + 512 + 32, last_sector);
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, IMAGE_BYTES), IMAGE_BYTES);
	*ret = bytes;
	return fd;
}

static void the_image_is_hashed_to_its_end_and_no_further(void **state)
{
	(void)state;
	char path[] = "/tmp/i2kit-booted.XXXXXX";
	char wanted[65];
	char got[72] = "";
	uint8_t *bytes = NULL;
	bool is_done = false;
	AUTO_CLOSE int fd = make_volume(path, IMAGE_BYTES / 512 - 1, &bytes);
	assert_int_equal(ftruncate(fd, 8 << 20), 0);
	assert_int_equal(pwrite(fd, "not the image", 13, 7 << 20), 13);
	cloud_sha256_hex(bytes, IMAGE_BYTES, wanted);
	struct cloud_booted *booted = cloud_booted_open(path, NULL);
	assert_non_null(booted);
	while (!is_done)
		assert_true(cloud_booted_step(booted, &is_done, NULL));
	cloud_booted_digest(booted, got);
	cloud_booted_free(booted);
	assert_string_equal(got + strlen("sha256:"), wanted);
	free(bytes);
	(void)unlink(path);
}

static void a_volume_that_is_cut_off_is_no_image(void **state)
{
	(void)state;
	char path[] = "/tmp/i2kit-booted.XXXXXX";
	uint8_t *bytes = NULL;
	bool is_done = false;
	AUTO_CLOSE int fd = make_volume(path, IMAGE_BYTES / 512 + 5, &bytes);
	struct cloud_booted *booted = cloud_booted_open(path, NULL);
	assert_non_null(booted);
	bool is_ok = true;
	while (is_ok && !is_done)
		is_ok = cloud_booted_step(booted, &is_done, NULL);
	assert_false(is_ok);
	cloud_booted_free(booted);
	assert_int_equal(pwrite(fd, "NOT PART", 8, 512), 8);
	assert_null(cloud_booted_open(path, NULL));
	free(bytes);
	(void)unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_image_is_hashed_to_its_end_and_no_further),
		cmocka_unit_test(a_volume_that_is_cut_off_is_no_image),
	};
	return cmocka_run_group_tests_name("booted", tests, NULL, NULL);
}
