/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/pod_need.h"

#include "manifest/pod_text.h"

#define MIB ((uint64_t)1 << 20)

static struct pod_need need_of(const char *spec)
{
	AUTO(app_clear) struct app app = {0};

	load_pod(spec, &app);
	return pod_need_of(&app.pods[0]);
}

static void who_says_nothing_needs_nothing_in_particular(void **state)
{
	struct pod_need need = need_of("  containers:\n  - {name: a, image: a}\n"
				       "  - {name: b, image: b}\n");
	(void)state;
	assert_int_equal(need.cpu_millis, 0);
	assert_int_equal(need.memory_bytes, 0);
	assert_int_equal(need.side_by_side, 2);
}

static void limits_come_before_requests_and_the_silent_have_their_part(void **state)
{
	struct pod_need need = need_of(
		"  containers:\n"
		"  - {name: a, image: a, resources: {requests: {memory: 1Mi, cpu: 100m}, "
		"limits: {memory: 100Mi}}}\n"
		"  - {name: b, image: b, resources: {requests: {memory: 10Mi}, limits: {cpu: 2}}}\n"
		"  - {name: c, image: c}\n");
	(void)state;
	assert_int_equal(need.cpu_millis, 2100);
	assert_int_equal(need.memory_bytes, 174 * MIB);
}

static void a_sidecar_runs_beside_the_others(void **state)
{
	struct pod_need need = need_of(
		"  initContainers:\n"
		"  - {name: s, image: s, restartPolicy: Always, resources: {limits: {memory: "
		"512Mi, cpu: 1}}}\n"
		"  containers:\n"
		"  - {name: a, image: a, resources: {limits: {memory: 128Mi, cpu: 500m}}}\n");
	(void)state;
	assert_int_equal(need.cpu_millis, 1500);
	assert_int_equal(need.memory_bytes, 640 * MIB);
	assert_int_equal(need.side_by_side, 2);
}

static void an_init_container_runs_with_the_sidecars_before_it_alone(void **state)
{
	struct pod_need need =
		need_of("  initContainers:\n"
			"  - {name: s, image: s, restartPolicy: Always, resources: {limits: "
			"{memory: 100Mi}}}\n"
			"  - {name: i, image: i, resources: {limits: {memory: 1Gi, cpu: 3}}}\n"
			"  - {name: t, image: t, restartPolicy: Always, resources: {limits: "
			"{memory: 200Mi}}}\n"
			"  containers:\n"
			"  - {name: a, image: a, resources: {limits: {memory: 300Mi, cpu: 1}}}\n");
	(void)state;
	assert_int_equal(need.cpu_millis, 3000);
	assert_int_equal(need.memory_bytes, 1124 * MIB);
	assert_int_equal(need.side_by_side, 3);
}

static void sums_do_not_overflow(void **state)
{
	struct container_spec containers[3] = {0};
	const struct pod_spec pod = {.containers = containers, .container_count = 3};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		containers[i].resources.memory_limit_bytes = UINT64_MAX / 2;
		containers[i].resources.cpu_limit_millis = UINT64_MAX / 2;
	}
	struct pod_need need = pod_need_of(&pod);
	assert_true(need.memory_bytes == UINT64_MAX);
	assert_true(need.cpu_millis == UINT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_says_nothing_needs_nothing_in_particular),
		cmocka_unit_test(limits_come_before_requests_and_the_silent_have_their_part),
		cmocka_unit_test(a_sidecar_runs_beside_the_others),
		cmocka_unit_test(an_init_container_runs_with_the_sidecars_before_it_alone),
		cmocka_unit_test(sums_do_not_overflow),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
