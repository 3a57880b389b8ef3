/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/run_words.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "test.h"

static void an_image_gives_its_pod_a_name(void **state)
{
	static const char *const pairs[][2] = {
		{"debian", "debian"},
		{"docker.io/library/redis:7.2", "redis"},
		{"localhost:5000/team/My_App@sha256:0123", "my-app"},
		{"oci:/srv/images/web:1", "web"},
		{"oci:web", "web"},
		{"oci-archive:./out/api.tar", "api-tar"},
		{"docker-daemon:shop/api:dev", "api"},
		{"quay.io/x/7zip", "run-7zip"},
		{"oci:../_", "run"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		AUTO_FREE char *name = run_pod_name(pairs[i][0]);
		assert_string_equal(name, pairs[i][1]);
	}
}

static void ports_are_read_as_docker_writes_them(void **state)
{
	AUTO(run_port_clear) struct run_port plain = {0};
	AUTO(run_port_clear) struct run_port whole = {0};
	AUTO(run_port_clear) struct run_port six = {0};

	(void)state;
	assert_true(run_port_read("8080:80", &plain, NULL));
	assert_int_equal(plain.host_port, 8080);
	assert_int_equal(plain.port, 80);
	assert_null(plain.address);
	assert_true(run_port_read("0.0.0.0:53:5353/udp", &whole, NULL));
	assert_string_equal(whole.address, "0.0.0.0");
	assert_true(whole.is_udp && whole.host_port == 53 && whole.port == 5353);
	assert_true(run_port_read("[::1]:1:2/tcp", &six, NULL));
	assert_string_equal(six.address, "::1");
	for (const char *const *bad = (const char *const[]){"80", "80:", ":80", "a:80", "1:2/sctp",
							    "70000:80", "::80", ":1:2", "", NULL};
	     *bad != NULL; bad++) {
		AUTO(error_clear) struct error err = ERROR_INIT;
		struct run_port port = {0};
		assert_false(run_port_read(*bad, &port, &err));
		assert_int_equal(err.kind, ERROR_USAGE);
	}
}

static void volumes_are_folders_of_this_machine(void **state)
{
	AUTO(run_volume_clear) struct run_volume volume = {0};
	AUTO(error_clear) struct error named = ERROR_INIT;
	struct run_volume none = {0};

	(void)state;
	assert_true(run_volume_read("/tmp/..:/mnt:ro", &volume, NULL));
	assert_string_equal(volume.host_path, "/");
	assert_string_equal(volume.path, "/mnt");
	assert_true(volume.is_read_only);
	assert_false(run_volume_read("data:/data", &none, &named));
	assert_int_equal(named.kind, ERROR_UNSUPPORTED);
	for (const char *const *bad = (const char *const[]){"/tmp", "/tmp:", "/tmp:x", ":/x",
							    "/tmp:/x:z", "/no/such:/x", NULL};
	     *bad != NULL; bad++)
		assert_false(run_volume_read(*bad, &none, NULL));
}

static void variables_come_from_words_files_and_our_own(void **state)
{
	AUTO(string_list_clear) struct string_list env = STRING_LIST_INIT;
	AUTO(error_clear) struct error err = ERROR_INIT;
	char path[] = "/tmp/i2kit-run-words-XXXXXX";
	int fd = mkstemp(path);
	static const char text[] = "# first\n\nA=1=2\r\n  RUN_WORDS_OURS\nRUN_WORDS_NONE\n=x\n";

	(void)state;
	assert_true(setenv("RUN_WORDS_OURS", "yes", 1) == 0);
	assert_true(fd_write_all(fd, text, strlen(text), NULL));
	(void)close(fd);
	assert_false(run_env_file_read(path, &env, &err));
	assert_non_null(strstr(err.message, ":6: "));
	assert_int_equal(env.count, 2);
	assert_string_equal(env.items[0], "A=1=2");
	assert_string_equal(env.items[1], "RUN_WORDS_OURS=yes");
	(void)unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_image_gives_its_pod_a_name),
		cmocka_unit_test(ports_are_read_as_docker_writes_them),
		cmocka_unit_test(volumes_are_folders_of_this_machine),
		cmocka_unit_test(variables_come_from_words_files_and_our_own),
	};
	return cmocka_run_group_tests_name("run_words", tests, NULL, NULL);
}
