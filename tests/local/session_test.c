/* SPDX-License-Identifier: Apache-2.0 */
#include "local/supervisor/session.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "local/agent/agent.h"
#include "local/client/session_client.h"
#include "wire/frame.h"

#include "test.h"

/* Client, supervisor and guest in one process, joined by socket pairs. */
static struct loop *loop;
static struct agent *agent;
static struct session_host *host;
static struct exec_client *client;
static int guest_fd;
static struct wire_decoder *guest;
static struct strbuf seen;
static bool holds_output;

static bool find(const char *name, struct session_target *ret, void *arg, struct error *err)
{
	(void)arg;
	if (strcmp(name, "web") != 0)
		return error_set(err, ERROR_NOT_FOUND, "no pod '%s'", name);
	(void)snprintf(ret->instance, sizeof(ret->instance), "web-0");
	ret->agent = agent;
	string_list_add(&ret->containers, "nginx");
	string_list_add(&ret->containers, "sidecar");
	return true;
}

static const struct agent_handler no_handler;

static void guest_expect(enum wire_type type, struct wire_message *ret)
{
	char bytes[65536];

	for (int i = 0; i < 300; i++) {
		ssize_t got;
		if (wire_decoder_next(guest, ret, NULL) == WIRE_MESSAGE) {
			assert_int_equal(ret->type, type);
			return;
		}
		loop_step(loop, 1);
		got = recv(guest_fd, bytes, sizeof(bytes), MSG_DONTWAIT);
		if (got > 0)
			wire_decoder_feed(guest, bytes, (size_t)got);
	}
	fail_msg("no %s came", wire_type_name(type));
}

static void turn(void)
{
	for (int i = 0; i < 10; i++)
		loop_step(loop, 1);
}

static void guest_send(enum wire_type type, uint16_t stream, const void *bytes, size_t size)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;

	wire_append(&out, type, stream, bytes, size);
	assert_int_equal(send(guest_fd, out.data, out.size, MSG_NOSIGNAL), out.size);
	turn();
}

static int start(void **state)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	struct wire_message hello;
	int fds[2];
	(void)state;

	loop = loop_new(NULL);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		return -1;
	guest_fd = fds[1];
	guest = wire_decoder_new(WIRE_MAX_TO_GUEST);
	wire_decoder_expect_hello(guest, NULL);
	agent = agent_new_fd(loop, "web-0", fds[0], &no_handler, NULL);
	host = session_host_new(loop, find, NULL);
	client = NULL;
	holds_output = false;
	guest_expect(WIRE_HELLO, &hello);
	wire_append_hello(&out, hello.bytes + WIRE_MAGIC_SIZE, "{\"version\":1}");
	(void)!send(guest_fd, out.data, out.size, 0);
	turn();
	return agent_is_up(agent) ? 0 : -1;
}

static int stop(void **state)
{
	(void)state;
	exec_client_free(client);
	session_host_free(host);
	agent_free(agent);
	wire_decoder_free(guest);
	(void)close(guest_fd);
	strbuf_clear(&seen);
	loop_free(loop);
	return 0;
}

/* The control socket's part: the request goes over, the answer line comes back. */
static int request(const char *line, const char *answer)
{
	char bytes[256] = "";
	size_t got = 0;
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	assert_true(session_is_request(line, strlen(line)));
	session_host_take(host, fds[0], line, strlen(line));
	while (got < sizeof(bytes) - 1 && (got == 0 || bytes[got - 1] != '\n')) {
		assert_int_equal(recv(fds[1], bytes + got, 1, 0), 1);
		got++;
	}
	assert_string_equal(bytes, answer);
	assert_int_equal(fcntl(fds[1], F_SETFL, O_NONBLOCK), 0);
	return fds[1];
}

static size_t on_output(bool is_stderr, const void *bytes, size_t size, void *arg)
{
	(void)arg;
	if (holds_output)
		return 0;
	strbuf_append(&seen, is_stderr ? "[err " : "[out ");
	strbuf_append_bytes(&seen, bytes, size);
	strbuf_append(&seen, "]");
	return size;
}

static void on_done(int code, const char *problem, void *arg)
{
	(void)arg;
	strbuf_appendf(&seen, "[done %d %s]", code, problem != NULL ? problem : "-");
}

static const struct exec_client_handler handler = {.output = on_output, .done = on_done};

static uint16_t start_exec(void)
{
	struct wire_message message;
	int fd = request(
		"{\"session\":\"exec\",\"target\":\"web\",\"argv\":[\"cat\"],\"stdin\":true}",
		"{\"ok\":true,\"instance\":\"web-0\"}\n");

	client = exec_client_new(loop, fd, &handler, NULL);
	guest_expect(WIRE_EXEC_START, &message);
	assert_string_equal((const char *)message.bytes,
			    "{\"argv\":[\"cat\"],\"tty\":false,\"stdin\":true}");
	return message.stream;
}

static void exec_runs_through_all_three_ends(void **state)
{
	struct wire_message message;
	uint16_t stream = start_exec();
	(void)state;

	exec_client_write(client, "hello", 5);
	guest_expect(WIRE_EXEC_STDIN, &message);
	assert_memory_equal(message.bytes, "hello", 5);
	exec_client_resize(client, 24, 80);
	guest_expect(WIRE_EXEC_RESIZE, &message);
	exec_client_signal(client, 2);
	guest_expect(WIRE_EXEC_SIGNAL, &message);
	assert_int_equal(message.bytes[0], 2);
	exec_client_finish(client);
	guest_expect(WIRE_EXEC_STDIN, &message);
	assert_int_equal(message.size, 0);
	guest_send(WIRE_EXEC_STDOUT, stream, "hi", 2);
	guest_send(WIRE_EXEC_STDERR, stream, "ho", 2);
	guest_send(WIRE_EXEC_EXIT, stream, "{\"code\":7}", 10);
	assert_string_equal(strbuf_text(&seen), "[out hi][err ho][done 7 -]");
}

static void a_signal_counts_as_128_and_more(void **state)
{
	uint16_t stream = start_exec();
	(void)state;

	guest_send(WIRE_EXEC_EXIT, stream, "{\"signal\":9}", 12);
	assert_string_equal(strbuf_text(&seen), "[done 137 -]");
}

static void a_command_that_cannot_run_says_why(void **state)
{
	uint16_t stream = start_exec();
	(void)state;

	guest_send(WIRE_EXEC_EXIT, stream, "{\"error\":\"no such container\"}", 29);
	assert_string_equal(strbuf_text(&seen), "[done 126 no such container]");
}

/* As with `exec -i` whose input is /dev/null. */
static void signals_and_sizes_come_through_after_the_end_of_input(void **state)
{
	struct wire_message message;

	(void)state;
	(void)start_exec();
	exec_client_finish(client);
	guest_expect(WIRE_EXEC_STDIN, &message);
	assert_int_equal(message.size, 0);
	exec_client_signal(client, 2);
	guest_expect(WIRE_EXEC_SIGNAL, &message);
	exec_client_resize(client, 24, 80);
	guest_expect(WIRE_EXEC_RESIZE, &message);
}

static void a_client_that_goes_hangs_up_the_command(void **state)
{
	struct wire_message message;
	(void)start_exec();
	(void)state;

	exec_client_free(client);
	client = NULL;
	guest_expect(WIRE_EXEC_STDIN, &message);
	assert_int_equal(message.size, 0);
	guest_expect(WIRE_EXEC_SIGNAL, &message);
	assert_int_equal(message.bytes[0], 1);
	assert_int_equal(session_host_count(host), 0);
}

static void output_that_is_not_taken_holds_the_guest_back(void **state)
{
	static char bytes[65536];
	struct wire_message message;
	uint16_t stream = start_exec();
	size_t sent = 0;
	(void)state;

	holds_output = true;
	while (sent < WIRE_START_WINDOW) {
		guest_send(WIRE_EXEC_STDOUT, stream, bytes, sizeof(bytes) / 4);
		sent += sizeof(bytes) / 4;
	}
	turn();
	holds_output = false;
	exec_client_resume(client);
	guest_expect(WIRE_WINDOW, &message);
	assert_true(seen.size >= 10000);
}

static void a_pod_that_is_not_there_is_an_answer(void **state)
{
	int fd = request("{\"session\":\"exec\",\"target\":\"nope\",\"argv\":[\"sh\"]}",
			 "{\"error\":{\"message\":\"no pod 'nope'\"}}\n");
	(void)state;
	(void)close(fd);
}

static void a_wrong_container_is_answered_with_the_right_ones(void **state)
{
	int fd = request("{\"session\":\"exec\",\"target\":\"web\",\"container\":\"ngnix\","
			 "\"argv\":[\"sh\"]}",
			 "{\"error\":{\"message\":\"web-0 has no container 'ngnix'\",\"hint\":"
			 "\"did you mean 'nginx'? there are nginx, sidecar\"}}\n");
	(void)state;
	(void)close(fd);
}

static void forwarded_bytes_reach_the_port(void **state)
{
	struct wire_message message;
	uint16_t stream;
	char bytes[32] = "";
	int fd = request("{\"session\":\"forward\",\"target\":\"web\",\"port\":80}",
			 "{\"ok\":true,\"instance\":\"web-0\"}\n");
	(void)state;

	guest_expect(WIRE_TUNNEL_OPEN, &message);
	stream = message.stream;
	assert_int_equal(send(fd, "GET", 3, 0), 3);
	guest_expect(WIRE_TUNNEL_DATA, &message);
	assert_memory_equal(message.bytes, "GET", 3);
	guest_send(WIRE_TUNNEL_DATA, stream, "200", 3);
	guest_send(WIRE_TUNNEL_CLOSE, stream, "", 0);
	assert_int_equal(recv(fd, bytes, sizeof(bytes), 0), 3);
	assert_int_equal(recv(fd, bytes, sizeof(bytes), 0), 0);
	(void)close(fd);
	turn();
	guest_expect(WIRE_TUNNEL_CLOSE, &message);
	assert_int_equal(session_host_count(host), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(exec_runs_through_all_three_ends),
		TEST(a_signal_counts_as_128_and_more),
		TEST(a_command_that_cannot_run_says_why),
		TEST(a_client_that_goes_hangs_up_the_command),
		TEST(signals_and_sizes_come_through_after_the_end_of_input),
		TEST(output_that_is_not_taken_holds_the_guest_back),
		TEST(a_pod_that_is_not_there_is_an_answer),
		TEST(a_wrong_container_is_answered_with_the_right_ones),
		TEST(forwarded_bytes_reach_the_port),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
