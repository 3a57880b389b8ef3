/* SPDX-License-Identifier: Apache-2.0 */
#include "image/pod/prune.h"

#include <fcntl.h>
#include <string.h>

#include "base/alloc.h"
#include "base/path.h"
#include "image/build/image_layout.h"
#include "image/layer/build_record.h"
#include "image/layer/layer.h"
#include "image/oci/lock_file.h"
#include "image/oci/resolve.h"
#include "image/pod/verify.h"
#include "layout.h"
#include "test.h"

static char *folder;

static int setup(void **state)
{
	(void)state;
	folder = xstrdup("/tmp/i2kit-prune-XXXXXX");
	return mkdtemp(folder) == NULL ? -1 : 0;
}

static int teardown(void **state)
{
	(void)state;
	bool is_removed = path_remove_tree(folder, NULL);
	free(folder);
	return is_removed ? 0 : -1;
}

static struct store *open_store(const char *name)
{
	AUTO_FREE char *path = path_join(folder, name);
	struct store *store = store_open(path, NULL);
	assert_non_null(store);
	return store;
}

static void put(struct store *store, enum store_kind kind, const struct digest *digest,
		const char *bytes)
{
	AUTO_FREE char *path = store_path(store, kind, digest);
	assert_true(file_write_atomic(path, bytes, strlen(bytes), 0444, NULL));
}

static size_t prune(struct store *store, bool remove_all, bool is_dry_run,
		    const struct string_list *used)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO(prune_result_clear) struct prune_result result = {0};
	const struct prune_options options = {
		.remove_all = remove_all, .is_dry_run = is_dry_run, .used = used};
	if (!store_prune(store, &options, &result, &err))
		fail_msg("%s", err.message);
	return result.count;
}

static void pulled_images_stay_and_the_rest_goes(void **state)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_PTR(store) struct store *store = open_store("rest");
	AUTO(oci_image_clear) struct oci_image image = {0};
	const struct image_options options = {.folder = folder};
	struct digest orphan;
	(void)state;
	layout_make(folder, "one", "1", "amd64", "layer");
	assert_true(image_resolve(store, "oci:one", PULL_ALWAYS, &options, NULL, &image, &err));
	assert_true(store_write_blob(store, "orphan", 6, &orphan, &err));
	struct digest key = layer_store_key(&image.layers[0].diff_id);
	put(store, STORE_LAYER, &key, "converted");
	put(store, STORE_LAYER, &orphan, "orphan");
	assert_int_equal(prune(store, false, true, NULL), 2);
	assert_true(store_has(store, STORE_BLOB, &orphan));
	assert_int_equal(prune(store, false, false, NULL), 2);
	assert_false(store_has(store, STORE_BLOB, &orphan));
	assert_false(store_has(store, STORE_LAYER, &orphan));
	assert_true(store_has(store, STORE_LAYER, &key));
	assert_true(store_has(store, STORE_BLOB, &image.layers[0].digest));
	assert_int_equal(prune(store, false, false, NULL), 0);
	/* reference, manifest, config, layer, converted layer */
	assert_int_equal(prune(store, true, false, NULL), 5);
	assert_false(store_has(store, STORE_BLOB, &image.digest));
}

static bool is_same_image(const struct oci_image *one, const struct oci_image *other)
{
	bool is_same = strcmp(one->config_json, other->config_json) == 0 &&
		       one->layer_count == other->layer_count;
	for (size_t i = 0; is_same && i < one->layer_count; i++)
		is_same = digest_equal(&one->layers[i].digest, &other->layers[i].digest);
	return is_same;
}

/* Written, read by who reads layouts, and not left behind. */
static void an_images_layout_is_that_image_until_prune(void **state)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_PTR(store) struct store *store = open_store("layouts");
	AUTO_PTR(store) struct store *other = open_store("reader");
	AUTO(oci_image_clear) struct oci_image image = {0};
	AUTO(oci_image_clear) struct oci_image read = {0};
	const struct image_options options = {.folder = folder};
	AUTO_FREE char *first = NULL;
	AUTO_FREE char *second = NULL;
	(void)state;
	layout_make(folder, "two", "1", "amd64", "layer");
	assert_true(image_resolve(store, "oci:two", PULL_ALWAYS, &options, NULL, &image, &err));
	assert_true(image_layout_write(store, &image, &first, &err));
	assert_true(image_layout_write(store, &image, &second, &err));
	assert_string_equal(first, second);
	AUTO_FREE char *reference = xasprintf("oci:%s", first);
	assert_true(image_resolve(other, reference, PULL_ALWAYS, &options, NULL, &read, &err));
	assert_true(is_same_image(&image, &read));
	assert_int_equal(prune(store, false, true, NULL), 0);
	assert_true(path_exists(first));
	assert_int_equal(prune(store, false, false, NULL), 0);
	assert_false(path_exists(first));
	assert_true(store_has(store, STORE_BLOB, &image.layers[0].digest));
}

static void a_used_disk_stays_with_its_layers(void **state)
{
	AUTO_PTR(store) struct store *store = open_store("disks");
	AUTO(string_list_clear) struct string_list used = STRING_LIST_INIT;
	AUTO(build_record_clear) struct build_record record = {0};
	(void)state;
	struct digest disk = sha256_digest("disk", 4);
	struct digest other = sha256_digest("other", 5);
	struct digest layer = sha256_digest("layer", 5);
	put(store, STORE_DISK, &disk, "disk");
	put(store, STORE_DISK, &other, "other");
	put(store, STORE_LAYER, &layer, "layer");
	record.disk = disk;
	*ARRAY_APPEND(record.layers, record.layer_count) = layer;
	assert_true(build_record_write(store, &other, &record, NULL));
	string_list_addf(&used, "%.12s", DIGEST_HEX(&disk));
	assert_int_equal(prune(store, true, false, &used), 1);
	assert_true(store_has(store, STORE_DISK, &disk));
	assert_true(store_has(store, STORE_LAYER, &layer));
	assert_false(store_has(store, STORE_DISK, &other));
	assert_int_equal(prune(store, true, false, NULL), 3);
}

static void a_disk_that_a_vm_has_open_stays(void **state)
{
	AUTO_PTR(store) struct store *store = open_store("vm");
	struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = 100, .l_len = 1};
	(void)state;
	struct digest disk = sha256_digest("disk", 4);
	put(store, STORE_DISK, &disk, "disk");
	AUTO_FREE char *path = store_path(store, STORE_DISK, &disk);
	/* As QEMU locks what it reads. */
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(fcntl(fd, F_OFD_SETLK, &lock), 0);
	assert_int_equal(prune(store, true, false, NULL), 0);
	lock.l_type = F_UNLCK;
	assert_int_equal(fcntl(fd, F_OFD_SETLK, &lock), 0);
	assert_int_equal(prune(store, true, false, NULL), 1);
}

static void a_store_in_use_is_left_alone(void **state)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_PTR(store) struct store *store = open_store("busy");
	AUTO_PTR(store) struct store *other = open_store("busy");
	AUTO(prune_result_clear) struct prune_result result = {0};
	const struct prune_options options = {.remove_all = true};
	(void)state;
	assert_non_null(other);
	assert_false(store_prune(store, &options, &result, &err));
	assert_int_equal(err.kind, ERROR_BUSY);
}

static void verify_finds_and_repairs(void **state)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_PTR(store) struct store *store = open_store("verify");
	AUTO(verify_result_clear) struct verify_result clean = {0};
	AUTO(verify_result_clear) struct verify_result damaged = {0};
	AUTO(verify_result_clear) struct verify_result again = {0};
	struct digest digest;
	struct digest good;
	(void)state;
	assert_true(store_write_blob(store, "true", 4, &digest, &err));
	assert_true(store_write_blob(store, "good", 4, &good, &err));
	assert_true(store_verify(store, false, NULL, &clean, &err));
	assert_int_equal(clean.count, 0);
	assert_int_equal(clean.checked_files, 2);
	put(store, STORE_BLOB, &digest, "fake");
	assert_true(store_verify(store, true, NULL, &damaged, &err));
	assert_int_equal(damaged.count, 1);
	assert_true(damaged.faults[0].is_removed);
	assert_false(store_has(store, STORE_BLOB, &digest));
	assert_true(store_has(store, STORE_BLOB, &good));
	assert_true(store_verify(store, false, NULL, &again, &err));
	assert_int_equal(again.count, 0);
}

static void the_lock_file_keeps_its_other_lines(void **state)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_FREE char *path = path_join(folder, "i2kit.lock");
	AUTO_FREE char *text = NULL;
	struct digest found;
	(void)state;
	struct digest a = sha256_digest("a", 1);
	struct digest b = sha256_digest("b", 1);
	assert_true(lock_file_find(path, "z:1", &found, &err));
	assert_false(digest_is_set(&found));
	assert_true(lock_file_set(path, "z:1", &a, &err));
	assert_true(lock_file_set(path, "a:1", &a, &err));
	assert_true(lock_file_set(path, "z:1", &b, &err));
	assert_true(lock_file_find(path, "z:1", &found, &err));
	assert_true(digest_equal(&found, &b));
	assert_true(file_read(path, 4096, &text, NULL, &err));
	AUTO_FREE char *want =
		xasprintf("{\n  \"version\": 1,\n  \"images\": {\n    \"a:1\": \"%s\","
			  "\n    \"z:1\": \"%s\"\n  }\n}\n",
			  DIGEST_TEXT(&a), DIGEST_TEXT(&b));
	assert_string_equal(text, want);
	assert_true(file_write_atomic(path, "{\"version\":2}", 13, 0644, &err));
	assert_false(lock_file_find(path, "z:1", &found, &err));
	assert_int_equal(err.kind, ERROR_UNSUPPORTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pulled_images_stay_and_the_rest_goes),
		cmocka_unit_test(an_images_layout_is_that_image_until_prune),
		cmocka_unit_test(a_used_disk_stays_with_its_layers),
		cmocka_unit_test(a_disk_that_a_vm_has_open_stays),
		cmocka_unit_test(a_store_in_use_is_left_alone),
		cmocka_unit_test(verify_finds_and_repairs),
		cmocka_unit_test(the_lock_file_keeps_its_other_lines),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
