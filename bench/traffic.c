/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Both ends of the network benches, and the balancer alone between them:
 *
 *	traffic serve ADDRESS PORT
 *	traffic balance PORT ADDRESS:PORT...
 *	traffic throughput ADDRESS PORT SECONDS	→ MB/s received over one connection
 *	traffic latency ADDRESS PORT COUNT	→ median µs of a 64-byte round trip
 *	traffic connect ADDRESS PORT COUNT	→ median µs of connect + round trip + close
 *
 * The first byte of a connection says what the server does: S sends without end, E echoes.
 */
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/parse.h"
#include "local/ports/balancer.h"
#include "local/ports/socket_address.h"

#define CHUNK ((size_t)128 << 10)

static void fail(const char *what)
{
	(void)fprintf(stderr, "traffic: %s: %s\n", what, strerror(errno));
	exit(1);
}

static struct socket_address parse_address(const char *host, const char *port_text)
{
	struct socket_address address;
	uint16_t port;

	if (!parse_port(port_text, &port) || !socket_address_make(host, port, &address, NULL))
		fail("wrong address");
	return address;
}

static void *serve_one(void *arg)
{
	AUTO_CLOSE int fd = (int)(intptr_t)arg;
	AUTO_FREE char *bytes = xcalloc(1, CHUNK);
	ssize_t got = recv(fd, bytes, 1, 0);

	if (got == 1 && bytes[0] == 'S') {
		while (send(fd, bytes, CHUNK, MSG_NOSIGNAL) > 0)
			continue;
	}
	while (got == 1 && bytes[0] == 'E') {
		ssize_t more = recv(fd, bytes + 1, CHUNK - 1, 0);
		if (more <= 0 || send(fd, bytes + 1, (size_t)more, MSG_NOSIGNAL) < 0)
			break;
	}
	return NULL;
}

static void no_delay(int fd)
{
	const int on = 1;

	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

static int serve(char **args)
{
	struct socket_address address = parse_address(args[0], args[1]);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const int on = 1;

	(void)setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(listener, &address.u.any, address.size) < 0 || listen(listener, 1024) < 0)
		fail("listen");
	for (;;) {
		pthread_t thread;
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0)
			continue;
		no_delay(fd);
		if (pthread_create(&thread, NULL, serve_one, (void *)(intptr_t)fd) != 0)
			(void)close(fd);
		else
			(void)pthread_detach(thread);
	}
}

static int balance(int count, char **args)
{
	struct loop *loop = loop_new(NULL);
	struct balancer *balancer = balancer_new(loop);
	struct balancer_port_options options = {.service = "bench"};
	struct balancer_port *port;

	if (!parse_port(args[0], &options.port))
		fail("wrong port");
	port = balancer_open_port(balancer, &options, NULL);
	if (port == NULL)
		fail("listen");
	for (int i = 1; i < count; i++) {
		char name[16];
		char *colon = strchr(args[i], ':');
		struct balancer_backend backend = {.name = name, .address = args[i]};
		(void)snprintf(name, sizeof(name), "b-%d", i);
		if (colon == NULL || !parse_port(colon + 1, &backend.port))
			fail("wrong backend");
		*colon = '\0';
		if (!balancer_port_add(port, &backend, NULL))
			fail("wrong backend");
	}
	return loop_run(loop);
}

static int connect_to(char **args, char mode)
{
	struct socket_address address = parse_address(args[0], args[1]);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (connect(fd, &address.u.any, address.size) < 0)
		fail("connect");
	no_delay(fd);
	if (send(fd, &mode, 1, MSG_NOSIGNAL) != 1)
		fail("send");
	return fd;
}

static int throughput(char **args)
{
	AUTO_CLOSE int fd = connect_to(args, 'S');
	AUTO_FREE char *bytes = xmalloc(CHUNK);
	uint64_t seconds;
	uint64_t total = 0;
	uint64_t start;
	uint64_t now;

	if (!parse_u64(args[2], 1, 3600, &seconds))
		fail("wrong seconds");
	/* The first moments are TCP's own. */
	for (start = clock_monotonic_us(); clock_monotonic_us() < start + 200000;) {
		if (recv(fd, bytes, CHUNK, 0) <= 0)
			fail("recv");
	}
	for (start = now = clock_monotonic_us(); now < start + seconds * 1000000;
	     now = clock_monotonic_us()) {
		ssize_t got = recv(fd, bytes, CHUNK, 0);
		if (got <= 0)
			fail("recv");
		total += (uint64_t)got;
	}
	(void)printf("%.1f\n", (double)total / (double)(now - start));
	return 0;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a;
	uint64_t y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void round_trip(int fd)
{
	char bytes[64] = "ping";

	if (send(fd, bytes, sizeof(bytes), MSG_NOSIGNAL) != (ssize_t)sizeof(bytes) ||
	    recv(fd, bytes, sizeof(bytes), MSG_WAITALL) != (ssize_t)sizeof(bytes))
		fail("round trip");
}

static int latency(char **args, bool connects_each)
{
	uint64_t count;
	AUTO_FREE uint64_t *times = NULL;
	AUTO_CLOSE int fd = -1;

	if (!parse_u64(args[2], 1, 1000000, &count))
		fail("wrong count");
	times = xcalloc(count, sizeof(*times));
	if (!connects_each)
		fd = connect_to(args, 'E');
	for (uint64_t i = 0; i < count; i++) {
		uint64_t start = clock_monotonic_us();
		if (connects_each) {
			AUTO_CLOSE int once = connect_to(args, 'E');
			round_trip(once);
		} else {
			round_trip(fd);
		}
		times[i] = clock_monotonic_us() - start;
	}
	qsort(times, count, sizeof(*times), compare);
	(void)printf("%" PRIu64 "\n", times[count / 2]);
	return 0;
}

int main(int argc, char **argv)
{
	(void)signal(SIGPIPE, SIG_IGN);
	if (argc >= 4 && strcmp(argv[1], "serve") == 0)
		return serve(argv + 2);
	if (argc >= 4 && strcmp(argv[1], "balance") == 0)
		return balance(argc - 2, argv + 2);
	if (argc == 5 && strcmp(argv[1], "throughput") == 0)
		return throughput(argv + 2);
	if (argc == 5 && strcmp(argv[1], "latency") == 0)
		return latency(argv + 2, false);
	if (argc == 5 && strcmp(argv[1], "connect") == 0)
		return latency(argv + 2, true);
	(void)fprintf(stderr, "usage: see the top of bench/traffic.c\n");
	return 2;
}
