/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes through the proxy, over real sockets of the loopback. */
#include "guest/pod/outside_proxy.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "test.h"

#define BIG_BYTES ((size_t)300 << 10)

static struct loop *loop;
static struct outside_proxy *proxy;
static struct service_proxy service;
static int listen_fd;
static uint16_t listen_port;

static int listener(uint16_t *ret_port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 8), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	*ret_port = ntohs(address.sin_port);
	return fd;
}

static int client(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_port = htons(listen_port),
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static int taken(int from)
{
	for (int i = 0; i < 200; i++) {
		int fd = accept4(from, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd >= 0)
			return fd;
		loop_step(loop, 10);
	}
	fail_msg("nobody was connected");
	return -1;
}

static int start(void **state)
{
	(void)state;
	loop = loop_new(NULL);
	listen_fd = listener(&listen_port);
	proxy = outside_proxy_new(loop, listen_fd);
	service = (struct service_proxy){0};
	return 0;
}

static int stop(void **state)
{
	(void)state;
	outside_proxy_free(proxy);
	string_list_clear(&service.targets);
	(void)close(listen_fd);
	loop_free(loop);
	return 0;
}

static void use(uint16_t port)
{
	string_list_addf(&service.targets, "127.0.0.1:%u", (unsigned)port);
	outside_proxy_use(proxy, &service);
}

/* Reads what there is, the loop going on; 0: the end has come. */
static ssize_t receive(int fd, char *bytes, size_t size)
{
	for (int i = 0; i < 400; i++) {
		ssize_t got = recv(fd, bytes, size, MSG_DONTWAIT);
		if (got >= 0 || errno != EAGAIN)
			return got;
		loop_step(loop, 10);
	}
	return -2;
}

/* A connection that is used, and ends up at that listener. */
static void speak_with(int server)
{
	char got[4];
	AUTO_CLOSE int from = client();
	AUTO_CLOSE int to = taken(server);

	assert_int_equal(send(from, "x", 1, 0), 1);
	assert_int_equal(receive(to, got, sizeof(got)), 1);
}

static void bytes_pass_and_ends_are_passed_on_one_by_one(void **state)
{
	uint16_t port;
	char got[16] = "";
	(void)state;
	AUTO_CLOSE int server = listener(&port);
	use(port);
	AUTO_CLOSE int from = client();
	AUTO_CLOSE int to = taken(server);

	assert_int_equal(send(from, "ping", 4, 0), 4);
	assert_int_equal(shutdown(from, SHUT_WR), 0);
	assert_int_equal(receive(to, got, sizeof(got)), 4);
	assert_memory_equal(got, "ping", 4);
	assert_int_equal(receive(to, got, sizeof(got)), 0);
	assert_int_equal(send(to, "pong", 4, 0), 4);
	assert_int_equal(receive(from, got, sizeof(got)), 4);
	auto_close(&to);
	assert_int_equal(receive(from, got, sizeof(got)), 0);
}

static void more_than_the_buffers_hold_arrives_whole(void **state)
{
	uint16_t port;
	(void)state;
	AUTO_CLOSE int server = listener(&port);
	use(port);
	AUTO_CLOSE int from = client();
	AUTO_CLOSE int to = taken(server);
	AUTO_FREE char *sent = xcalloc(1, BIG_BYTES);
	AUTO_FREE char *got = xcalloc(1, BIG_BYTES);
	size_t out = 0;
	size_t in = 0;

	for (size_t i = 0; i < BIG_BYTES; i++)
		sent[i] = (char)(i * 7 / 5);
	while (in < BIG_BYTES) {
		ssize_t size = send(from, sent + out, BIG_BYTES - out, MSG_DONTWAIT);
		out += size > 0 ? (size_t)size : 0;
		loop_step(loop, 0);
		size = recv(to, got + in, BIG_BYTES - in, MSG_DONTWAIT);
		in += size > 0 ? (size_t)size : 0;
	}
	assert_memory_equal(sent, got, BIG_BYTES);
}

static void a_target_that_refuses_is_passed_over(void **state)
{
	uint16_t dead;
	uint16_t port;
	(void)state;
	int gone = listener(&dead);
	(void)close(gone);
	AUTO_CLOSE int server = listener(&port);
	use(dead);
	use(port);
	for (int i = 0; i < 3; i++)
		speak_with(server);
}

static void where_nobody_answers_the_client_is_reset(void **state)
{
	uint16_t dead;
	char got[4];
	(void)state;
	int gone = listener(&dead);
	(void)close(gone);
	use(dead);
	AUTO_CLOSE int from = client();
	assert_int_equal(receive(from, got, sizeof(got)), -1);
	assert_int_equal(errno, ECONNRESET);
}

static void targets_take_turns_but_where_they_stick(void **state)
{
	uint16_t one;
	uint16_t two;
	(void)state;
	AUTO_CLOSE int first = listener(&one);
	AUTO_CLOSE int second = listener(&two);
	use(one);
	use(two);
	for (int i = 0; i < 4; i++)
		speak_with(i % 2 == 0 ? first : second);
	service.is_sticky = true;
	outside_proxy_use(proxy, &service);
	for (int i = 0; i < 3; i++)
		speak_with(first);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)
	const struct CMUnitTest tests[] = {
		TEST(bytes_pass_and_ends_are_passed_on_one_by_one),
		TEST(more_than_the_buffers_hold_arrives_whole),
		TEST(a_target_that_refuses_is_passed_over),
		TEST(where_nobody_answers_the_client_is_reset),
		TEST(targets_take_turns_but_where_they_stick),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
