/* SPDX-License-Identifier: Apache-2.0 */
#include "image/oci/resolve.h"

#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/path.h"
#include "layout.h"
#include "test.h"

static char *folder;
static struct store *store;

static int setup(void **state)
{
	(void)state;
	folder = xstrdup("/tmp/i2kit-resolve-XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	AUTO_FREE char *below = path_join(folder, "store");
	store = store_open(below, NULL);
	return store ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	store_close(store);
	bool is_removed = path_remove_tree(folder, NULL);
	free(folder);
	return is_removed ? 0 : -1;
}

static bool resolve(const char *text, enum pull_policy policy, struct oci_image *ret,
		    struct error *err)
{
	const struct image_options options = {.folder = folder};
	return image_resolve(store, text, policy, &options, NULL, ret, err);
}

static void a_layout_is_brought_into_the_store_whole(void **state)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO(oci_image_clear) struct oci_image image = {0};
	AUTO(oci_image_clear) struct oci_image again = {0};
	(void)state;
	layout_make(folder, "whole", "1", "amd64", "layer bytes");
	if (!resolve("oci:whole:1", PULL_IF_NOT_PRESENT, &image, &err))
		fail_msg("%s", err.message);
	assert_int_equal(image.layer_count, 1);
	assert_true(store_has(store, STORE_BLOB, &image.layers[0].digest));
	assert_true(store_has(store, STORE_BLOB, &image.digest));
	assert_non_null(strstr(image.config_json, "amd64"));
	AUTO_FREE char *source = path_join(folder, "whole");
	assert_true(path_remove_tree(source, &err));
	assert_true(resolve("oci:whole:1", PULL_NEVER, &again, &err));
	assert_true(digest_equal(&again.digest, &image.digest));
}

static void a_new_image_in_the_folder_is_noticed(void **state)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO(oci_image_clear) struct oci_image first = {0};
	AUTO(oci_image_clear) struct oci_image second = {0};
	(void)state;
	layout_make(folder, "changing", "1", "amd64", "old");
	assert_true(resolve("oci:changing", PULL_IF_NOT_PRESENT, &first, &err));
	layout_make(folder, "changing", "1", "amd64", "new");
	assert_true(resolve("oci:changing", PULL_IF_NOT_PRESENT, &second, &err));
	assert_false(digest_equal(&first.digest, &second.digest));
}

/* A rename waits for the disk; a build of what is known must not. */
static void an_unchanged_image_writes_nothing(void **state)
{
	AUTO(oci_image_clear) struct oci_image first = {0};
	AUTO(oci_image_clear) struct oci_image again = {0};
	struct stat before, after;
	(void)state;
	layout_make(folder, "same", "1", "amd64", "the same");
	assert_true(resolve("oci:same:1", PULL_IF_NOT_PRESENT, &first, NULL));
	AUTO_FREE char *path = path_join(store_folder(store), "refs");
	assert_int_equal(stat(path, &before), 0);
	assert_true(resolve("oci:same:1", PULL_IF_NOT_PRESENT, &again, NULL));
	assert_int_equal(stat(path, &after), 0);
	assert_true(before.st_mtim.tv_sec == after.st_mtim.tv_sec &&
		    before.st_mtim.tv_nsec == after.st_mtim.tv_nsec);
}

static void never_means_never(void **state)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO(oci_image_clear) struct oci_image image = {0};
	(void)state;
	layout_make(folder, "never", "1", "amd64", "x");
	assert_false(resolve("oci:never:1", PULL_NEVER, &image, &err));
	assert_int_equal(err.kind, ERROR_NOT_FOUND);
	assert_non_null(strstr(err.hint, "i2kit pull"));
}

static void bytes_that_do_not_match_their_digest_are_refused(void **state)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO(oci_image_clear) struct oci_image image = {0};
	(void)state;
	layout_make(folder, "bad", "1", "amd64", "true bytes");
	struct digest digest = sha256_digest("true bytes", 10);
	AUTO_FREE char *path = xasprintf("%s/bad/blobs/sha256/%s", folder, DIGEST_HEX(&digest));
	assert_true(file_write_atomic(path, "fake bytes", 10, 0644, &err));
	assert_false(resolve("oci:bad:1", PULL_IF_NOT_PRESENT, &image, &err));
	assert_int_equal(err.kind, ERROR_CORRUPT);
	assert_false(store_has(store, STORE_BLOB, &digest));
	assert_true(file_write_atomic(path, "true bytes and more", 19, 0644, &err));
	assert_false(resolve("oci:bad:1", PULL_IF_NOT_PRESENT, &image, &err));
	assert_int_equal(err.kind, ERROR_CORRUPT);
	assert_false(store_has(store, STORE_BLOB, &digest));
}

static void another_platform_is_named_in_the_error(void **state)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO(oci_image_clear) struct oci_image image = {0};
	(void)state;
	layout_make(folder, "arm", "1", "arm64", "x");
	assert_false(resolve("oci:arm:1", PULL_IF_NOT_PRESENT, &image, &err));
	assert_int_equal(err.kind, ERROR_UNSUPPORTED);
	assert_non_null(strstr(err.message, "arm64"));
}

static void a_missing_tag_lists_what_there_is(void **state)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO(oci_image_clear) struct oci_image image = {0};
	(void)state;
	layout_make(folder, "tags", "1.22", "amd64", "x");
	assert_false(resolve("oci:tags:1.23", PULL_IF_NOT_PRESENT, &image, &err));
	assert_int_equal(err.kind, ERROR_NOT_FOUND);
	assert_non_null(strstr(err.message, "1.22"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_layout_is_brought_into_the_store_whole),
		cmocka_unit_test(a_new_image_in_the_folder_is_noticed),
		cmocka_unit_test(an_unchanged_image_writes_nothing),
		cmocka_unit_test(never_means_never),
		cmocka_unit_test(bytes_that_do_not_match_their_digest_are_refused),
		cmocka_unit_test(another_platform_is_named_in_the_error),
		cmocka_unit_test(a_missing_tag_lists_what_there_is),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
