/* SPDX-License-Identifier: Apache-2.0 */
#include "local/vm/volume_disk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"

#include "test.h"

static char home[] = "/tmp/i2kit-volume-disk.XXXXXX";

static int make_home(void **state)
{
	(void)state;
	return mkdtemp(home) == NULL || setenv("XDG_DATA_HOME", home, 1) != 0;
}

static int remove_home(void **state)
{
	(void)state;
	return path_remove_tree(home, NULL) ? 0 : -1;
}

static void auto_disk(struct vm_disk *disk)
{
	free(disk->path);
	free(disk->former_path);
}

static struct pod_plan *add_pod(struct project_plan *plan, const char *name, const char *claim,
				bool is_template)
{
	struct pod_plan *pod = ARRAY_APPEND(plan->pods, plan->pod_count);
	struct volume_plan *volume = ARRAY_APPEND(pod->volumes, pod->volume_count);

	pod->name = xstrdup(name);
	pod->replicas = 2;
	volume->name = xstrdup("v");
	volume->claim = xstrdup(claim);
	volume->is_template = is_template;
	volume->size_bytes = 1 << 20;
	return pod;
}

static struct project_plan make_plan(const char *project)
{
	return (struct project_plan){.project = xstrdup(project)};
}

static char *below(const char *project, const char *name)
{
	return xasprintf("%s/i2kit/volumes/%s/%s.qcow2", home, project, name);
}

static void put(const char *path, const char *text)
{
	AUTO_FREE char *folder = xstrndup(path, (size_t)(strrchr(path, '/') - path));

	assert_true(path_make_folders(folder, 0700, NULL));
	assert_true(file_write_atomic(path, text, strlen(text), 0600, NULL));
}

static void two_stateful_sets_with_claims_of_one_name_have_a_disk_each(void **state)
{
	AUTO(project_plan_clear) struct project_plan plan = make_plan("two");
	(void)state;

	add_pod(&plan, "alpha", "data", true);
	add_pod(&plan, "beta", "data", true);
	AUTO(auto_disk)
	struct vm_disk a = volume_disk_make(&plan, &plan.pods[0], plan.pods[0].volumes, 0);
	AUTO(auto_disk)
	struct vm_disk b = volume_disk_make(&plan, &plan.pods[1], plan.pods[1].volumes, 0);
	AUTO_FREE char *wanted = below("two", "data-alpha-0");
	assert_string_equal(a.path, wanted);
	assert_string_not_equal(a.path, b.path);
	assert_true(volume_disk_check(&plan, NULL));
}

static void the_disk_of_an_older_release_is_moved_with_what_is_on_it(void **state)
{
	AUTO(project_plan_clear) struct project_plan plan = make_plan("old");
	AUTO_FREE char *former = below("old", "data-1");
	AUTO_FREE char *text = NULL;
	(void)state;

	add_pod(&plan, "alpha", "data", true);
	put(former, "precious");
	AUTO(auto_disk)
	struct vm_disk disk = volume_disk_make(&plan, &plan.pods[0], plan.pods[0].volumes, 1);
	assert_true(volume_disk_provide(&disk, NULL));
	assert_true(file_read(disk.path, 64, &text, NULL, NULL));
	assert_string_equal(text, "precious");
	assert_false(path_exists(former));
	/* From now on it is what it is: nothing is moved over it. */
	put(former, "another");
	assert_true(volume_disk_provide(&disk, NULL));
	assert_true(path_exists(former));
}

static void a_disk_that_several_had_is_copied_for_each(void **state)
{
	AUTO(project_plan_clear) struct project_plan plan = make_plan("shared");
	AUTO_FREE char *former = below("shared", "data-0");
	(void)state;

	add_pod(&plan, "alpha", "data", true);
	add_pod(&plan, "beta", "data", true);
	struct vm_disk empty = {.path = former, .size_bytes = 1 << 20};
	assert_true(volume_disk_provide(&empty, NULL));
	for (size_t i = 0; i < 2; i++) {
		AUTO(auto_disk)
		struct vm_disk disk =
			volume_disk_make(&plan, &plan.pods[i], plan.pods[i].volumes, 0);
		assert_true(disk.has_other_heirs);
		assert_true(volume_disk_provide(&disk, NULL));
		assert_true(path_exists(disk.path));
		assert_true(path_exists(former));
	}
}

static void a_former_disk_that_cannot_be_copied_is_not_replaced_by_an_empty_one(void **state)
{
	AUTO(project_plan_clear) struct project_plan plan = make_plan("broken");
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_FREE char *former = below("broken", "data-0");
	(void)state;

	add_pod(&plan, "alpha", "data", true);
	add_pod(&plan, "web", "data-0", false);
	put(former, "no qcow2");
	AUTO(auto_disk)
	struct vm_disk disk = volume_disk_make(&plan, &plan.pods[0], plan.pods[0].volumes, 0);
	assert_true(disk.has_other_heirs);
	assert_false(volume_disk_provide(&disk, &err));
	assert_non_null(strstr(err.message, former));
	assert_false(path_exists(disk.path));
}

static void a_claim_of_a_name_that_a_template_makes_is_refused_with_both_pods(void **state)
{
	AUTO(project_plan_clear) struct project_plan plan = make_plan("clash");
	AUTO(error_clear) struct error err = ERROR_INIT;
	(void)state;

	add_pod(&plan, "y", "data-x", true);
	add_pod(&plan, "x-y", "data", true);
	assert_false(volume_disk_check(&plan, &err));
	assert_non_null(strstr(err.message, "'y'"));
	assert_non_null(strstr(err.message, "'x-y'"));
	assert_non_null(strstr(err.message, "'data-x-y-0'"));

	AUTO(project_plan_clear) struct project_plan other = make_plan("clash");
	add_pod(&other, "web", "data-db-1", false);
	add_pod(&other, "db", "data", true);
	error_clear(&err);
	assert_false(volume_disk_check(&other, &err));
	assert_non_null(strstr(err.message, "'data-db-1'"));
}

static void a_disk_grows_with_its_claim_and_never_shrinks(void **state)
{
	AUTO(project_plan_clear) struct project_plan plan = make_plan("grow");
	AUTO(error_clear) struct error err = ERROR_INIT;
	uint8_t sizes[2][8];
	(void)state;

	add_pod(&plan, "web", "data", false);
	for (uint64_t i = 0; i < 3; i++) {
		static const uint64_t wanted[] = {1 << 20, 3 << 20, 2 << 20};
		plan.pods[0].volumes[0].size_bytes = wanted[i];
		AUTO(auto_disk)
		struct vm_disk disk =
			volume_disk_make(&plan, &plan.pods[0], plan.pods[0].volumes, 0);
		assert_true(volume_disk_provide(&disk, &err));
		AUTO_FREE char *bytes = NULL;
		assert_true(file_read(disk.path, 4 << 20, &bytes, NULL, &err));
		memcpy(sizes[i > 0], bytes + 24, 8); /* big endian */
	}
	assert_int_equal(sizes[0][5], 0x10);
	assert_int_equal(sizes[1][5], 0x30);
}

static void that_a_disk_had_a_file_system_goes_with_its_file(void **state)
{
	AUTO_FREE char *path = below("mark", "data");
	AUTO_FREE char *moved = below("mark", "moved");
	(void)state;

	put(path, "a");
	assert_false(volume_disk_is_formatted(path));
	volume_disk_note_formatted(path);
	volume_disk_note_formatted(path);
	if (!volume_disk_is_formatted(path))
		skip(); /* a file system without attributes of users */
	assert_int_equal(rename(path, moved), 0);
	assert_true(volume_disk_is_formatted(moved));
	put(path, "b");
	assert_false(volume_disk_is_formatted(path));
}

static void a_claim_to_be_read_is_given_so_once_it_has_content(void **state)
{
	AUTO(project_plan_clear) struct project_plan plan = make_plan("read");
	AUTO_FREE char *full = xcalloc(1, 1 << 20);
	(void)state;

	memset(full, 'x', (1 << 20) - 1);
	struct pod_plan *pod = add_pod(&plan, "web", "data", false);
	pod->volumes[0].is_read_only = true;
	AUTO(auto_disk) struct vm_disk blank = volume_disk_make(&plan, pod, pod->volumes, 0);
	assert_false(blank.is_read_only);
	assert_true(volume_disk_provide(&blank, NULL));
	AUTO(auto_disk) struct vm_disk made = volume_disk_make(&plan, pod, pod->volumes, 0);
	assert_false(made.is_read_only);
	put(made.path, full);
	AUTO(auto_disk) struct vm_disk used = volume_disk_make(&plan, pod, pod->volumes, 0);
	assert_true(used.is_read_only);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_stateful_sets_with_claims_of_one_name_have_a_disk_each),
		cmocka_unit_test(the_disk_of_an_older_release_is_moved_with_what_is_on_it),
		cmocka_unit_test(a_disk_that_several_had_is_copied_for_each),
		cmocka_unit_test(a_disk_grows_with_its_claim_and_never_shrinks),
		cmocka_unit_test(that_a_disk_had_a_file_system_goes_with_its_file),
		cmocka_unit_test(
			a_former_disk_that_cannot_be_copied_is_not_replaced_by_an_empty_one),
		cmocka_unit_test(a_claim_to_be_read_is_given_so_once_it_has_content),
		cmocka_unit_test(a_claim_of_a_name_that_a_template_makes_is_refused_with_both_pods),
	};
	return cmocka_run_group_tests_name("volume_disk", tests, make_home, remove_home);
}
