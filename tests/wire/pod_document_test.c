/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/pod_document.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "random.h"
#include "test.h"

static void random_check(struct dice *dice, struct check *check, bool is_hook)
{
	static const enum check_kind kinds[] = {CHECK_EXEC, CHECK_HTTP, CHECK_TCP, CHECK_GRPC,
						CHECK_SLEEP};
	do {
		check->type = kinds[throw_dice(dice, 5)];
	} while (check->type == (is_hook ? CHECK_GRPC : CHECK_SLEEP));
	if (check->type == CHECK_EXEC) {
		string_list_take(&check->command, random_text(dice));
		random_texts(dice, &check->command);
	}
	if (check->type == CHECK_SLEEP)
		check->sleep_ms = throw_dice(dice, 100) * 1000;
	if (check->type == CHECK_EXEC || check->type == CHECK_SLEEP)
		return;
	check->host = random_text_or_null(dice);
	check->port = (uint16_t)(1 + throw_dice(dice, 65535));
	if (check->type == CHECK_GRPC)
		check->service = random_text_or_null(dice);
	if (check->type != CHECK_HTTP)
		return;
	check->path = random_text_or_null(dice);
	check->is_https = throw_bool(dice);
	for (uint64_t i = throw_dice(dice, 3); i > 0; i--)
		string_list_addf(&check->headers, "X-%u: a: b", (unsigned)i);
}

static void random_probe(struct dice *dice, struct probe_spec *probe)
{
	/* What absence means. */
	*probe = (struct probe_spec){.period_ms = 10000,
				     .timeout_ms = 1000,
				     .success_threshold = 1,
				     .failure_threshold = 3,
				     .grace_ms = -1};
	if (throw_bool(dice))
		return;
	random_check(dice, &probe->check, false);
	probe->initial_delay_ms = throw_dice(dice, 100) * 1000;
	probe->period_ms = (1 + throw_dice(dice, 100)) * 1000;
	probe->timeout_ms = (1 + throw_dice(dice, 100)) * 1000;
	probe->success_threshold = (unsigned)(1 + throw_dice(dice, 9));
	probe->failure_threshold = (unsigned)(1 + throw_dice(dice, 9));
	probe->grace_ms = (int64_t)throw_dice(dice, 100) * 1000;
}

static void random_hook(struct dice *dice, struct check *hook)
{
	if (throw_bool(dice))
		random_check(dice, hook, true);
}

static int64_t random_id(struct dice *dice)
{
	return throw_bool(dice) ? -1 : (int64_t)throw_dice(dice, UINT32_MAX);
}

static void random_security(struct dice *dice, struct container_security *security)
{
	security->user = random_id(dice);
	security->group = random_id(dice);
	security->is_non_root = throw_bool(dice);
	security->is_root_read_only = throw_bool(dice);
	security->has_no_new_privileges = throw_bool(dice);
	security->is_privileged = throw_bool(dice);
	security->is_seccomp_off = throw_bool(dice);
	security->has_metadata = throw_bool(dice);
	random_texts(dice, &security->add);
	random_texts(dice, &security->drop);
}

static void random_image_config(struct dice *dice, struct container_image *container)
{
	random_texts(dice, &container->entrypoint);
	random_texts(dice, &container->cmd);
	random_texts(dice, &container->env);
	container->working_dir = random_text_or_null(dice);
	container->user = random_text_or_null(dice);
	container->stop_signal = random_text_or_null(dice);
	for (uint64_t i = throw_dice(dice, 3); i > 0; i--)
		string_list_addf(&container->volumes, "/v%u", (unsigned)i);
}

static void random_layers(struct dice *dice, size_t layer_count, size_t **layers, size_t *count)
{
	for (uint64_t i = layer_count > 0 ? throw_dice(dice, 5) : 0; i > 0; i--)
		*ARRAY_APPEND(*layers, *count) = throw_dice(dice, layer_count);
}

static void random_limits(struct dice *dice, struct container_image *container)
{
	container->task_limit = throw_dice(dice, 3);
	container->cpu_shares = throw_dice(dice, 3);
	container->oom_score_adjustment = (int)throw_dice(dice, 2001) - 1000;
	container->has_init = throw_bool(dice);
	for (unsigned i = 0; i < RLIMIT_NAMES; i += 1 + (unsigned)throw_dice(dice, 8)) {
		uint64_t hard = throw_bool(dice) ? RLIMIT_NONE : throw_dice(dice, 1000);
		uint64_t soft = throw_bool(dice) ? hard : hard / 2 % 1000;
		*ARRAY_APPEND(container->rlimits, container->rlimit_count) =
			(struct rlimit_entry){i, soft, hard};
	}
}

static void random_more_hooks(struct dice *dice, struct check **hooks, size_t *count)
{
	for (uint64_t i = throw_dice(dice, 3); i > 0; i--) {
		struct check *hook = ARRAY_APPEND(*hooks, *count);
		random_check(dice, hook, true);
		random_pairs(dice, &hook->environment);
		hook->user = random_text_or_null(dice);
		hook->working_dir = random_text_or_null(dice);
	}
}

static void random_container(struct dice *dice, size_t layer_count,
			     struct container_image *container)
{
	container->name = random_label(dice);
	container->image = random_text_or_null(dice);
	container->image_digest = random_text_or_null(dice);
	random_layers(dice, layer_count, &container->layers, &container->layer_count);
	random_image_config(dice, container);
	container->has_command = throw_bool(dice);
	if (container->has_command)
		random_texts(dice, &container->command);
	container->has_args = throw_bool(dice);
	if (container->has_args)
		random_texts(dice, &container->args);
	container->wanted_working_dir = random_text_or_null(dice);
	container->is_sidecar = container->is_init && throw_bool(dice);
	container->has_stdin = throw_bool(dice);
	container->is_stdin_once = throw_bool(dice);
	container->has_tty = throw_bool(dice);
	for (uint64_t i = throw_dice(dice, 3); i > 0; i--)
		*ARRAY_APPEND(container->ports, container->port_count) =
			(struct port_entry){.name = random_text_or_null(dice),
					    .port = (uint16_t)(1 + throw_dice(dice, 65535)),
					    .protocol = (enum protocol)throw_dice(dice, PROTOCOLS)};
	container->cpu_request_millis = throw_dice(dice, 3);
	container->cpu_limit_millis = throw_dice(dice, 3);
	container->memory_request_bytes = throw_dice(dice, UINT64_C(1) << 40);
	container->memory_limit_bytes = throw_dice(dice, 3);
	container->ephemeral_request_bytes = throw_dice(dice, 3);
	container->ephemeral_limit_bytes = throw_dice(dice, 3);
	random_limits(dice, container);
	random_more_hooks(dice, &container->more_post_starts, &container->more_post_start_count);
	random_more_hooks(dice, &container->more_pre_stops, &container->more_pre_stop_count);
	random_probe(dice, &container->startup);
	random_probe(dice, &container->readiness);
	random_probe(dice, &container->liveness);
	random_hook(dice, &container->post_start);
	random_hook(dice, &container->pre_stop);
	random_security(dice, &container->security);
	container->termination_path = random_text_or_null(dice);
}

static void random_image_volume(struct dice *dice, size_t layer_count, struct image_volume *volume)
{
	volume->name = random_label(dice);
	volume->image = random_text_or_null(dice);
	volume->image_digest = random_text_or_null(dice);
	random_layers(dice, layer_count, &volume->layers, &volume->layer_count);
}

static void random_pod(struct dice *dice, struct pod_image *pod)
{
	pod->pod = random_text(dice);
	pod->namespace = random_text_or_null(dice);
	pod->workload = (enum workload_kind)throw_dice(dice, WORKLOAD_KINDS);
	pod->restart_policy = (enum restart_policy)throw_dice(dice, RESTART_POLICIES);
	pod->grace_ms = throw_dice(dice, 100) * 1000;
	pod->active_deadline_ms = throw_dice(dice, 100) * 1000;
	pod->backoff_limit = throw_bool(dice) ? -1 : (int64_t)throw_dice(dice, 100);
	pod->restart_limit = throw_dice(dice, 3);
	random_pairs(dice, &pod->sysctls);
	pod->fs_group = random_id(dice);
	for (uint64_t i = throw_dice(dice, 3); i > 0; i--)
		*ARRAY_APPEND(pod->supplemental_groups, pod->supplemental_group_count) =
			(uint32_t)throw_dice(dice, UINT32_MAX);
	pod->base_name = random_text(dice);
	pod->base_uuid = random_text_or_null(dice);
	pod->base_digest = random_text_or_null(dice);
	for (uint64_t i = throw_dice(dice, 4); i > 0; i--)
		*ARRAY_APPEND(pod->layers, pod->layer_count) =
			(struct layer_entry){.name = random_label(dice),
					     .uuid = random_text_or_null(dice),
					     .digest = random_text_or_null(dice),
					     .diff_id = random_text_or_null(dice)};
	for (uint64_t i = throw_dice(dice, 3); i > 0; i--)
		random_image_volume(dice, pod->layer_count,
				    ARRAY_APPEND(pod->volumes, pod->volume_count));
	pod->shares_processes = throw_bool(dice);
	uint64_t init_count = throw_dice(dice, 3);
	for (uint64_t i = 0; i < init_count + throw_dice(dice, 4); i++) {
		struct container_image *container =
			ARRAY_APPEND(pod->containers, pod->container_count);
		container->is_init = i < init_count;
		random_container(dice, pod->layer_count, container);
	}
}

static void assert_same_check(const struct check *a, const struct check *b)
{
	ASSERT_SAME(type);
	ASSERT_SAME_TEXTS(command);
	ASSERT_SAME_TEXT(host);
	ASSERT_SAME(port);
	ASSERT_SAME_TEXT(path);
	ASSERT_SAME(is_https);
	ASSERT_SAME_TEXTS(headers);
	ASSERT_SAME_TEXT(service);
	ASSERT_SAME_TEXTS(environment);
	ASSERT_SAME_TEXT(user);
	ASSERT_SAME_TEXT(working_dir);
	ASSERT_SAME(sleep_ms);
}

static void assert_same_probe(const struct probe_spec *a, const struct probe_spec *b)
{
	assert_same_check(&a->check, &b->check);
	ASSERT_SAME(initial_delay_ms);
	ASSERT_SAME(period_ms);
	ASSERT_SAME(timeout_ms);
	ASSERT_SAME(success_threshold);
	ASSERT_SAME(failure_threshold);
	ASSERT_SAME(grace_ms);
}

static void assert_same_security(const struct container_security *a,
				 const struct container_security *b)
{
	ASSERT_SAME(user);
	ASSERT_SAME(group);
	ASSERT_SAME(is_non_root);
	ASSERT_SAME(is_root_read_only);
	ASSERT_SAME(has_no_new_privileges);
	ASSERT_SAME(is_privileged);
	ASSERT_SAME_TEXTS(add);
	ASSERT_SAME_TEXTS(drop);
	ASSERT_SAME(is_seccomp_off);
	ASSERT_SAME(has_metadata);
}

static void assert_same_port(const struct port_entry *a, const struct port_entry *b)
{
	ASSERT_SAME_TEXT(name);
	ASSERT_SAME(port);
	ASSERT_SAME(protocol);
}

static void assert_same_index(const size_t *a, const size_t *b)
{
	assert_int_equal(*a, *b);
}

static void assert_same_group(const uint32_t *a, const uint32_t *b)
{
	assert_int_equal(*a, *b);
}

static void assert_same_rlimit(const struct rlimit_entry *a, const struct rlimit_entry *b)
{
	ASSERT_SAME(kind);
	ASSERT_SAME(soft);
	ASSERT_SAME(hard);
}

static void assert_same_container(const struct container_image *a, const struct container_image *b)
{
	ASSERT_SAME_TEXT(name);
	ASSERT_SAME_TEXT(image);
	ASSERT_SAME_TEXT(image_digest);
	ASSERT_SAME_LIST(layers, layer_count, assert_same_index);
	ASSERT_SAME_TEXTS(entrypoint);
	ASSERT_SAME_TEXTS(cmd);
	ASSERT_SAME_TEXTS(env);
	ASSERT_SAME_TEXT(working_dir);
	ASSERT_SAME_TEXT(user);
	ASSERT_SAME_TEXT(stop_signal);
	ASSERT_SAME_TEXTS(volumes);
	ASSERT_SAME(has_command);
	ASSERT_SAME_TEXTS(command);
	ASSERT_SAME(has_args);
	ASSERT_SAME_TEXTS(args);
	ASSERT_SAME_TEXT(wanted_working_dir);
	ASSERT_SAME(is_init);
	ASSERT_SAME(is_sidecar);
	ASSERT_SAME(has_stdin);
	ASSERT_SAME(is_stdin_once);
	ASSERT_SAME(has_tty);
	ASSERT_SAME_LIST(ports, port_count, assert_same_port);
	ASSERT_SAME(cpu_request_millis);
	ASSERT_SAME(cpu_limit_millis);
	ASSERT_SAME(memory_request_bytes);
	ASSERT_SAME(memory_limit_bytes);
	ASSERT_SAME(ephemeral_request_bytes);
	ASSERT_SAME(ephemeral_limit_bytes);
	ASSERT_SAME(task_limit);
	ASSERT_SAME(cpu_shares);
	ASSERT_SAME(oom_score_adjustment);
	ASSERT_SAME(has_init);
	ASSERT_SAME_LIST(rlimits, rlimit_count, assert_same_rlimit);
	ASSERT_SAME_LIST(more_post_starts, more_post_start_count, assert_same_check);
	ASSERT_SAME_LIST(more_pre_stops, more_pre_stop_count, assert_same_check);
	assert_same_probe(&a->startup, &b->startup);
	assert_same_probe(&a->readiness, &b->readiness);
	assert_same_probe(&a->liveness, &b->liveness);
	assert_same_check(&a->post_start, &b->post_start);
	assert_same_check(&a->pre_stop, &b->pre_stop);
	assert_same_security(&a->security, &b->security);
	ASSERT_SAME_TEXT(termination_path);
}

static void assert_same_layer(const struct layer_entry *a, const struct layer_entry *b)
{
	ASSERT_SAME_TEXT(name);
	ASSERT_SAME_TEXT(uuid);
	ASSERT_SAME_TEXT(digest);
	ASSERT_SAME_TEXT(diff_id);
}

static void assert_same_volume(const struct image_volume *a, const struct image_volume *b)
{
	ASSERT_SAME_TEXT(name);
	ASSERT_SAME_TEXT(image);
	ASSERT_SAME_TEXT(image_digest);
	ASSERT_SAME_LIST(layers, layer_count, assert_same_index);
}

static void assert_same_pod(const struct pod_image *a, const struct pod_image *b)
{
	ASSERT_SAME_TEXT(pod);
	ASSERT_SAME_TEXT(namespace);
	ASSERT_SAME(workload);
	ASSERT_SAME(restart_policy);
	ASSERT_SAME(grace_ms);
	ASSERT_SAME(active_deadline_ms);
	ASSERT_SAME(backoff_limit);
	ASSERT_SAME(restart_limit);
	ASSERT_SAME_TEXTS(sysctls);
	ASSERT_SAME(fs_group);
	ASSERT_SAME_LIST(supplemental_groups, supplemental_group_count, assert_same_group);
	ASSERT_SAME_TEXT(base_name);
	ASSERT_SAME_TEXT(base_uuid);
	ASSERT_SAME_TEXT(base_digest);
	ASSERT_SAME_LIST(layers, layer_count, assert_same_layer);
	ASSERT_SAME_LIST(volumes, volume_count, assert_same_volume);
	ASSERT_SAME(shares_processes);
	ASSERT_SAME_LIST(containers, container_count, assert_same_container);
}

static void what_is_written_reads_the_same(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 300; seed++) {
		struct dice dice = {seed * UINT64_C(0x9e3779b97f4a7c15)};
		AUTO(pod_image_clear) struct pod_image pod = {0};
		AUTO(pod_image_clear) struct pod_image again = {0};
		AUTO(error_clear) struct error err = ERROR_INIT;
		random_pod(&dice, &pod);
		AUTO_FREE char *text = pod_document_write(&pod, &err);
		assert_non_null(text);
		if (!pod_document_read(text, strlen(text), "pod", &again, &err))
			fail_msg("seed %u: %s: %s", (unsigned)seed, err.message, text);
		assert_same_pod(&pod, &again);
	}
}

static void assert_refused(const char *text, const char *why)
{
	AUTO(pod_image_clear) struct pod_image pod = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	assert_false(pod_document_read(text, strlen(text), "pod.json", &pod, &err));
	assert_string_equal(err.message, why);
}

static void a_newer_document_is_refused_with_a_word(void **state)
{
	(void)state;
	assert_refused("{\"version\":2,\"pod\":\"a\",\"base\":{\"name\":\"b\"}}",
		       "pod.json: 'version' is 2: a newer i2kit wrote this, and this one reads "
		       "version 1");
}

static void faults_are_named_by_their_place(void **state)
{
	(void)state;
	assert_refused("{\"pod\":\"a\",\"base\":{}}", "pod.json: 'base.name' is missing");
	assert_refused(
		"{\"pod\":\"a\",\"base\":{\"name\":\"b\"},\"containers\":[{\"name\":\"../x\"}]}",
		"pod.json: 'containers[0].name' is no DNS label");
	assert_refused(
		"{\"pod\":\"a\",\"base\":{\"name\":\"b\"},\"volumes\":[{\"name\":\"../x\"}]}",
		"pod.json: 'volumes[0].name' is no DNS label");
	assert_refused("{\"pod\":\"a\",\"base\":{\"name\":\"b\"},\"layers\":[{\"name\":\"l\"}],"
		       "\"volumes\":[{\"name\":\"x\",\"layers\":[1]}]}",
		       "pod.json: 'volumes[0].layers[0]' is not a whole number from 0 to 0");
	assert_refused("{\"pod\":\"a\",\"base\":{\"name\":\"b\"},\"restartPolicy\":\"Sometimes\"}",
		       "pod.json: 'restartPolicy' is none of Always, OnFailure, Never");
}

static void a_numeric_user_arrives_as_a_number(void **state)
{
	static const char text[] = "{\"version\":1,\"pod\":\"a\",\"base\":{\"name\":\"b\"},"
				   "\"containers\":[{\"name\":\"c\","
				   "\"security\":{\"user\":1234,\"group\":0}}]}";
	AUTO(pod_image_clear) struct pod_image pod = {0};
	(void)state;
	assert_true(pod_document_read(text, strlen(text), "pod.json", &pod, NULL));
	assert_int_equal(pod.containers[0].security.user, 1234);
	assert_int_equal(pod.containers[0].security.group, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_reads_the_same),
		cmocka_unit_test(a_newer_document_is_refused_with_a_word),
		cmocka_unit_test(faults_are_named_by_their_place),
		cmocka_unit_test(a_numeric_user_arrives_as_a_number),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
