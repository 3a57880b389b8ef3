/* SPDX-License-Identifier: Apache-2.0 */
#include "local/agent/folder_push.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "local/agent/agent.h"
#include "wire/frame.h"
#include "wire/request.h"

#include "test.h"

static struct loop *loop;
static struct agent *agent;
static struct folder_push *push;
static int guest_fd;
static struct wire_decoder *guest;
static char folder[64];

static const struct agent_handler no_handler;

/* The next message to the guest, or NULL after a while. */
static const struct wire_message *receive(void)
{
	static struct wire_message message;
	char bytes[65536];

	for (int i = 0; i < 300; i++) {
		ssize_t got;
		if (wire_decoder_next(guest, &message, NULL) == WIRE_MESSAGE)
			return &message;
		loop_step(loop, 1);
		got = recv(guest_fd, bytes, sizeof(bytes), MSG_DONTWAIT);
		if (got > 0)
			wire_decoder_feed(guest, bytes, (size_t)got);
	}
	return NULL;
}

static int start(void **state)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	const struct wire_message *hello;
	int fds[2];
	(void)state;

	(void)snprintf(folder, sizeof(folder), "/tmp/i2kit-push-XXXXXX");
	if (mkdtemp(folder) == NULL || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		return -1;
	loop = loop_new(NULL);
	guest_fd = fds[1];
	guest = wire_decoder_new(WIRE_MAX_TO_GUEST);
	wire_decoder_expect_hello(guest, NULL);
	agent = agent_new_fd(loop, "web-0", fds[0], &no_handler, NULL);
	hello = receive();
	wire_append_hello(&out, hello->bytes + WIRE_MAGIC_SIZE, "{\"version\":1,\"touch\":true}");
	(void)!send(guest_fd, out.data, out.size, 0);
	for (int i = 0; i < 20 && !agent_is_up(agent); i++)
		loop_step(loop, 1);
	push = folder_push_new(loop, "code", folder, NULL);
	return push != NULL && agent_is_up(agent) ? 0 : -1;
}

static int stop(void **state)
{
	(void)state;
	folder_push_free(push);
	agent_free(agent);
	wire_decoder_free(guest);
	(void)close(guest_fd);
	loop_free(loop);
	return path_remove_tree(folder, NULL) ? 0 : -1;
}

static void write_file(const char *name, const char *text)
{
	AUTO_FREE char *path = path_join(folder, name);

	assert_true(file_write_atomic(path, text, strlen(text), 0640, NULL));
}

/* The JSON, and after its NUL the bytes. */
static void expect(const char *json, const char *bytes)
{
	const struct wire_message *message = receive();

	assert_non_null(message);
	assert_int_equal(message->type, WIRE_FILE_PUSH);
	assert_string_equal((const char *)message->bytes, json);
	assert_string_equal((const char *)message->bytes + strlen(json) + 1, bytes);
}

static void what_is_there_comes_first_and_changes_follow(void **state)
{
	(void)state;
	write_file("a.txt", "one");
	folder_push_start(push, agent);
	expect("{\"volume\":\"code\",\"path\":\"a.txt\",\"mode\":416,\"size\":3}", "one");
	write_file("a.txt", "two!");
	expect("{\"volume\":\"code\",\"path\":\"a.txt\",\"mode\":416,\"size\":4}", "two!");
}

static void new_folders_are_watched_too(void **state)
{
	AUTO_FREE char *sub = path_join(folder, "sub");
	(void)state;

	folder_push_start(push, agent);
	assert_int_equal(mkdir(sub, 0755), 0);
	write_file("sub/x", "1");
	expect("{\"volume\":\"code\",\"path\":\"sub/x\",\"mode\":416,\"size\":1}", "1");
	write_file("sub/y", "2");
	expect("{\"volume\":\"code\",\"path\":\"sub/y\",\"mode\":416,\"size\":1}", "2");
}

static void removed_files_are_removed_there(void **state)
{
	AUTO_FREE char *path = path_join(folder, "a");
	(void)state;

	write_file("a", "1");
	folder_push_start(push, agent);
	expect("{\"volume\":\"code\",\"path\":\"a\",\"mode\":416,\"size\":1}", "1");
	assert_int_equal(unlink(path), 0);
	expect("{\"volume\":\"code\",\"path\":\"a\",\"delete\":true}", "");
}

static void links_out_of_the_folder_are_not_followed(void **state)
{
	AUTO_FREE char *out = path_join(folder, "out");
	AUTO_FREE char *in = path_join(folder, "in");
	struct folder_push_counters counters;
	(void)state;

	write_file("real", "text");
	assert_int_equal(symlink("/etc/hostname", out), 0);
	assert_int_equal(symlink("real", in), 0);
	folder_push_start(push, agent);
	for (int i = 0; i < 2; i++) {
		const struct wire_message *message = receive();
		assert_non_null(message);
		assert_null(strstr((const char *)message->bytes, "\"out\""));
	}
	folder_push_get_counters(push, &counters);
	assert_int_equal(counters.pushed, 2);
	assert_int_equal(counters.skipped, 1);
}

static void on_idle(void *arg)
{
	*(int *)arg += 1;
}

static void it_says_when_all_is_there(void **state)
{
	int times = 0;
	(void)state;

	for (int i = 0; i < 200; i++) {
		char name[16];
		(void)snprintf(name, sizeof(name), "f%d", i);
		write_file(name, "x");
	}
	folder_push_on_idle(push, on_idle, &times);
	folder_push_start(push, agent);
	assert_int_equal(times, 0);
	for (int i = 0; i < 200; i++)
		assert_non_null(receive());
	for (int i = 0; i < 100 && times == 0; i++)
		loop_step(loop, 1);
	assert_int_equal(times, 1);
	write_file("f1", "y");
	assert_non_null(receive());
	assert_int_equal(times, 2);
}

static void expect_touch(const char *path)
{
	AUTO(file_push_clear) struct file_push touch = {0};
	const struct wire_message *message = receive();

	assert_non_null(message);
	assert_int_equal(message->type, WIRE_FILE_TOUCH);
	assert_true(file_push_read(message->bytes, message->size, &touch, NULL));
	assert_string_equal(touch.volume, "code");
	assert_string_equal(touch.path, path);
}

static void of_a_shared_folder_the_guest_is_told_what_changed(void **state)
{
	AUTO_FREE char *sub = path_join(folder, "sub");
	AUTO_FREE char *modules = path_join(folder, "node_modules");
	AUTO_FREE char *file = path_join(folder, "sub/b");
	struct folder_push_counters counters;
	(void)state;

	assert_int_equal(mkdir(sub, 0755), 0);
	assert_int_equal(mkdir(modules, 0755), 0);
	write_file("sub/b", "1");
	write_file("a", "1");
	folder_push_set_shared(push);
	folder_push_start(push, agent);
	folder_push_get_counters(push, &counters);
	assert_true(counters.is_idle); /* nothing is pushed at first */

	write_file("node_modules/x", "nobody waits for it");
	FILE *opened = fopen(file, "a");
	assert_non_null(opened);
	(void)fputs("2", opened);
	(void)fclose(opened);
	expect_touch("sub/b");
	assert_int_equal(unlink(file), 0);
	expect_touch("sub");		       /* what is gone shows in its folder */
	assert_int_equal(chmod(sub, 0711), 0); /* as the guest does to wake its own: no echo */
	assert_null(receive());
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_there_comes_first_and_changes_follow),
		TEST(new_folders_are_watched_too),
		TEST(removed_files_are_removed_there),
		TEST(links_out_of_the_folder_are_not_followed),
		TEST(it_says_when_all_is_there),
		TEST(of_a_shared_folder_the_guest_is_told_what_changed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
