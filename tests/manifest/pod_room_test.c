/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/pod_room.h"

#include "manifest/pod_text.h"

#define MIB ((uint64_t)1 << 20)
#define GIB ((uint64_t)1 << 30)

/* Of a pod whose spec ends with that text. */
static uint64_t size_of(const char *spec)
{
	AUTO(app_clear) struct app app = {0};

	load_pod(spec, &app);
	return pod_room_bytes(&app.pods[0]);
}

static void a_pod_that_says_nothing_has_ten_gibibytes(void **state)
{
	(void)state;
	assert_int_equal(size_of("  containers:\n  - {name: a, image: a}\n"), 10 * GIB);
	assert_int_equal(size_of("  containers:\n"
				 "  - {name: a, image: a}\n"
				 "  - {name: b, image: b, resources: {limits: {memory: 1Gi}}}\n"),
			 10 * GIB);
}

static void limits_of_all_are_the_size(void **state)
{
	(void)state;
	assert_int_equal(
		size_of("  containers:\n"
			"  - {name: a, image: a, resources: {limits: {ephemeral-storage: 1Gi}}}\n"
			"  - {name: b, image: b, resources: {limits: {ephemeral-storage: "
			"100M}}}\n"),
		GIB + 96 * MIB);
	/* ext4 needs a little. */
	assert_int_equal(
		size_of("  containers:\n"
			"  - {name: a, image: a, resources: {limits: {ephemeral-storage: 1}}}\n"),
		16 * MIB);
	/* Kubernetes counts emptyDirs in the limit. */
	assert_int_equal(
		size_of("  volumes:\n  - {name: e, emptyDir: {sizeLimit: 1Gi}}\n  containers:\n"
			"  - {name: a, image: a, resources: {limits: {ephemeral-storage: 2Gi}}}\n"),
		2 * GIB);
}

static void a_container_without_a_limit_keeps_the_default(void **state)
{
	(void)state;
	assert_int_equal(
		size_of("  containers:\n"
			"  - {name: a, image: a, resources: {limits: {ephemeral-storage: 1Gi}}}\n"
			"  - {name: b, image: b}\n"),
		11 * GIB);
	assert_int_equal(size_of("  containers:\n"
				 "  - {name: a, image: a, resources: {requests: "
				 "{ephemeral-storage: 1Gi}}}\n"),
			 10 * GIB);
	assert_int_equal(size_of("  containers:\n"
				 "  - {name: a, image: a, resources: {requests: "
				 "{ephemeral-storage: 30Gi}}}\n"),
			 30 * GIB);
}

static void nothing_stays_in_memory_unless_all_say_so(void **state)
{
	(void)state;
	assert_int_equal(
		size_of("  containers:\n"
			"  - {name: a, image: a, resources: {limits: {ephemeral-storage: 0}}}\n"
			"  - {name: b, image: b, resources: {limits: {ephemeral-storage: "
			"\"0\"}}}\n"),
		0);
	assert_int_equal(
		size_of("  containers:\n"
			"  - {name: a, image: a, resources: {limits: {ephemeral-storage: 0}}}\n"
			"  - {name: b, image: b}\n"),
		10 * GIB);
}

static void empty_dirs_on_disk_are_added(void **state)
{
	(void)state;
	assert_int_equal(size_of("  volumes:\n"
				 "  - {name: e, emptyDir: {sizeLimit: 20Gi}}\n"
				 "  - {name: f, emptyDir: {}}\n"
				 "  - {name: m, emptyDir: {medium: Memory, sizeLimit: 1Gi}}\n"
				 "  containers:\n  - {name: a, image: a}\n"),
			 30 * GIB);
}

/* Kubernetes gives them disks of their own, which limits.ephemeral-storage says nothing of. */
static void ephemeral_claims_have_their_own_room(void **state)
{
	static const char volumes[] = "  volumes:\n  - name: e\n    ephemeral:\n      "
				      "volumeClaimTemplate:\n        spec:\n"
				      "          accessModes: [ReadWriteOnce]\n"
				      "          resources: {requests: {storage: 5Gi}}\n";
	char text[2048];

	(void)state;
	(void)snprintf(text, sizeof(text), "%s  containers:\n  - {name: a, image: a}\n", volumes);
	assert_int_equal(size_of(text), 15 * GIB);
	(void)snprintf(text, sizeof(text),
		       "%s  containers:\n  - {name: a, image: a, resources: {limits: "
		       "{ephemeral-storage: 1Gi}}}\n",
		       volumes);
	assert_int_equal(size_of(text), 6 * GIB);
	(void)snprintf(text, sizeof(text),
		       "%s  containers:\n  - {name: a, image: a, resources: {limits: "
		       "{ephemeral-storage: 0}}}\n",
		       volumes);
	assert_int_equal(size_of(text), 5 * GIB);
}

static void init_containers_run_before_sidecars_beside(void **state)
{
	static const char main_one[] =
		"  containers:\n"
		"  - {name: a, image: a, resources: {limits: {ephemeral-storage: 1Gi}}}\n";
	char text[2048];

	(void)state;
	(void)snprintf(text, sizeof(text),
		       "%s  initContainers:\n"
		       "  - {name: i, image: i, resources: {limits: {ephemeral-storage: 3Gi}}}\n"
		       "  - {name: j, image: j}\n",
		       main_one);
	assert_int_equal(size_of(text), 3 * GIB);
	(void)snprintf(text, sizeof(text),
		       "%s  initContainers:\n"
		       "  - {name: s, image: s, restartPolicy: Always,\n"
		       "     resources: {limits: {ephemeral-storage: 1Gi}}}\n",
		       main_one);
	assert_int_equal(size_of(text), 2 * GIB);
	/* It runs already while the others begin. */
	(void)snprintf(text, sizeof(text),
		       "%s  initContainers:\n"
		       "  - {name: s, image: s, restartPolicy: Always,\n"
		       "     resources: {limits: {ephemeral-storage: 4Gi}}}\n"
		       "  - {name: i, image: i, resources: {limits: {ephemeral-storage: 8Gi}}}\n",
		       main_one);
	assert_int_equal(size_of(text), 12 * GIB);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pod_that_says_nothing_has_ten_gibibytes),
		cmocka_unit_test(limits_of_all_are_the_size),
		cmocka_unit_test(a_container_without_a_limit_keeps_the_default),
		cmocka_unit_test(nothing_stays_in_memory_unless_all_say_so),
		cmocka_unit_test(empty_dirs_on_disk_are_added),
		cmocka_unit_test(ephemeral_claims_have_their_own_room),
		cmocka_unit_test(init_containers_run_before_sidecars_beside),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
