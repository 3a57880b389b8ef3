/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "guest/channel/log_ring.h"
#include "guest/documents/elf_needed.h"
#include "guest/documents/environment.h"
#include "guest/documents/image_user.h"
#include "guest/documents/name_files.h"
#include "guest/documents/oci_config.h"
#include "guest/documents/run_start.h"
#include "test.h"
#include "wire/frame.h"

static const char pod_text[] =
	"{\"version\":1,\"pod\":\"web\",\"namespace\":\"shop\",\"workload\":\"Deployment\","
	"\"restartPolicy\":\"Always\",\"terminationGracePeriodSeconds\":30,\"fsGroup\":2000,"
	"\"supplementalGroups\":[3000],\"base\":{\"name\":\"i2kit-base\"},"
	"\"layers\":[{\"name\":\"i2kit-layer-000\"}],\"initContainers\":[],\"containers\":["
	"{\"name\":\"main\",\"image\":\"x\",\"layers\":[0],\"config\":{\"Entrypoint\":[\"/entry\"],"
	"\"Cmd\":[\"serve\"],\"Env\":[\"PATH=/bin\",\"LANG=C\"],\"User\":\"app\","
	"\"WorkingDir\":\"/srv\",\"StopSignal\":\"SIGQUIT\"},\"args\":[\"--name\",\"$(LANG)\"],"
	"\"resources\":{\"cpuLimitMillis\":500,\"memoryLimitBytes\":67108864},"
	"\"security\":{\"drop\":[\"ALL\"],\"add\":[\"NET_ADMIN\"],\"readOnlyRoot\":true,"
	"\"allowPrivilegeEscalation\":false,\"nonRoot\":true}}]}";

static const char release_text[] =
	"{\"i2kit\":{\"config\":{\"version\":1,\"labels\":{\"app\":\"web\"},\"annotations\":{},"
	"\"containers\":{\"main\":{\"envFrom\":[{\"prefix\":\"P_\",\"configMap\":\"m\"}],\"env\":["
	"{\"name\":\"LANG\",\"value\":\"de\"},{\"name\":\"X\",\"value\":\"$(P_k)$(NONE)$$(P_k)\"},"
	"{\"name\":\"IP\",\"field\":\"status.podIP\"},"
	"{\"name\":\"MEM\",\"resource\":\"limits.memory\",\"divisor\":\"1Mi\"},"
	"{\"name\":\"CPU\",\"resource\":\"limits.cpu\"},"
	"{\"name\":\"S\",\"secret\":\"s\",\"key\":\"k\"},"
	"{\"name\":\"O\",\"secret\":\"s\",\"key\":\"nope\",\"optional\":true}]}},\"volumes\":[],"
	"\"configMaps\":{\"m\":{\"k\":{\"text\":\"v\"},\"not ok\":{\"text\":\"x\"}}},"
	"\"secrets\":{\"s\":{\"k\":{\"base64\":\"c2VjcmV0\"}}}},"
	"\"instance\":{\"version\":1,\"instance\":\"web-0\",\"where\":\"local\","
	"\"serviceEnv\":[\"DB_SERVICE_HOST=10.0.0.9\"]}}}";

static const struct env_facts facts = {.address = "10.0.0.5",
				       .hostname = "web-0",
				       .memory_bytes = (uint64_t)128 << 20,
				       .cpu_count = 1};

static void read_both(struct pod_image *pod, struct release *release)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	assert_true(pod_document_read(pod_text, strlen(pod_text), "pod.json", pod, &err));
	assert_true(release_document_read(release_text, strlen(release_text), release, &err));
}

static void the_environment_has_kubernetes_order_and_expansion(void **state)
{
	(void)state;
	AUTO(pod_image_clear) struct pod_image pod = {0};
	AUTO(release_clear) struct release release = {0};
	AUTO(string_list_clear) struct string_list env = STRING_LIST_INIT;
	read_both(&pod, &release);
	assert_true(environment_make(&pod, &release, &pod.containers[0], &facts, &env, NULL));
	AUTO_FREE char *text = string_list_join(&env, "|");
	assert_string_equal(text, "PATH=/bin|HOSTNAME=web-0|LANG=de|DB_SERVICE_HOST=10.0.0.9|P_k=v|"
				  "X=v$(NONE)$(P_k)|IP=10.0.0.5|MEM=64|CPU=1|S=secret");
}

static void a_missing_secret_is_named(void **state)
{
	(void)state;
	AUTO(pod_image_clear) struct pod_image pod = {0};
	AUTO(release_clear) struct release release = {0};
	AUTO(string_list_clear) struct string_list env = STRING_LIST_INIT;
	AUTO(error_clear) struct error err = ERROR_INIT;
	read_both(&pod, &release);
	free(release.maps[1].entries[0].key);
	release.maps[1].entries[0].key = strdup("other");
	assert_false(environment_make(&pod, &release, &pod.containers[0], &facts, &env, &err));
	assert_string_equal(err.message, "env 'S': secret 's' has no key 'k'");
}

static void the_runtime_configuration_is_the_golden_one(void **state)
{
	(void)state;
	AUTO(pod_image_clear) struct pod_image pod = {0};
	AUTO(release_clear) struct release release = {0};
	AUTO(string_list_clear) struct string_list env = STRING_LIST_INIT;
	read_both(&pod, &release);
	assert_true(environment_make(&pod, &release, &pod.containers[0], &facts, &env, NULL));
	AUTO(image_user_clear)
	struct image_user user = {.uid = 1000, .gid = 1000, .home = strdup("/home/app")};
	char source[] = "/run/i2kit/etc/hosts";
	char destination[] = "/etc/hosts";
	struct oci_mount mount = {source, destination, false, false};
	struct oci_plan plan = {.pod = &pod,
				.container = &pod.containers[0],
				.root_path = "/run/i2kit/c/main/root",
				.cgroup_path = "/i2kit/main",
				.environment = &env,
				.user = &user,
				.mounts = &mount,
				.mount_count = 1,
				.memory_limit_bytes = pod.containers[0].memory_limit_bytes};
	AUTO_FREE char *text = oci_config_make(&plan, NULL);
	AUTO_FREE char *path = path_join(getenv("I2KIT_GOLDEN"), "config.json");
	if (getenv("I2KIT_UPDATE_GOLDEN") != NULL)
		assert_true(file_write_atomic(path, text, strlen(text), 0644, NULL));
	AUTO_FREE char *golden = NULL;
	assert_true(file_read(path, 1 << 20, &golden, NULL, NULL));
	assert_string_equal(text, golden);
	/* One of several leaves processes to its neighbours. */
	assert_null(strstr(text, "\"pids\""));
	plan.task_limit = 640;
	AUTO_FREE char *limited = oci_config_make(&plan, NULL);
	assert_non_null(strstr(limited, "\"pids\":{\"limit\":640}"));
}

static void shared_processes_and_images_are_the_runtimes_to_set_up(void **state)
{
	(void)state;
	AUTO(pod_image_clear) struct pod_image pod = {0};
	AUTO(release_clear) struct release release = {0};
	struct string_list env = STRING_LIST_INIT;
	char home[] = "/", source[] = "/v", destination[] = "/files";
	struct image_user user = {.uid = 1, .home = home};
	struct oci_mount mount = {source, destination, .is_read_only = true, .is_noexec = true};
	struct oci_plan plan = {.pod = &pod,
				.container = NULL,
				.root_path = "/r",
				.cgroup_path = "/c",
				.process_namespace = "/proc/40/ns/pid",
				.environment = &env,
				.user = &user,
				.mounts = &mount,
				.mount_count = 1};
	read_both(&pod, &release);
	plan.container = &pod.containers[0];
	AUTO_FREE char *text = oci_config_make(&plan, NULL);
	assert_non_null(strstr(text, "{\"type\":\"pid\",\"path\":\"/proc/40/ns/pid\"}"));
	assert_non_null(strstr(text,
			       "{\"destination\":\"/files\",\"type\":\"bind\",\"source\":\"/v\","
			       "\"options\":[\"rbind\",\"rprivate\",\"ro\",\"noexec\",\"nosuid\","
			       "\"nodev\"]}"));
}

static void limits_are_said_to_the_runtime(void **state)
{
	(void)state;
	AUTO(pod_image_clear) struct pod_image pod = {0};
	AUTO(release_clear) struct release release = {0};
	struct string_list env = STRING_LIST_INIT;
	char home[] = "/";
	struct image_user user = {.uid = 1, .home = home};
	struct oci_plan plan = {.pod = &pod,
				.root_path = "/r",
				.cgroup_path = "/c",
				.environment = &env,
				.user = &user,
				.task_limit = 77};
	read_both(&pod, &release);
	struct container_image *container = &pod.containers[0];
	plan.container = container;
	container->oom_score_adjustment = -1000;
	container->cpu_shares = 512;
	*ARRAY_APPEND(container->rlimits, container->rlimit_count) =
		(struct rlimit_entry){6, RLIMIT_NONE, RLIMIT_NONE};
	AUTO_FREE char *text = oci_config_make(&plan, NULL);
	assert_non_null(strstr(text, "\"rlimits\":[{\"type\":\"RLIMIT_MEMLOCK\",\"hard\":"
				     "18446744073709551615,\"soft\":18446744073709551615},"
				     "{\"type\":\"RLIMIT_NOFILE\",\"hard\":1048576,\"soft\":"
				     "1048576}]"));
	assert_non_null(strstr(text, "\"oomScoreAdj\":-998"));
	assert_non_null(strstr(text, "\"pids\":{\"limit\":77}"));
	assert_non_null(strstr(text, "\"cpu\":{\"shares\":512,"));
	container->rlimits[0] = (struct rlimit_entry){9, 5, 6};
	AUTO_FREE char *own = oci_config_make(&plan, NULL);
	assert_non_null(strstr(own, "\"rlimits\":[{\"type\":\"RLIMIT_NOFILE\",\"hard\":6,"
				    "\"soft\":5}]"));
}

static void run_as_non_root_refuses_root(void **state)
{
	(void)state;
	AUTO(pod_image_clear) struct pod_image pod = {0};
	AUTO(release_clear) struct release release = {0};
	AUTO(string_list_clear) struct string_list env = STRING_LIST_INIT;
	AUTO(error_clear) struct error err = ERROR_INIT;
	read_both(&pod, &release);
	char home[] = "/";
	struct image_user root = {.home = home};
	struct oci_plan plan = {.pod = &pod,
				.container = &pod.containers[0],
				.root_path = "/r",
				.cgroup_path = "/c",
				.environment = &env,
				.user = &root};
	assert_null(oci_config_make(&plan, &err));
	assert_int_equal(err.kind, ERROR_DENIED);
}

static void a_privileged_container_has_devices_and_every_capability(void **state)
{
	(void)state;
	struct container_security all = {.is_privileged = true};
	struct container_security none = {0};
	assert_true(container_has_capability(&all, "SYS_MODULE"));
	assert_false(container_has_capability(&none, "NET_ADMIN"));
	assert_true(container_has_capability(&none, "CHOWN"));

	AUTO(pod_image_clear) struct pod_image pod = {0};
	AUTO(release_clear) struct release release = {0};
	struct string_list env = STRING_LIST_INIT;
	read_both(&pod, &release);
	char home[] = "/";
	char tun[] = "/dev/net/tun";
	char disk[] = "/dev/vda";
	struct image_user user = {.uid = 1, .home = home};
	struct oci_device items[] = {{tun, false, 10, 200, 0666}, {disk, true, 253, 0, 0600}};
	struct oci_device_list devices = {.items = items, .count = 2};
	struct oci_plan plan = {.pod = &pod,
				.container = &pod.containers[0],
				.root_path = "/r",
				.cgroup_path = "/c",
				.environment = &env,
				.user = &user,
				.devices = &devices};
	AUTO_FREE char *text = oci_config_make(&plan, NULL);
	assert_non_null(strstr(text, "\"devices\":[{\"path\":\"/dev/net/tun\",\"type\":\"c\","
				     "\"major\":10,\"minor\":200,\"fileMode\":438},"
				     "{\"path\":\"/dev/vda\",\"type\":\"b\",\"major\":253,"
				     "\"minor\":0,\"fileMode\":384}]"));
}

/* Sockets of frames hear what the guest is told by the cloud: for who may be the instance alone. */
static void packet_sockets_are_for_those_that_may_be_the_instance(void **state)
{
	(void)state;
	static const char packet[] = "\"names\":[\"socket\"],\"action\":\"SCMP_ACT_ERRNO\","
				     "\"errnoRet\":1,\"args\":[{\"index\":0,\"value\":17";
	for (unsigned bits = 0; bits < 8; bits++) {
		AUTO(pod_image_clear) struct pod_image pod = {0};
		AUTO(release_clear) struct release release = {0};
		struct string_list env = STRING_LIST_INIT;
		char home[] = "/";
		struct image_user user = {.uid = 1, .home = home};
		read_both(&pod, &release);
		struct container_security *security = &pod.containers[0].security;
		security->is_privileged = (bits & 1U) != 0;
		security->is_seccomp_off = (bits & 2U) != 0;
		security->has_metadata = (bits & 4U) != 0;
		struct oci_plan plan = {.pod = &pod,
					.container = &pod.containers[0],
					.root_path = "/r",
					.cgroup_path = "/c",
					.environment = &env,
					.user = &user};
		AUTO_FREE char *text = oci_config_make(&plan, NULL);
		bool is_kept_off = !security->is_privileged && !security->has_metadata;
		assert_int_equal(strstr(text, packet) != NULL, is_kept_off);
		assert_int_equal(strstr(text, "\"socketcall\"") != NULL, is_kept_off);
		assert_int_equal(strstr(text, "\"kexec_load\"") != NULL,
				 !security->is_privileged && !security->is_seccomp_off);
		assert_int_equal(strstr(text, "\"seccomp\"") != NULL,
				 is_kept_off ||
					 (!security->is_privileged && !security->is_seccomp_off));
	}
}

static void expect_argv(bool has_command, bool has_args, const char *wanted)
{
	struct container_image container = {.has_command = has_command, .has_args = has_args};
	AUTO(string_list_clear) struct string_list argv = STRING_LIST_INIT;
	struct string_list none = STRING_LIST_INIT;
	string_list_add(&container.entrypoint, "entry");
	string_list_add(&container.cmd, "cmd");
	if (has_command)
		string_list_add(&container.command, "command");
	if (has_args)
		string_list_add(&container.args, "args");
	assert_true(container_argv(&container, &none, &argv, NULL));
	AUTO_FREE char *text = string_list_join(&argv, " ");
	assert_string_equal(text, wanted);
	string_list_clear(&container.entrypoint);
	string_list_clear(&container.cmd);
	string_list_clear(&container.command);
	string_list_clear(&container.args);
}

static void command_and_args_replace_what_kubernetes_says_they_replace(void **state)
{
	(void)state;
	expect_argv(false, false, "entry cmd");
	expect_argv(false, true, "entry args");
	expect_argv(true, false, "command");
	expect_argv(true, true, "command args");
}

static void stop_signals_are_names_or_numbers(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int signal;
	} cases[] = {{NULL, 15}, {"SIGQUIT", 3},     {"QUIT", 3},
		     {"9", 9},	 {"SIGRTMIN+3", 37}, {"NO", 15}};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct container_image container = {.stop_signal =
							    (char *)(uintptr_t)cases[i].text};
		assert_int_equal(container_stop_signal(&container), cases[i].signal);
	}
}

static const char passwd[] = "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1001::/app:/bin/sh\n";
static const char group[] = "root:x:0:\nstaff:x:50:app,other\nwheel:x:10:root\n";

static void expect_user(const char *who, const char *forced, uint32_t uid, uint32_t gid,
			size_t groups, const char *home)
{
	AUTO(image_user_clear) struct image_user user = {0};
	assert_true(image_user_find(who, forced, passwd, group, &user, NULL));
	assert_int_equal(user.uid, uid);
	assert_int_equal(user.gid, gid);
	assert_int_equal(user.group_count, groups);
	assert_string_equal(user.home, home);
}

static void users_are_found_by_name_and_by_number(void **state)
{
	(void)state;
	expect_user("", NULL, 0, 0, 1, "/root");
	expect_user("app", NULL, 1000, 1001, 1, "/app");
	expect_user("1000", NULL, 1000, 1001, 1, "/app");
	expect_user("app:staff", NULL, 1000, 50, 0, "/app");
	expect_user("4711:4712", NULL, 4711, 4712, 0, "/");
	expect_user("4711", "7", 4711, 7, 0, "/");
	AUTO(image_user_clear) struct image_user user = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	assert_false(image_user_find("nobody", NULL, passwd, group, &user, &err));
	assert_string_equal(err.message, "user 'nobody' is not in the image's /etc/passwd");
}

static void what_leaves_its_place_is_refused(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"{\"i2kit\":{\"config\":{\"volumes\":[{\"name\":\"../"
		"x\",\"kind\":\"emptyDir\"}]},\"instance\":{}}}",
		"{\"i2kit\":{\"config\":{\"configMaps\":{\"m\":{\"..\":{\"text\":\"\"}}}},"
		"\"instance\":{}}}",
		"{\"i2kit\":{\"config\":{\"volumes\":[{\"name\":\"v\",\"kind\":\"secret\","
		"\"items\":["
		"{\"key\":\"k\",\"path\":\"a/../../b\"}]}]},\"instance\":{}}}",
		"{\"i2kit\":{\"config\":{\"containers\":{\"c\":{\"mounts\":[{\"volume\":\"v\","
		"\"path\":\"/\","
		"\"subPath\":\"../x\"}]}}},\"instance\":{}}}",
		"{\"i2kit\":{\"config\":{},\"instance\":{\"hosts\":[{\"ip\":\"1 "
		"2\",\"names\":[]}]}}}",
		"{\"i2kit\":{\"config\":{}}}",
		"[]",
		"",
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		AUTO(release_clear) struct release release = {0};
		AUTO(error_clear) struct error err = ERROR_INIT;
		assert_false(release_document_read(bad[i], strlen(bad[i]), &release, &err));
		assert_int_equal(err.kind, ERROR_INVALID);
	}
}

static uint64_t lines_in(const void *bytes, size_t size, uint64_t *last)
{
	uint64_t lines = 0;
	struct wire_log_reader reader = WIRE_LOG_READER(bytes, size);
	struct wire_log_record record;
	while (wire_log_next(&reader, &record, NULL)) {
		lines++;
		*last = record.sequence;
	}
	return lines;
}

static void a_full_ring_loses_the_oldest_and_counts_them(void **state)
{
	(void)state;
	struct log_ring *ring = log_ring_new((size_t)128 << 10);
	static const char line[1000];
	for (int i = 0; i < 1000; i++)
		log_ring_append(ring, "web", WIRE_LOG_STDOUT, 0, line, sizeof(line));
	assert_true(log_ring_bytes(ring) <= (size_t)128 << 10);
	struct log_loss loss = {0};
	assert_true(log_ring_take_loss(ring, &loss));
	assert_string_equal(loss.container, "web");
	assert_int_equal(loss.bytes, loss.lines * 1000);
	assert_false(log_ring_take_loss(ring, &loss));
	const void *bytes;
	size_t size;
	uint64_t kept = 0;
	uint64_t last = 0;
	while (log_ring_next(ring, &bytes, &size))
		kept += lines_in(bytes, size, &last);
	assert_int_equal(kept + loss.lines, 1000);
	assert_int_equal(last, 1001000);
	log_ring_acknowledge(ring, last);
	assert_int_equal(log_ring_bytes(ring), 0);
	log_ring_free(ring);
}

/* What a template said is no part of what goes on from it: neither lines, losses nor numbers. */
static void a_ring_forgets_all_of_a_life(void **state)
{
	(void)state;
	struct log_ring *ring = log_ring_new((size_t)64 << 10);
	static const char line[1000];
	struct log_loss loss = {0};
	const void *bytes;
	size_t size;
	uint64_t last = 0;
	for (int i = 0; i < 50; i++)
		log_ring_append(ring, "web", WIRE_LOG_STDOUT, 0, line, sizeof(line));
	assert_true(log_ring_next(ring, &bytes, &size));
	for (int i = 0; i < 100; i++)
		log_ring_append(ring, "web", WIRE_LOG_STDOUT, 0, line, sizeof(line));
	log_ring_forget(ring);
	log_ring_rewind(ring);
	assert_int_equal(log_ring_bytes(ring), 0);
	assert_int_equal(log_ring_sequence(ring), 0);
	assert_false(log_ring_next(ring, &bytes, &size));
	assert_false(log_ring_take_loss(ring, &loss));
	log_ring_append(ring, "web", WIRE_LOG_STDOUT, 0, "new", 3);
	assert_true(log_ring_next(ring, &bytes, &size));
	assert_int_equal(lines_in(bytes, size, &last), 1);
	assert_int_equal(last, 4);
	log_ring_free(ring);
}

/* This program itself: a linker made it, and it says what ldd would. */
static void a_program_names_its_libraries(void **state)
{
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;
	AUTO_FREE char *bytes = NULL;
	size_t size = 0;
	bool has_libc = false;
	bool has_interpreter = false;
	(void)state;

	assert_true(file_read("/proc/self/exe", (size_t)256 << 20, &bytes, &size, NULL));
	elf_needed_add((const uint8_t *)bytes, size, &names);
	for (size_t i = 0; i < names.count; i++) {
		has_libc = has_libc || strcmp(names.items[i], "libc.so.6") == 0;
		has_interpreter = has_interpreter || strstr(names.items[i], "/ld-linux") != NULL;
	}
	assert_true(has_libc && has_interpreter);
	/* Cut anywhere it names less, and reads nothing beyond. */
	for (size_t cut = 0; cut < size; cut += 1 + cut / 7) {
		AUTO(string_list_clear) struct string_list some = STRING_LIST_INIT;
		AUTO_FREE uint8_t *part = xmalloc(cut + 1);
		memcpy(part, bytes, cut);
		elf_needed_add(part, cut, &some);
		assert_true(some.count <= names.count);
	}
}

static void a_script_names_its_interpreter(void **state)
{
	static const struct {
		const char *text;
		const char *name; /* or NULL */
	} scripts[] = {{"#!/bin/sh\necho", "/bin/sh"},
		       {"#! /usr/bin/env bash", "/usr/bin/env"},
		       {"#!sh", NULL},
		       {"#!", NULL},
		       {"", NULL},
		       {"\x7f"
			"ELF",
			NULL}};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(scripts); i++) {
		AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;
		elf_needed_add((const uint8_t *)scripts[i].text, strlen(scripts[i].text), &names);
		assert_int_equal(names.count, scripts[i].name != NULL);
		if (scripts[i].name != NULL)
			assert_string_equal(names.items[0], scripts[i].name);
	}
}

static void raw_output_fills_frames_and_its_lost_lines_are_counted(void **state)
{
	(void)state;
	struct log_ring *ring = log_ring_new((size_t)256 << 10);
	static char text[LOG_RING_MAX_RAW];
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = i % 120 == 119 ? '\n' : 'x';
	for (int i = 0; i < 20; i++)
		log_ring_append_raw(ring, "web", WIRE_LOG_STDOUT, false, 0, text, sizeof(text));
	struct log_loss loss = {0};
	assert_true(log_ring_take_loss(ring, &loss));
	assert_int_equal(loss.lines % 512, 0);
	const void *bytes;
	size_t size;
	uint64_t kept = 0;
	uint64_t last = 0;
	while (log_ring_next(ring, &bytes, &size)) {
		assert_true(size <= WIRE_MAX_PAYLOAD);
		kept += lines_in(bytes, size, &last);
	}
	assert_int_equal(kept + loss.lines, 20 * 512);
	assert_int_equal(last, 20 * sizeof(text));
	log_ring_free(ring);
}

static void unacknowledged_lines_are_sent_again(void **state)
{
	(void)state;
	struct log_ring *ring = log_ring_new((size_t)1 << 20);
	const void *bytes;
	size_t size;
	uint64_t last = 0;
	log_ring_append(ring, "web", WIRE_LOG_STDOUT, 0, "one", 3);
	assert_true(log_ring_next(ring, &bytes, &size));
	assert_false(log_ring_next(ring, &bytes, &size));
	log_ring_append(ring, "web", WIRE_LOG_STDOUT, 0, "two", 3);
	log_ring_acknowledge(ring, 4);
	log_ring_rewind(ring);
	assert_true(log_ring_next(ring, &bytes, &size));
	assert_int_equal(lines_in(bytes, size, &last), 1);
	assert_int_equal(last, 8);
	log_ring_free(ring);
}

static void the_pods_own_line_is_in_hosts_once(void **state)
{
	(void)state;
	static const char hosts[] = "[{\"ip\":\"10.0.0.9\",\"names\":[\"db\",\"db.default\"]},"
				    "{\"ip\":\"10.0.0.5\",\"names\":[\"web-0.web\",\"web-0\"]},"
				    "{\"ip\":\"10.0.0.5\",\"names\":[\"web\",\"web-0\"]}]";
	AUTO(release_clear) struct release release = {0};
	assert_true(host_list_read(hosts, strlen(hosts), &release.hosts, NULL));
	AUTO_FREE char *text = hosts_make(&release, "web-0", "10.0.0.5");
	assert_non_null(strstr(text, "\n10.0.0.5\tweb-0 web-0.web web\n10.0.0.9\tdb db.default\n"));
	assert_null(strstr(strstr(text, "10.0.0.5") + 1, "10.0.0.5"));
	release.subdomain = strdup("sub");
	AUTO_FREE char *named = hosts_make(&release, "web-0", NULL);
	assert_non_null(strstr(named, "\n127.0.1.1\tweb-0.sub web-0\n"));
}

static void names_are_asked_as_a_kubelet_says(void **state)
{
	(void)state;
	AUTO(release_clear) struct release release = {0};
	string_list_add(&release.network.dns, "10.0.0.1");
	string_list_add(&release.network.searches, "default.svc.cluster.local");
	AUTO_FREE char *cluster = resolv_conf_make(&release, "127.77.255.53");
	assert_string_equal(cluster, "nameserver 127.77.255.53\nsearch default.svc.cluster.local\n"
				     "options ndots:5\n");
	string_list_add(&release.dns_options, "ndots:1");
	AUTO_FREE char *said = resolv_conf_make(&release, "127.77.255.53");
	assert_non_null(strstr(said, "\noptions ndots:1\n"));
	string_list_clear(&release.dns_options);
	release.dns_policy = strdup("Default");
	AUTO_FREE char *network = resolv_conf_make(&release, "127.77.255.53");
	assert_string_equal(network, "nameserver 10.0.0.1\n");
}

static void resolv_conf_is_the_networks_and_the_pods(void **state)
{
	(void)state;
	AUTO(release_clear) struct release release = {0};
	string_list_add(&release.network.dns, "10.0.0.1");
	string_list_add(&release.network.searches, "default.svc.cluster.local");
	string_list_add(&release.dns_servers, "1.1.1.1");
	string_list_add(&release.dns_options, "ndots:2");
	AUTO_FREE char *both = resolv_conf_make(&release, NULL);
	assert_string_equal(both, "nameserver 10.0.0.1\nnameserver 1.1.1.1\n"
				  "search default.svc.cluster.local\noptions ndots:2\n");
	release.dns_policy = strdup("None");
	AUTO_FREE char *own = resolv_conf_make(&release, "127.77.255.53");
	assert_string_equal(own, "nameserver 1.1.1.1\noptions ndots:2\n");
}

static const char run_pod_text[] =
	"{\"version\":1,\"pod\":\"task\",\"namespace\":\"default\",\"workload\":\"Job\","
	"\"restartPolicy\":\"OnFailure\",\"terminationGracePeriodSeconds\":30,"
	"\"activeDeadlineSeconds\":5,\"base\":{\"name\":\"i2kit-base\"},"
	"\"layers\":[{\"name\":\"i2kit-layer-000\"}],"
	"\"initContainers\":[{\"name\":\"first\",\"image\":\"x\",\"layers\":[0],\"config\":{}}],"
	"\"containers\":["
	"{\"name\":\"a\",\"image\":\"x\",\"layers\":[0],\"config\":{\"Entrypoint\":[\"/entry\"],"
	"\"Cmd\":[\"serve\"]},\"readinessProbe\":{\"type\":\"tcp\",\"port\":80}},"
	"{\"name\":\"b\",\"image\":\"x\",\"layers\":[0],\"config\":{\"Cmd\":[\"x\"]},"
	"\"command\":[\"sleep\"],\"args\":[\"9\"],\"security\":{\"user\":7}}]}";

static void a_run_keeps_one_container_and_what_comes_before_it(void **state)
{
	AUTO(pod_image_clear) struct pod_image pod = {0};
	AUTO(pod_image_clear) struct pod_image other = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;

	(void)state;
	assert_true(pod_document_read(run_pod_text, strlen(run_pod_text), "pod.json", &pod, NULL));
	assert_true(pod_keep_run(&pod, "a", NULL));
	assert_int_equal(pod.container_count, 2);
	assert_string_equal(pod.containers[0].name, "first");
	assert_string_equal(pod.containers[1].name, "a");
	assert_int_equal(pod.containers[1].readiness.check.type, CHECK_NONE);
	assert_int_equal(pod.restart_policy, RESTART_NEVER);
	assert_true(pod.active_deadline_ms == 0);
	assert_true(
		pod_document_read(run_pod_text, strlen(run_pod_text), "pod.json", &other, NULL));
	assert_false(pod_keep_run(&other, "first", &err));
}

/* What one of the pod's containers runs when it is begun so. */
static void assert_runs(const char *container, const struct exec_start *start, const char *wanted)
{
	AUTO(pod_image_clear) struct pod_image pod = {0};
	AUTO(string_list_clear) struct string_list none = STRING_LIST_INIT;
	AUTO(string_list_clear) struct string_list argv = STRING_LIST_INIT;

	assert_true(pod_document_read(run_pod_text, strlen(run_pod_text), "pod.json", &pod, NULL));
	assert_true(pod_keep_run(&pod, container, NULL));
	container_take_start(&pod.containers[1], start);
	assert_true(container_argv(&pod.containers[1], &none, &argv, NULL));
	AUTO_FREE char *text = string_list_join(&argv, " ");
	assert_string_equal(text, wanted);
}

static void a_runs_words_stand_where_docker_and_kubernetes_put_them(void **state)
{
	AUTO(exec_start_clear) struct exec_start start = {.is_main = true};

	(void)state;
	assert_runs("a", &start, "/entry serve");
	assert_runs("b", &start, "sleep 9");
	string_list_add(&start.argv, "sh");
	string_list_add(&start.argv, "echo $$ $(HOME) $$(X)");
	assert_runs("a", &start, "/entry sh echo $$ $(HOME) $$(X)");
	assert_runs("b", &start, "sh echo $$ $(HOME) $$(X)");
	start.has_entrypoint = true;
	assert_runs("a", &start, "sh echo $$ $(HOME) $$(X)");
	string_list_add(&start.entrypoint, "/other");
	assert_runs("b", &start, "/other sh echo $$ $(HOME) $$(X)");
}

static void a_runs_user_replaces_the_manifests(void **state)
{
	AUTO(pod_image_clear) struct pod_image pod = {0};
	AUTO(exec_start_clear)
	struct exec_start start = {.user = strdup("app"), .cwd = strdup("/srv"), .has_tty = true};

	(void)state;
	assert_true(pod_document_read(run_pod_text, strlen(run_pod_text), "pod.json", &pod, NULL));
	container_take_start(&pod.containers[2], &start);
	assert_string_equal(pod.containers[2].user, "app");
	assert_int_equal(pod.containers[2].security.user, -1);
	assert_string_equal(container_working_dir(&pod.containers[2]), "/srv");
	assert_true(pod.containers[2].has_tty);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_environment_has_kubernetes_order_and_expansion),
		cmocka_unit_test(a_missing_secret_is_named),
		cmocka_unit_test(the_runtime_configuration_is_the_golden_one),
		cmocka_unit_test(limits_are_said_to_the_runtime),
		cmocka_unit_test(shared_processes_and_images_are_the_runtimes_to_set_up),
		cmocka_unit_test(run_as_non_root_refuses_root),
		cmocka_unit_test(a_privileged_container_has_devices_and_every_capability),
		cmocka_unit_test(packet_sockets_are_for_those_that_may_be_the_instance),
		cmocka_unit_test(command_and_args_replace_what_kubernetes_says_they_replace),
		cmocka_unit_test(stop_signals_are_names_or_numbers),
		cmocka_unit_test(users_are_found_by_name_and_by_number),
		cmocka_unit_test(what_leaves_its_place_is_refused),
		cmocka_unit_test(the_pods_own_line_is_in_hosts_once),
		cmocka_unit_test(names_are_asked_as_a_kubelet_says),
		cmocka_unit_test(resolv_conf_is_the_networks_and_the_pods),
		cmocka_unit_test(a_full_ring_loses_the_oldest_and_counts_them),
		cmocka_unit_test(a_ring_forgets_all_of_a_life),
		cmocka_unit_test(a_program_names_its_libraries),
		cmocka_unit_test(a_script_names_its_interpreter),
		cmocka_unit_test(raw_output_fills_frames_and_its_lost_lines_are_counted),
		cmocka_unit_test(unacknowledged_lines_are_sent_again),
		cmocka_unit_test(a_run_keeps_one_container_and_what_comes_before_it),
		cmocka_unit_test(a_runs_words_stand_where_docker_and_kubernetes_put_them),
		cmocka_unit_test(a_runs_user_replaces_the_manifests),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
