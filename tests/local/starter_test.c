/* SPDX-License-Identifier: Apache-2.0 */
/* A starter, which is this program again, and one that asks it from behind a fence. */
#include "local/vm/starter.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fence.h"
#include "base/message_socket.h"
#include "base/path.h"
#include "base/process.h"
#include "base/process_run.h"
#include "local/vm/disk_tool.h"
#include "local/vm/network_filter.h"
#include "local/vm/proxy_process.h"
#include "local/vm/share.h"
#include "local/vm/starter_serve.h"

#include "test.h"

enum { SOCKET_FD = 3, MIB = 1 << 20 };

static char top[] = "/tmp/i2kit-starter.XXXXXX";
static char *volumes;

static int start(void **state)
{
	(void)state;
	if (mkdtemp(top) == NULL || setenv("XDG_DATA_HOME", top, 1) < 0 ||
	    setenv("XDG_STATE_HOME", top, 1) < 0 || setenv("XDG_CACHE_HOME", top, 1) < 0 ||
	    setenv("XDG_RUNTIME_DIR", top, 1) < 0)
		return -1;
	volumes = path_folder(PATH_DATA, "volumes/shop");
	return path_make_folders(volumes, 0700, NULL) ? 0 : -1;
}

static int stop(void **state)
{
	(void)state;
	free(volumes);
	return path_remove_tree(top, NULL) ? 0 : -1;
}

/* Fences and starters are a process's for good. */
static void assert_in_child(int (*look)(void))
{
	int status = 0;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(look());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

#define EXPECT(what)                                                                               \
	do {                                                                                       \
		if (!(what))                                                                       \
			return __LINE__ % 256;                                                     \
	} while (0)

static void *make_from_a_worker(void *arg)
{
	AUTO_FREE char *path = path_join(volumes, "worker.qcow2");
	(void)arg;
	return disk_tool_make(path, MIB, NULL) && path_exists(path) ? volumes : NULL;
}

static bool can_execute(void)
{
	const char *const argv[] = {"true", NULL};
	const struct process_run run = {.argv = argv, .timeout_ms = 10000};
	AUTO(process_output_clear) struct process_output output = {0};
	return process_run(&run, &output, NULL);
}

static int ask_from_behind_a_fence(void)
{
	AUTO(string_list_clear) struct string_list writes = STRING_LIST_INIT;
	const struct fence fence = {.writes = &writes, .reads = &writes};
	string_list_add(&writes, top);
	AUTO_FREE char *path = path_join(volumes, "a.qcow2");
	AUTO_FREE char *copy = path_join(volumes, "b.qcow2");
	AUTO_FREE char *outside = path_join(top, "c.qcow2");
	AUTO(error_clear) struct error err = ERROR_INIT;
	pthread_t worker;
	void *made = NULL;

	AUTO(string_list_clear) struct string_list given = STRING_LIST_INIT;
	string_list_add(&given, "/srv/given");
	EXPECT(can_execute());
	EXPECT(starter_launch(&given, NULL) && starter_is_there());
	EXPECT(fence_enter(&fence, NULL));
	EXPECT(!can_execute());
	EXPECT(disk_tool_make(path, MIB, NULL) && path_exists(path));
	EXPECT(disk_tool_grow(path, 2 * MIB, NULL));
	EXPECT(disk_tool_copy(copy, path, NULL) && path_exists(copy));
	EXPECT(pthread_create(&worker, NULL, make_from_a_worker, NULL) == 0 &&
	       pthread_join(worker, &made) == 0 && made != NULL);
	AUTO_FREE char *cache = path_folder(PATH_CACHE, "scratch");
	AUTO_FREE char *raw = path_join(cache, "a.raw");
	EXPECT(path_make_folders(cache, 0700, NULL) && file_write_atomic(raw, "", 0, 0600, NULL) &&
	       truncate(raw, 64 * MIB) == 0);
	EXPECT(disk_tool_format(raw, false, NULL));
	EXPECT(!disk_tool_format(path, false, &err) && err.kind == ERROR_DENIED);
	error_clear(&err);
	/* No other folder than those it was told before the fence. */
	AUTO_FREE char *socket_path = path_folder(PATH_RUNTIME, "vm/x.fs");
	const struct share_options key = {.folder = "/root", .socket = socket_path};
	EXPECT(!share_start(&key, &err) && err.kind == ERROR_DENIED);
	error_clear(&err);
	/* The program's own words come through. */
	EXPECT(!disk_tool_grow("/nowhere/else", MIB, &err) && err.kind == ERROR_DENIED);
	error_clear(&err);
	EXPECT(!disk_tool_make(outside, MIB, &err) && err.kind == ERROR_DENIED);
	EXPECT(!path_exists(outside));
	error_clear(&err);
	EXPECT(!disk_tool_copy(copy, "/etc/passwd", &err) && err.kind == ERROR_DENIED);
	error_clear(&err);
	EXPECT(!network_filter_load("table inet filter {\n}\n", &err) && err.kind == ERROR_INVALID);
	return 0;
}

static void what_may_start_nothing_has_it_started(void **state)
{
	AUTO_FREE char *program = process_find_program("qemu-img");
	(void)state;
	if (program == NULL)
		skip();
	assert_in_child(ask_from_behind_a_fence);
}

/* A configuration that tries what the fence forbids would not even be taken: it reads no other file. */
static const char proxy_config[] =
	"defaults\n\tmode http\n\ttimeout client 5s\n\ttimeout server 5s\n"
	"\ttimeout connect 5s\n\thttp-reuse never\n"
	"frontend f\n\tbind fd@3\n\tdefault_backend b\n"
	"backend b\n\tserver s sockpair@4\n";

static int listen_anywhere(uint16_t *ret_port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (bind(fd, (struct sockaddr *)(void *)&address, size) < 0 || listen(fd, 16) < 0 ||
	    getsockname(fd, (struct sockaddr *)(void *)&address, &size) < 0)
		return -1;
	*ret_port = ntohs(address.sin_port);
	return fd;
}

static int connect_to(uint16_t port)
{
	const struct sockaddr_in address = {.sin_family = AF_INET,
					    .sin_port = htons(port),
					    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	return connect(fd, (const struct sockaddr *)(const void *)&address, sizeof(address)) == 0
		       ? fd
		       : -1;
}

/* The request that HAProxy hands on, answered; false: none came. */
static bool answer_one(int line, int client)
{
	static const char request[] = "GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
	static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi\n";
	struct pollfd watched = {.fd = line, .events = POLLIN};
	char text[4096] = "";
	int taken = -1;

	if (write(client, request, sizeof(request) - 1) < 0 || poll(&watched, 1, 10000) != 1 ||
	    !message_take_fd(line, &taken) || taken < 0)
		return false;
	AUTO_CLOSE int pod = taken;
	if (read(pod, text, sizeof(text) - 1) <= 0 || strncmp(text, "GET /x", 6) != 0 ||
	    write(pod, answer, sizeof(answer) - 1) < 0)
		return false;
	memset(text, 0, sizeof(text));
	return read(client, text, sizeof(text) - 1) > 0 && strstr(text, "200 OK") != NULL;
}

static int run_a_proxy(void)
{
	AUTO(string_list_clear) struct string_list writes = STRING_LIST_INIT;
	const struct fence fence = {.writes = &writes, .reads = &writes};
	const struct string_list given = STRING_LIST_INIT;
	AUTO_FREE char *folder = path_folder(PATH_RUNTIME, "shop/proxy");
	AUTO_FREE char *path = path_join(folder, "haproxy.cfg");
	AUTO_FREE char *bad = path_join(folder, "bad.cfg");
	AUTO_FREE char *outside = path_join(top, "outside.cfg");
	static const char nonsense[] = "frontend f\n\tsomething else\n";
	AUTO(error_clear) struct error err = ERROR_INIT;
	uint16_t port = 0;
	int ends[2];
	char byte;

	string_list_add(&writes, top);
	EXPECT(path_make_folders(folder, 0700, NULL));
	EXPECT(file_write_atomic(path, proxy_config, strlen(proxy_config), 0600, NULL));
	EXPECT(file_write_atomic(bad, nonsense, strlen(nonsense), 0600, NULL));
	AUTO_CLOSE int listener = listen_anywhere(&port);
	EXPECT(listener >= 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
	EXPECT(starter_launch(&given, NULL) && fence_enter(&fence, NULL));
	const int fds[] = {listener, ends[1]};
	int run = proxy_process_start(path, fds, 2, &err);
	EXPECT(run >= 0);
	int client = connect_to(port);
	EXPECT(client >= 0 && answer_one(ends[0], client));
	(void)close(client);
	/* Asked to end, it does; what it said is the answer. */
	EXPECT(shutdown(run, SHUT_WR) == 0 && recv(run, &byte, 1, MSG_PEEK) == 1);
	EXPECT(!proxy_process_end(run, &err));
	error_clear(&err);
	(void)close(run);
	run = proxy_process_start(bad, fds, 2, &err);
	EXPECT(run >= 0 && !proxy_process_end(run, &err));
	EXPECT(strstr(err.message, "unknown keyword 'something'") != NULL);
	error_clear(&err);
	(void)close(run);
	run = proxy_process_start(outside, fds, 2, &err);
	EXPECT(run >= 0 && !proxy_process_end(run, &err) && err.kind == ERROR_DENIED);
	(void)close(run);
	return 0;
}

static void haproxy_runs_on_sockets_that_it_is_given(void **state)
{
	AUTO_FREE char *program = process_find_program("haproxy");
	(void)state;
	if (program == NULL)
		skip();
	assert_in_child(run_a_proxy);
}

static int end_of_asker(void)
{
	const struct string_list given = STRING_LIST_INIT;
	EXPECT(starter_launch(&given, NULL));
	return 0;
}

/* It has our group; nothing of it is left when the one that asks has gone. */
static void it_ends_with_the_one_that_asks(void **state)
{
	int gate[2];
	char byte;
	(void)state;
	/* Inherited by the asker; the starter has closed it, the asker dies. */
	assert_int_equal(pipe(gate), 0);
	assert_in_child(end_of_asker);
	(void)close(gate[1]);
	assert_int_equal(read(gate[0], &byte, 1), 0);
	(void)close(gate[0]);
}

static void assert_refused(const char *text)
{
	AUTO(starter_request_clear) struct starter_request request = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;

	if (starter_request_read(text, strlen(text), &request, &err))
		fail_msg("taken: %s", text);
	assert_int_equal(err.kind, ERROR_INVALID);
}

static void a_request_is_what_its_kind_needs_and_no_more(void **state)
{
	(void)state;
	assert_refused("");
	assert_refused("[]");
	assert_refused("{\"kind\":\"shell\"}");
	assert_refused("{\"kind\":\"test-kvm\",\"path\":\"/a\"}");
	assert_refused("{\"kind\":\"test-kvm\",\"argv\":[\"sh\"]}");
	assert_refused("{\"kind\":\"make-disk\",\"sizeBytes\":1}");
	assert_refused("{\"kind\":\"make-disk\",\"path\":\"a\",\"sizeBytes\":1}");
	assert_refused("{\"kind\":\"make-disk\",\"path\":\"/a/../b\",\"sizeBytes\":1}");
	assert_refused("{\"kind\":\"grow-disk\",\"path\":\"/a\",\"sizeBytes\":-1}");
	assert_refused("{\"kind\":\"share\",\"path\":\"/a\"}");
	assert_refused("{\"kind\":\"proxy\"}");
	assert_refused("{\"kind\":\"proxy\",\"path\":\"/a\",\"descriptors\":1000}");
	assert_refused("{\"kind\":\"test-kvm\",\"descriptors\":1}");
	assert_refused(
		"{\"kind\":\"copy-disk\",\"path\":\"/a\",\"other\":\"/b\",\"readOnly\":true}");
}

static void rules_of_others_are_not_loaded(void **state)
{
	(void)state;
	assert_true(
		network_filter_is_own("add table inet i2kit_0a\ndelete table inet i2kit_0a\n"
				      "table inet i2kit_0a {\n\tchain a {\n\t\taccept\n\t}\n}\n"));
	assert_false(network_filter_is_own("flush ruleset\n"));
	assert_false(network_filter_is_own("delete table inet filter\n"));
	assert_false(network_filter_is_own("delete table inet i2kit_0a; flush ruleset\n"));
	assert_false(network_filter_is_own("table inet i2kit_0a {\n\t}\n\ttable inet x {\n}\n"));
	assert_false(network_filter_is_own("table inet i2kit_0a {\n\t} flush ruleset {\n}\n"));
	assert_false(
		network_filter_is_own("table inet i2kit_0a {\n\tinclude \"/etc/shadow\"\n}\n"));
	assert_false(network_filter_is_own("table inet i2kit_0a {\n"));
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_may_start_nothing_has_it_started),
		cmocka_unit_test(haproxy_runs_on_sockets_that_it_is_given),
		cmocka_unit_test(it_ends_with_the_one_that_asks),
		cmocka_unit_test(a_request_is_what_its_kind_needs_and_no_more),
		cmocka_unit_test(rules_of_others_are_not_loaded),
	};
	AUTO(string_list_clear) struct string_list given = STRING_LIST_INIT;
	for (int i = 2; i < argc; i++)
		string_list_add(&given, argv[i]);
	if (argc > 1 && strcmp(argv[1], "starter") == 0)
		return starter_serve(SOCKET_FD, &given, NULL) ? 0 : 1;
	return cmocka_run_group_tests_name("starter", tests, start, stop);
}
