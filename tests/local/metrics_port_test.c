/* SPDX-License-Identifier: Apache-2.0 */
/* The metrics port over real sockets: what it answers, and what hostile clients cost. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/parse.h"
#include "base/strbuf.h"
#include "local/plan/metrics.h"
#include "local/plan/plan_options.h"
#include "local/supervisor/metrics_port.h"
#include "local/supervisor/metrics_request.h"
#include "test.h"

enum { SHORT_MS = 150 };

struct fixture {
	struct loop *loop;
	struct metrics_port *port;
	unsigned asked;
	size_t size; /* of the text */
};

static char *make_text(void *arg)
{
	struct fixture *fixture = arg;
	struct strbuf text = STRBUF_INIT;
	fixture->asked++;
	while (text.size + 6 < fixture->size)
		strbuf_append(&text, "# a comment\n");
	strbuf_append(&text, "# EOF\n");
	return strbuf_take(&text);
}

static void open_port(struct fixture *fixture, const char *where, unsigned patience_ms)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	*fixture = (struct fixture){.loop = loop_new(&err)};
	assert_non_null(fixture->loop);
	fixture->port =
		metrics_port_open(fixture->loop, where, patience_ms, make_text, fixture, &err);
	if (fixture->port == NULL)
		fail_msg("%s", err.message);
}

static void fixture_clear(struct fixture *fixture)
{
	metrics_port_close(fixture->port);
	loop_free(fixture->loop);
}

static int connect_to(const struct fixture *fixture)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_FREE char *host = NULL;
	uint16_t port = 0;
	struct sockaddr_in address = {.sin_family = AF_INET};

	assert_true(metrics_place_read(metrics_port_address(fixture->port), &host, &port, &err));
	address.sin_port = htons(port);
	assert_int_equal(inet_pton(AF_INET, host, &address.sin_addr), 1);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

/* Runs the port until the connection's end, at most `ms`; false: it is still open. */
static bool read_answer(struct fixture *fixture, int fd, unsigned ms, struct strbuf *out)
{
	uint64_t end_ms = clock_monotonic_ms() + ms;
	char bytes[4096];

	while (clock_monotonic_ms() < end_ms) {
		loop_step(fixture->loop, 5);
		ssize_t got = 0;
		while ((got = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0)
			strbuf_append_bytes(out, bytes, (size_t)got);
		if (got == 0 || errno == ECONNRESET)
			return true;
	}
	return false;
}

static char *ask(struct fixture *fixture, const char *request)
{
	struct strbuf answer = STRBUF_INIT;
	AUTO_CLOSE int fd = connect_to(fixture);
	assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL), strlen(request));
	assert_true(read_answer(fixture, fd, 5000, &answer));
	return strbuf_take(&answer);
}

static void get_metrics_is_answered(void **state)
{
	AUTO(fixture_clear) struct fixture fixture;
	(void)state;
	open_port(&fixture, "", 0);
	AUTO_FREE char *answer = ask(&fixture, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
	assert_non_null(strstr(answer, "HTTP/1.1 200 OK\r\n"));
	assert_non_null(strstr(answer, "Content-Type: " METRICS_CONTENT_TYPE "\r\n"));
	assert_non_null(strstr(answer, "Content-Length: 6\r\n"));
	assert_non_null(strstr(answer, "\r\n\r\n# EOF\n"));
	AUTO_FREE char *old = ask(&fixture, "GET /metrics?a=b HTTP/1.0\n\n");
	assert_non_null(strstr(old, "200 OK"));
	assert_int_equal(fixture.asked, 2);
}

static void nothing_else_is(void **state)
{
	static const struct {
		const char *request;
		const char *status;
	} cases[] = {
		{"GET / HTTP/1.1\r\n\r\n", "404 "},
		{"GET /metricsx HTTP/1.1\r\n\r\n", "404 "},
		{"GET /metrics/ HTTP/1.1\r\n\r\n", "404 "},
		{"GET http://x/metrics HTTP/1.1\r\n\r\n", "404 "},
		{"POST /metrics HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", "405 "},
		{"HEAD /metrics HTTP/1.1\r\n\r\n", "405 "},
		{"GET /metrics HTTP/2.0\r\n", "505 "},
		{"GET /metrics\r\n", "400 "},
		{"GET  /metrics HTTP/1.1\r\n", "400 "},
		{"GET /met\x01rics HTTP/1.1\r\n", "400 "},
		{"\x16\x03\x01\n", "400 "},
		{"\n", "400 "},
	};
	AUTO(fixture_clear) struct fixture fixture;
	(void)state;
	open_port(&fixture, "127.0.0.1", 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO_FREE char *answer = ask(&fixture, cases[i].request);
		if (strncmp(answer, "HTTP/1.1 ", 9) != 0 ||
		    strncmp(answer + 9, cases[i].status, 4) != 0)
			fail_msg("%s for %s", answer, cases[i].request);
	}
	assert_int_equal(fixture.asked, 0);
}

static void headers_without_end_are_bounded(void **state)
{
	AUTO(fixture_clear) struct fixture fixture;
	AUTO(strbuf_clear) struct strbuf request = STRBUF_INIT;
	(void)state;
	open_port(&fixture, "", 0);
	strbuf_append(&request, "GET /metrics HTTP/1.1\r\n");
	while (request.size < METRICS_REQUEST_BYTES)
		strbuf_append(&request, "X-More: and more\r\n");
	AUTO_FREE char *answer = ask(&fixture, request.data);
	assert_non_null(strstr(answer, "431 "));
	strbuf_reset(&request);
	while (request.size <= METRICS_REQUEST_BYTES)
		strbuf_append(&request, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	AUTO_FREE char *line = ask(&fixture, request.data);
	assert_non_null(strstr(line, "431 "));
}

static void who_says_nothing_is_let_go(void **state)
{
	AUTO(fixture_clear) struct fixture fixture;
	AUTO(strbuf_clear) struct strbuf answer = STRBUF_INIT;
	(void)state;
	open_port(&fixture, "", SHORT_MS);
	AUTO_CLOSE int fd = connect_to(&fixture);
	assert_int_equal(send(fd, "GET /m", 6, MSG_NOSIGNAL), 6);
	assert_true(read_answer(&fixture, fd, 20 * SHORT_MS, &answer));
	assert_int_equal(answer.size, 0);
}

/* The text is larger than the socket's buffers, and nobody reads it. */
static void who_reads_nothing_is_let_go(void **state)
{
	AUTO(fixture_clear) struct fixture fixture;
	AUTO(strbuf_clear) struct strbuf answer = STRBUF_INIT;
	uint64_t end_ms = 0;
	(void)state;
	open_port(&fixture, "", SHORT_MS);
	fixture.size = 16 << 20;
	AUTO_CLOSE int fd = connect_to(&fixture);
	assert_true(send(fd, "GET /metrics HTTP/1.1\r\n\r\n", 25, MSG_NOSIGNAL) == 25);
	end_ms = clock_monotonic_ms() + 4 * SHORT_MS;
	while (clock_monotonic_ms() < end_ms)
		loop_step(fixture.loop, 5);
	assert_true(
		read_answer(&fixture, fd, 5000, &answer)); /* what was on its way, and the end */
	assert_true(answer.size < fixture.size);
}

/* However many connect and say nothing, one that asks is answered, and few are kept. */
static void a_crowd_does_not_keep_others_out(void **state)
{
	enum { CROWD = 4 * METRICS_CONNECTIONS };
	AUTO(fixture_clear) struct fixture fixture;
	int crowd[CROWD];
	unsigned open_ones = 0;
	(void)state;
	open_port(&fixture, "", 0);
	for (size_t i = 0; i < CROWD; i++) {
		crowd[i] = connect_to(&fixture);
		loop_step(fixture.loop, 5);
	}
	AUTO_FREE char *answer = ask(&fixture, "GET /metrics HTTP/1.1\r\n\r\n");
	assert_non_null(strstr(answer, "200 OK"));
	for (size_t i = 0; i < CROWD; i++) {
		char byte;
		ssize_t got = recv(crowd[i], &byte, 1, MSG_DONTWAIT);
		open_ones += got < 0 && errno == EAGAIN ? 1 : 0;
		(void)close(crowd[i]);
	}
	assert_true(open_ones < METRICS_CONNECTIONS);
}

static void a_request_in_pieces_is_whole_at_its_end(void **state)
{
	static const char request[] = "GET /metrics HTTP/1.1\r\nA: b\r\n\r\n";
	(void)state;
	for (size_t size = 0; size + 1 < sizeof(request) - 1; size++)
		assert_int_equal(metrics_request_read(request, size), METRICS_WAIT);
	assert_int_equal(metrics_request_read(request, sizeof(request) - 1), METRICS_OK);
}

static void a_taken_port_moves_only_when_nobody_asked_for_it(void **state)
{
	AUTO(fixture_clear) struct fixture first;
	AUTO(fixture_clear) struct fixture second;
	AUTO(error_clear) struct error err = ERROR_INIT;
	(void)state;
	open_port(&first, "", 0);
	open_port(&second, "127.0.0.1", 0);
	assert_string_not_equal(metrics_port_address(first.port),
				metrics_port_address(second.port));
	assert_null(metrics_port_open(first.loop, metrics_port_address(second.port), 0, make_text,
				      NULL, &err));
	assert_int_equal(err.kind, ERROR_EXISTS);
}

static void places_are_read(void **state)
{
	static const struct {
		const char *text;
		const char *host; /* NULL: refused */
		unsigned port;
	} cases[] = {
		{"", "127.0.0.1", 0},
		{"9000", "127.0.0.1", 9000},
		{":9000", "127.0.0.1", 9000},
		{"0.0.0.0:1", "0.0.0.0", 1},
		{"[::1]:9464", "::1", 9464},
		{"::1", "::1", 0},
		{"[::1]", "::1", 0},
		{"10.0.0.1", "10.0.0.1", 0},
		{"99999", NULL, 0},
		{"localhost:1", NULL, 0},
		{"1.2.3.4:", NULL, 0},
		{"1.2.3.4:x", NULL, 0},
		{"[::1", NULL, 0},
		{":", NULL, 0},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO(error_clear) struct error err = ERROR_INIT;
		AUTO_FREE char *host = NULL;
		uint16_t port = 0;
		bool is_read = metrics_place_read(cases[i].text, &host, &port, &err);
		if (is_read != (cases[i].host != NULL))
			fail_msg("'%s' was %s", cases[i].text, is_read ? "taken" : err.message);
		if (!is_read)
			continue;
		assert_string_equal(host, cases[i].host);
		assert_int_equal(port, cases[i].port);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(get_metrics_is_answered),
		cmocka_unit_test(nothing_else_is),
		cmocka_unit_test(headers_without_end_are_bounded),
		cmocka_unit_test(who_says_nothing_is_let_go),
		cmocka_unit_test(who_reads_nothing_is_let_go),
		cmocka_unit_test(a_crowd_does_not_keep_others_out),
		cmocka_unit_test(a_request_in_pieces_is_whole_at_its_end),
		cmocka_unit_test(a_taken_port_moves_only_when_nobody_asked_for_it),
		cmocka_unit_test(places_are_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
