/* SPDX-License-Identifier: Apache-2.0 */
#include "local/ports/balancer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "local/ports/port_owner.h"

#include "test.h"

#define MAX_SERVERS 3

/* A balancer in front of listening sockets of this process; the test is client and server. */
static struct loop *loop;
static struct balancer *balancer;
static struct balancer_port *port;
static int servers[MAX_SERVERS];
static uint16_t server_ports[MAX_SERVERS];

static uint16_t port_of(int fd)
{
	struct sockaddr_in address;
	socklen_t size = sizeof(address);

	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	return ntohs(address.sin_port);
}

static int make_socket(int type)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	if (type == SOCK_STREAM)
		assert_int_equal(listen(fd, 64), 0);
	return fd;
}

static int start(void **state)
{
	(void)state;
	loop = loop_new(NULL);
	balancer = balancer_new(loop);
	port = NULL;
	for (size_t i = 0; i < MAX_SERVERS; i++) {
		servers[i] = make_socket(SOCK_STREAM);
		server_ports[i] = port_of(servers[i]);
	}
	return 0;
}

static int stop(void **state)
{
	(void)state;
	balancer_free(balancer);
	for (size_t i = 0; i < MAX_SERVERS; i++) {
		if (servers[i] >= 0)
			(void)close(servers[i]);
	}
	loop_free(loop);
	return 0;
}

static void turn(void)
{
	for (int i = 0; i < 6; i++)
		loop_step(loop, 1);
}

static void wait_ms(int ms)
{
	while (ms-- > 0)
		loop_step(loop, 1);
}

static void open_port(struct balancer_port_options options)
{
	options.service = "web";
	port = balancer_open_port(balancer, &options, NULL);
	assert_non_null(port);
}

static void add(size_t i)
{
	char name[16];
	const struct balancer_backend backend = {
		.name = name, .address = "127.0.0.1", .port = server_ports[i]};

	(void)snprintf(name, sizeof(name), "web-%zu", i);
	assert_true(balancer_port_add(port, &backend, NULL));
}

static int connect_client(int type)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				      .sin_port = htons(balancer_port_number(port))};
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	turn();
	return fd;
}

static int accept_on(size_t i)
{
	int fd;

	turn();
	fd = accept4(servers[i], NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	turn();
	return fd;
}

static void put(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
	turn();
}

static void expect(int fd, const char *text)
{
	char bytes[256] = "";
	ssize_t got;

	turn();
	got = recv(fd, bytes, sizeof(bytes) - 1, 0);
	assert_int_equal(got, strlen(text));
	assert_string_equal(bytes, text);
}

static bool is_reset(int fd)
{
	char byte;

	turn();
	return recv(fd, &byte, 1, 0) < 0 && errno == ECONNRESET;
}

static struct balancer_counters counters(void)
{
	struct balancer_counters now;

	balancer_port_get_counters(port, &now);
	return now;
}

static void bytes_pass_both_ways_and_half_close_stays_half(void **state)
{
	AUTO_CLOSE int client = -1;
	AUTO_CLOSE int server = -1;
	(void)state;

	open_port((struct balancer_port_options){0});
	add(0);
	client = connect_client(SOCK_STREAM);
	server = accept_on(0);
	put(client, "question");
	expect(server, "question");
	assert_int_equal(shutdown(client, SHUT_WR), 0);
	expect(server, "");
	put(server, "answer");
	expect(client, "answer");
	assert_int_equal(counters().open, 1);
	(void)close(take_fd(&server));
	expect(client, "");
	turn();
	assert_int_equal(counters().open, 0);
	assert_int_equal(counters().bytes_in, 8);
	assert_int_equal(counters().bytes_out, 6);
}

static void connections_go_round(void **state)
{
	int clients[6];
	(void)state;

	open_port((struct balancer_port_options){0});
	for (size_t i = 0; i < MAX_SERVERS; i++)
		add(i);
	for (size_t i = 0; i < 6; i++)
		clients[i] = connect_client(SOCK_STREAM);
	for (size_t i = 0; i < MAX_SERVERS; i++) {
		for (int n = 0; n < 2; n++) {
			int fd = accept_on(i);
			assert_true(fd >= 0);
			(void)close(fd);
		}
		assert_int_equal(accept_on(i), -1);
	}
	for (size_t i = 0; i < 6; i++)
		(void)close(clients[i]);
}

/* web-1 alone; then, nobody. */
static const char *allowed_name;

static bool is_web_1(const char *client, const char *backend, uint16_t target, bool is_udp,
		     void *arg)
{
	(void)arg;
	return strcmp(client, "127.0.0.1") == 0 && target == server_ports[1] && !is_udp &&
	       allowed_name != NULL && strcmp(backend, allowed_name) == 0;
}

static void a_client_gets_what_it_may_reach_alone(void **state)
{
	char byte;
	(void)state;

	allowed_name = "web-1";
	open_port((struct balancer_port_options){.may_reach = is_web_1});
	for (size_t i = 0; i < MAX_SERVERS; i++)
		add(i);
	int first = connect_client(SOCK_STREAM), second = connect_client(SOCK_STREAM);
	int one = accept_on(1), other = accept_on(1);
	assert_true(one >= 0 && other >= 0);
	assert_int_equal(accept_on(0), -1);
	/* The rules change: what may not be any more ends, and nobody new gets in. */
	allowed_name = NULL;
	balancer_recheck(balancer);
	turn();
	assert_true(recv(first, &byte, 1, 0) == 0 || errno == ECONNRESET);
	int third = connect_client(SOCK_STREAM);
	assert_int_equal(accept_on(1), -1);
	assert_int_equal(recv(third, &byte, 1, 0), -1);
	assert_int_equal(errno, ECONNRESET);
	assert_int_equal(counters().parked, 0);
	const int all[] = {first, second, third, one, other};
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		(void)close(all[i]);
}

static void connections_are_parked_until_a_backend_is_there(void **state)
{
	AUTO_CLOSE int client = -1;
	AUTO_CLOSE int server = -1;
	(void)state;

	open_port((struct balancer_port_options){0});
	client = connect_client(SOCK_STREAM);
	put(client, "early");
	assert_int_equal(counters().parked, 1);
	add(0);
	server = accept_on(0);
	expect(server, "early");
	assert_int_equal(counters().parked, 0);
}

static void parking_ends_in_time_and_number(void **state)
{
	AUTO_CLOSE int first = -1;
	AUTO_CLOSE int second = -1;
	(void)state;

	open_port((struct balancer_port_options){.max_parked = 1, .park_ms = 120});
	first = connect_client(SOCK_STREAM);
	second = connect_client(SOCK_STREAM);
	assert_true(is_reset(second));
	wait_ms(250);
	assert_true(is_reset(first));
	assert_int_equal(counters().failed, 2);
}

static void a_backend_that_refuses_is_passed_over(void **state)
{
	AUTO_CLOSE int client = -1;
	AUTO_CLOSE int server = -1;
	(void)state;

	open_port((struct balancer_port_options){0});
	(void)close(take_fd(&servers[0]));
	add(0);
	add(1);
	client = connect_client(SOCK_STREAM);
	server = accept_on(1);
	assert_true(server >= 0);
	put(client, "x");
	expect(server, "x");
	assert_int_equal(counters().retried, 1);
}

static void a_client_does_not_wait_where_nothing_listens(void **state)
{
	AUTO_CLOSE int client = -1;
	AUTO_CLOSE int second = -1;
	AUTO_CLOSE int server = -1;
	(void)state;

	open_port((struct balancer_port_options){.refused_ms = 150});
	(void)close(take_fd(&servers[0]));
	add(0);
	client = connect_client(SOCK_STREAM);
	assert_int_equal(counters().parked, 1);
	wait_ms(400);
	assert_true(is_reset(client));
	assert_int_equal(counters().refused, 1);
	assert_true(counters().is_refused_now);
	add(1);
	second = connect_client(SOCK_STREAM);
	server = accept_on(1);
	assert_true(server >= 0);
	assert_false(counters().is_refused_now);
}

static void one_client_cannot_have_all_connections(void **state)
{
	AUTO_CLOSE int first = -1;
	AUTO_CLOSE int second = -1;
	AUTO_CLOSE int third = -1;
	AUTO_CLOSE int server = -1;
	(void)state;

	open_port((struct balancer_port_options){.max_open = 8, .max_per_client = 2});
	add(0);
	first = connect_client(SOCK_STREAM);
	second = connect_client(SOCK_STREAM);
	third = connect_client(SOCK_STREAM);
	assert_true(is_reset(third));
	assert_int_equal(counters().failed, 1);
	server = accept_on(0);
	(void)close(take_fd(&first));
	(void)close(take_fd(&server));
	turn();
	(void)close(take_fd(&third));
	third = connect_client(SOCK_STREAM);
	assert_false(is_reset(third));
}

/* The server's own queue is short, so most have to come again. */
static void a_burst_of_three_thousand_loses_none(void **state)
{
	enum { COUNT = 3000 };
	static int clients[COUNT];
	size_t taken = 0;
	(void)state;

	open_port((struct balancer_port_options){.connect_timeout_ms = 200});
	assert_int_equal(listen(servers[0], 64), 0);
	add(0);
	for (size_t i = 0; i < COUNT; i++) {
		struct sockaddr_in address = {.sin_family = AF_INET,
					      .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
					      .sin_port = htons(balancer_port_number(port))};
		clients[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		assert_true(clients[i] >= 0);
		assert_true(connect(clients[i], (struct sockaddr *)&address, sizeof(address)) ==
				    0 ||
			    errno == EINPROGRESS);
	}
	for (int i = 0; i < 4000 && taken < COUNT; i++) {
		int fd;
		loop_step(loop, 1);
		while ((fd = accept4(servers[0], NULL, NULL, SOCK_CLOEXEC)) >= 0) {
			(void)send(fd, "x", 1, MSG_NOSIGNAL);
			(void)close(fd);
			taken++;
		}
	}
	assert_int_equal(counters().failed, 0);
	assert_int_equal(taken, COUNT);
	for (size_t i = 0; i < COUNT; i++)
		(void)close(clients[i]);
}

static void an_answer_that_nobody_reads_takes_little_memory(void **state)
{
	static char bytes[65536];
	AUTO_CLOSE int client = -1;
	AUTO_CLOSE int server = -1;
	size_t sent = 0;
	int at_client = 0;
	int at_server = 0;
	(void)state;

	open_port((struct balancer_port_options){0});
	add(0);
	client = connect_client(SOCK_STREAM);
	server = accept_on(0);
	for (int i = 0; i < 60; i++) {
		ssize_t put;
		while ((put = send(server, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0)
			sent += (size_t)put;
		loop_step(loop, 5);
	}
	/* What the ends themselves hold is theirs. */
	assert_int_equal(ioctl(client, FIONREAD, &at_client), 0);
	assert_int_equal(ioctl(server, TIOCOUTQ, &at_server), 0);
	assert_in_range(sent - (size_t)at_client - (size_t)at_server, 65536, 1 << 20);
}

static void a_backend_that_is_not_up_yet_is_asked_again(void **state)
{
	AUTO_CLOSE int client = -1;
	AUTO_CLOSE int server = -1;
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	const int on = 1;
	(void)state;

	open_port((struct balancer_port_options){0});
	(void)close(take_fd(&servers[0]));
	add(0);
	client = connect_client(SOCK_STREAM);
	assert_int_equal(counters().parked, 1);
	servers[0] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	(void)setsockopt(servers[0], SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	address.sin_port = htons(server_ports[0]);
	assert_int_equal(bind(servers[0], (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(servers[0], 8), 0);
	wait_ms(250);
	server = accept_on(0);
	assert_true(server >= 0);
}

static void a_leaving_backend_keeps_its_connections_for_a_while(void **state)
{
	AUTO_CLOSE int old = -1;
	AUTO_CLOSE int fresh = -1;
	AUTO_CLOSE int server = -1;
	(void)state;

	open_port((struct balancer_port_options){0});
	add(0);
	old = connect_client(SOCK_STREAM);
	server = accept_on(0);
	assert_int_equal(balancer_remove(balancer, "web-0", 150), 1);
	put(old, "still");
	expect(server, "still");
	fresh = connect_client(SOCK_STREAM);
	assert_int_equal(accept_on(0), -1);
	wait_ms(250);
	assert_true(is_reset(old));
	assert_int_equal(balancer_connections(balancer, "web-0"), 0);
	assert_int_equal(counters().cut, 1);
}

static void the_death_of_a_backend_fails_only_its_own_connections(void **state)
{
	AUTO_CLOSE int first = -1;
	AUTO_CLOSE int second = -1;
	AUTO_CLOSE int first_server = -1;
	AUTO_CLOSE int second_server = -1;
	(void)state;

	open_port((struct balancer_port_options){0});
	add(0);
	add(1);
	first = connect_client(SOCK_STREAM);
	second = connect_client(SOCK_STREAM);
	first_server = accept_on(0);
	second_server = accept_on(1);
	(void)balancer_remove(balancer, "web-0", 0);
	assert_true(is_reset(first));
	put(second, "on");
	expect(second_server, "on");
}

static void a_dead_clients_connections_end_at_the_server_too(void **state)
{
	AUTO_CLOSE int client = -1;
	AUTO_CLOSE int server = -1;
	(void)state;

	open_port((struct balancer_port_options){0});
	add(0);
	client = connect_client(SOCK_STREAM);
	server = accept_on(0);
	balancer_drop_client(balancer, "127.0.0.2");
	put(server, "on");
	expect(client, "on");
	balancer_drop_client(balancer, "127.0.0.1");
	assert_true(is_reset(server));
	assert_true(is_reset(client));
}

static int accept_on_any(void)
{
	int fd = -1;

	for (int round = 0; round < 50 && fd < 0; round++) {
		loop_step(loop, 1);
		for (size_t i = 0; i < MAX_SERVERS && fd < 0; i++)
			fd = servers[i] >= 0 ? accept4(servers[i], NULL, NULL, SOCK_CLOEXEC) : -1;
	}
	return fd;
}

/* Nobody has told the balancer yet that the backend is dead. */
static void no_new_connection_fails_when_one_of_three_dies(void **state)
{
	(void)state;

	open_port((struct balancer_port_options){0});
	for (size_t i = 0; i < MAX_SERVERS; i++)
		add(i);
	for (int i = 0; i < 60; i++) {
		int client = connect_client(SOCK_STREAM);
		int server;
		if (i == 20)
			(void)close(take_fd(&servers[1]));
		server = accept_on_any();
		/* The one that was on its way to the dying server when it died. */
		if (server < 0 && i == 20) {
			(void)close(client);
			continue;
		}
		assert_true(server >= 0);
		put(client, "x");
		expect(server, "x");
		(void)close(server);
		(void)close(client);
	}
	assert_true(counters().retried >= 1);
	assert_int_equal(counters().failed, 0);
}

static void a_reset_of_the_server_reaches_the_client(void **state)
{
	const struct linger at_once = {.l_onoff = 1};
	AUTO_CLOSE int client = -1;
	int server;
	(void)state;

	open_port((struct balancer_port_options){0});
	add(0);
	client = connect_client(SOCK_STREAM);
	server = accept_on(0);
	(void)setsockopt(server, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	(void)close(server);
	assert_true(is_reset(client));
}

static void one_client_keeps_its_backend_with_affinity(void **state)
{
	int clients[4];
	(void)state;

	open_port((struct balancer_port_options){.has_client_affinity = true});
	add(0);
	add(1);
	add(2);
	for (size_t i = 0; i < 4; i++)
		clients[i] = connect_client(SOCK_STREAM);
	assert_true(balancer_connections(balancer, "web-0") == 4 ||
		    balancer_connections(balancer, "web-1") == 4 ||
		    balancer_connections(balancer, "web-2") == 4);
	for (size_t i = 0; i < 4; i++)
		(void)close(clients[i]);
}

/*
 * More than all socket buffers on the way hold, with a slow reader: nothing is lost or reordered.
 */
static void much_data_arrives_whole_through_a_slow_reader(void **state)
{
	enum { TOTAL = 24 << 20 };
	AUTO_CLOSE int client = -1;
	AUTO_CLOSE int server = -1;
	static unsigned char chunk[65536];
	size_t sent = 0;
	size_t got = 0;
	(void)state;

	open_port((struct balancer_port_options){0});
	add(0);
	client = connect_client(SOCK_STREAM);
	server = accept_on(0);
	while (got < TOTAL) {
		ssize_t put_now = 0;
		ssize_t got_now;
		if (sent < TOTAL) {
			size_t want = TOTAL - sent < sizeof(chunk) ? TOTAL - sent : sizeof(chunk);
			for (size_t i = 0; i < want; i++)
				chunk[i] = (unsigned char)((sent + i) % 251);
			put_now = send(client, chunk, want, MSG_NOSIGNAL);
			if (put_now > 0)
				sent += (size_t)put_now;
			if (sent >= TOTAL)
				assert_int_equal(shutdown(client, SHUT_WR), 0);
		}
		loop_step(loop, 0);
		got_now = recv(server, chunk, 40000, 0);
		for (ssize_t i = 0; i < got_now; i++)
			assert_int_equal(chunk[i], (got + (size_t)i) % 251);
		if (got_now > 0)
			got += (size_t)got_now;
	}
	expect(server, "");
}

static void a_client_that_closes_early_does_not_lose_what_it_sent(void **state)
{
	static char bytes[65536];
	AUTO_CLOSE int server = -1;
	int client;
	size_t sent = 0;
	size_t got = 0;
	(void)state;

	open_port((struct balancer_port_options){0});
	add(0);
	client = connect_client(SOCK_STREAM);
	server = accept_on(0);
	for (int i = 0; i < 40; i++) {
		ssize_t put_now = send(client, bytes, sizeof(bytes), MSG_NOSIGNAL);
		sent += put_now > 0 ? (size_t)put_now : 0;
		loop_step(loop, 0);
	}
	(void)close(client);
	for (int i = 0; i < 3000 && got < sent; i++) {
		ssize_t got_now = recv(server, bytes, sizeof(bytes), 0);
		got += got_now > 0 ? (size_t)got_now : 0;
		loop_step(loop, 0);
	}
	assert_int_equal(got, sent);
}

static void datagrams_find_a_backend_and_the_way_back(void **state)
{
	AUTO_CLOSE int server = make_socket(SOCK_DGRAM);
	AUTO_CLOSE int client = -1;
	struct sockaddr_in from;
	socklen_t size = sizeof(from);
	char bytes[32] = "";
	const struct balancer_backend backend = {
		.name = "dns-0", .address = "127.0.0.1", .port = port_of(server)};
	(void)state;

	open_port((struct balancer_port_options){.is_udp = true, .udp_idle_ms = 100});
	client = connect_client(SOCK_DGRAM);
	put(client, "nobody");
	assert_int_equal(counters().dropped, 1);
	assert_true(balancer_port_add(port, &backend, NULL));
	put(client, "question");
	assert_int_equal(recvfrom(server, bytes, sizeof(bytes), 0, (struct sockaddr *)&from, &size),
			 8);
	assert_int_equal(
		sendto(server, "answer", 6, 0, (const struct sockaddr *)&from, sizeof(from)), 6);
	expect(client, "answer");
	assert_int_equal(counters().open, 1);
	wait_ms(250);
	assert_int_equal(counters().open, 0);
}

static void a_taken_port_names_its_owner(void **state)
{
	const struct balancer_port_options options = {.service = "web", .port = server_ports[0]};
	struct error err = ERROR_INIT;
	(void)state;

	assert_null(balancer_open_port(balancer, &options, &err));
	assert_int_equal(err.kind, ERROR_EXISTS);
	assert_non_null(strstr(err.message, "is taken by test-local-bala (process "));
	assert_non_null(strstr(err.hint, "--publish"));
	error_clear(&err);
}

static void a_wrong_address_is_an_error(void **state)
{
	const struct balancer_port_options options = {.service = "web", .address = "localhost"};
	struct error err = ERROR_INIT;
	(void)state;

	assert_null(balancer_open_port(balancer, &options, &err));
	assert_int_equal(err.kind, ERROR_INVALID);
	error_clear(&err);
}

static void a_connection_from_elsewhere_is_served_too(void **state)
{
	int ends[2];
	AUTO_CLOSE int server = -1;
	(void)state;

	open_port((struct balancer_port_options){0});
	add(0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends),
			 0);
	balancer_port_serve(port, ends[0]);
	server = accept_on(0);
	put(ends[1], "hello");
	expect(server, "hello");
	put(server, "back");
	expect(ends[1], "back");
	(void)close(ends[1]);
	expect(server, "");
	turn();
	assert_int_equal(counters().open, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(bytes_pass_both_ways_and_half_close_stays_half),
		TEST(a_client_gets_what_it_may_reach_alone),
		TEST(connections_go_round),
		TEST(connections_are_parked_until_a_backend_is_there),
		TEST(parking_ends_in_time_and_number),
		TEST(a_backend_that_refuses_is_passed_over),
		TEST(a_client_does_not_wait_where_nothing_listens),
		TEST(one_client_cannot_have_all_connections),
		TEST(a_burst_of_three_thousand_loses_none),
		TEST(an_answer_that_nobody_reads_takes_little_memory),
		TEST(a_backend_that_is_not_up_yet_is_asked_again),
		TEST(a_leaving_backend_keeps_its_connections_for_a_while),
		TEST(the_death_of_a_backend_fails_only_its_own_connections),
		TEST(a_dead_clients_connections_end_at_the_server_too),
		TEST(no_new_connection_fails_when_one_of_three_dies),
		TEST(a_reset_of_the_server_reaches_the_client),
		TEST(one_client_keeps_its_backend_with_affinity),
		TEST(much_data_arrives_whole_through_a_slow_reader),
		TEST(a_client_that_closes_early_does_not_lose_what_it_sent),
		TEST(datagrams_find_a_backend_and_the_way_back),
		TEST(a_taken_port_names_its_owner),
		TEST(a_wrong_address_is_an_error),
		TEST(a_connection_from_elsewhere_is_served_too),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
