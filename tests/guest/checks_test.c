/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/loop.h"
#include "base/loop_timer.h"
#include "guest/pod/check_grpc.h"
#include "guest/pod/check_http.h"
#include "guest/pod/check_socket.h"
#include "test.h"

static void a_status_line_is_read_as_it_comes(void **state)
{
	(void)state;
	assert_int_equal(http_status_parse("HTTP/1.1 204 No", 15), 204);
	assert_int_equal(http_status_parse("HTTP/1.0 200 OK", 15), 200);
	assert_int_equal(http_status_parse("HTTP/1.1 2", 10), 0);
	assert_int_equal(http_status_parse("SSH-2.0-x", 9), -1);
	assert_int_equal(http_status_parse("", 0), 0);
}

static int answer(const char *text, char **ret_location)
{
	return http_answer_parse(text, strlen(text), ret_location);
}

static void interim_answers_are_passed_over(void **state)
{
	char *location = NULL;
	(void)state;
	assert_int_equal(answer("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n", &location), 0);
	assert_int_equal(answer("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n", &location), 0);
	assert_int_equal(answer("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\n\r\n"
				"HTTP/1.1 503 No\r\n",
				&location),
			 503);
	assert_int_equal(answer("HTTP/1.1 101 Switching\r\n\r\n", &location), 101);
	assert_int_equal(answer("HTTP/1.1 100 Continue\r\n\r\nnonsense", &location), -1);
}

static void a_redirect_waits_for_its_location(void **state)
{
	char *location = NULL;
	(void)state;
	assert_int_equal(answer("HTTP/1.1 302 Found\r\nX: Location: no\r\n", &location), 0);
	assert_int_equal(answer("HTTP/1.1 302 Found\r\nlocation:  /ok?a=b \r\nX: y\r\n\r\n<html>",
				&location),
			 302);
	assert_string_equal(location, "/ok?a=b");
	free(location);
	assert_int_equal(answer("HTTP/1.0 301 Moved\n\n", &location), 301);
	assert_null(location);
	assert_int_equal(answer("HTTP/1.1 304 Not Modified\r\n", &location), 304);
}

/* "KIND host:port/path": where a probe of https? at 10.0.0.5:8080/a/b?q goes on. */
static void expect_follow(const char *location, const char *wanted)
{
	static const char *const kinds[] = {"same", "elsewhere", "nonsense"};
	AUTO(http_target_clear)
	struct http_target target = {
		.host = xstrdup("10.0.0.5"), .port = 8080, .path = xstrdup("/a/b?q")};
	enum http_redirect kind = http_target_follow(&target, location);
	AUTO_FREE char *got = xasprintf("%s %s%s:%u%s", kinds[kind], target.is_https ? "s " : "",
					target.host, target.port, target.path);
	assert_string_equal(got, wanted);
}

static void redirects_are_read_as_rfc_3986_has_them(void **state)
{
	(void)state;
	expect_follow("/bad", "same 10.0.0.5:8080/bad");
	expect_follow("c/./d/../e?x=..", "same 10.0.0.5:8080/a/c/e?x=..");
	expect_follow("../../../up/", "same 10.0.0.5:8080/up/");
	expect_follow("..", "same 10.0.0.5:8080/");
	expect_follow("?r#part", "same 10.0.0.5:8080/a/b?r");
	expect_follow("", "same 10.0.0.5:8080/a/b");
	expect_follow("http://10.0.0.5:9090", "same 10.0.0.5:9090/");
	expect_follow("HTTPS://u:p@10.0.0.5?q", "same s 10.0.0.5:443/?q");
	expect_follow("//10.0.0.5:81/x", "same 10.0.0.5:81/x");
	expect_follow("https://other.example/", "elsewhere 10.0.0.5:8080/a/b?q");
	expect_follow("http://[::1]:80/", "elsewhere 10.0.0.5:8080/a/b?q");
	expect_follow("mailto:a@b", "elsewhere 10.0.0.5:8080/a/b?q");
	expect_follow("http:", "nonsense 10.0.0.5:8080/a/b?q");
	expect_follow("http://10.0.0.5:99999/", "nonsense 10.0.0.5:8080/a/b?q");
	expect_follow("http://[::1/", "nonsense 10.0.0.5:8080/a/b?q");
	expect_follow("/a\r\nX: y", "nonsense 10.0.0.5:8080/a/b?q");
	expect_follow("/a b", "nonsense 10.0.0.5:8080/a/b?q");
}

static void a_request_says_what_the_manifest_says(void **state)
{
	(void)state;
	char ipv6[] = "fd00::5";
	char path[] = "/ok";
	struct http_target target = {.host = ipv6, .port = 80, .path = path};
	struct check check = {.type = CHECK_HTTP};
	AUTO(strbuf_clear) struct strbuf plain = STRBUF_INIT;
	http_request_make(&check, &target, &plain);
	assert_non_null(strstr(plain.data, "GET /ok HTTP/1.1\r\nHost: [fd00::5]:80\r\n"));
	assert_non_null(strstr(plain.data, "User-Agent: i2kit-probe/"));
	string_list_add(&check.headers, "host: a.example");
	string_list_add(&check.headers, "accept: text/plain");
	AUTO(strbuf_clear) struct strbuf own = STRBUF_INIT;
	http_request_make(&check, &target, &own);
	assert_non_null(strstr(own.data, "host: a.example\r\naccept: text/plain\r\nUser-Agent"));
	assert_null(strstr(own.data, "Host:"));
	assert_null(strstr(own.data, "Accept:"));
	string_list_clear(&check.headers);
}

static void grpc_answers_are_judged(void **state)
{
	static const uint8_t whole[] = {0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 7, 0,
					0, 0, 0, 0, 1, 0, 0, 0, 0, 2, 8, 1};
	(void)state;
	assert_int_equal(grpc_answer_parse(whole, sizeof(whole)), 1);
	assert_int_equal(grpc_answer_parse(whole, sizeof(whole) - 1), 0);
}

/* A probe on one end of a socket pair; the test is the server on the other. */
struct talk {
	struct loop *loop;
	struct check_socket *socket;
	bool is_done;
	bool is_ok;
	char message[128];
	char location[128];
};

static void keep(char *to, size_t size, const char *text)
{
	(void)snprintf(to, size, "%s", text != NULL ? text : "");
}

static void on_done(bool is_ok, const char *message, const char *location_or_null, void *arg)
{
	struct talk *talk = arg;
	talk->is_done = true;
	talk->is_ok = is_ok;
	keep(talk->message, sizeof(talk->message), message);
	keep(talk->location, sizeof(talk->location), location_or_null);
	loop_stop(talk->loop, 0);
}

static void on_too_late(struct loop_timer *timer, void *arg)
{
	(void)timer;
	loop_stop(arg, 1);
}

/* What a probe of this type makes of the server's bytes; "" where it still waits. */
static char *verdict(enum check_kind type, bool is_https, const char *bytes, size_t size,
		     bool is_closed)
{
	char host[] = "10.0.0.5";
	char path[] = "/";
	struct check check = {.type = type};
	struct http_target target = {.host = host, .port = 80, .path = path, .is_https = is_https};
	struct talk talk = {.loop = loop_new(NULL)};
	int pair[2];
	assert_non_null(talk.loop);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
	talk.socket = check_socket_start(talk.loop, &check, &target, pair[0], on_done, &talk);
	if (size > 0)
		assert_int_equal(send(pair[1], bytes, size, MSG_NOSIGNAL), (ssize_t)size);
	if (is_closed)
		(void)shutdown(pair[1], SHUT_WR);
	(void)loop_add_timer(talk.loop, is_closed ? 5000 : 50, on_too_late, talk.loop);
	(void)loop_run(talk.loop);
	check_socket_free(talk.socket);
	(void)close(pair[1]);
	loop_free(talk.loop);
	if (!talk.is_done)
		return xstrdup("");
	return xasprintf("%s %s%s%s", talk.is_ok ? "ok" : "bad", talk.message,
			 talk.location[0] != '\0' ? " -> " : "", talk.location);
}

static void expect_http(const char *bytes, bool is_closed, const char *wanted)
{
	AUTO_FREE char *got = verdict(CHECK_HTTP, false, bytes, strlen(bytes), is_closed);
	assert_string_equal(got, wanted);
}

static void http_probes_need_the_status_and_no_body(void **state)
{
	(void)state;
	expect_http("HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\nx", false, "ok HTTP 200");
	expect_http("HTTP/1.0 200 OK\n\n", false, "ok HTTP 200");
	expect_http("HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", false,
		    "bad HTTP 500");
	expect_http("HTTP/1.1 103 Hints\r\n\r\n", false, "");
	expect_http("HTTP/1.1 103 Hints\r\n\r\n", true, "bad the answer is not HTTP");
	expect_http("HTTP/1.1 302 x\r\nLocation: /y\r\n\r\n", false, "ok HTTP 302 -> /y");
	expect_http("", true, "bad the connection was closed without an answer");
	expect_http("hello\n", false, "bad the answer is not HTTP");
}

static void headers_without_end_are_cut_off(void **state)
{
	(void)state;
	size_t size = (size_t)100 << 10;
	AUTO_FREE char *bytes = xcalloc(1, size + 1);
	memset(bytes, 'x', size);
	memcpy(bytes, "HTTP/1.1 302 Found\r\n", 20);
	AUTO_FREE char *got = verdict(CHECK_HTTP, false, bytes, size, false);
	assert_string_equal(got, "bad the answer's headers have no end");
}

static void what_the_tls_helper_complains_about_is_the_message(void **state)
{
	(void)state;
	AUTO_FREE char *got = verdict(CHECK_HTTP, true, "!no TLS there", 13, true);
	assert_string_equal(got, "bad no TLS there");
}

static void other_probes_judge_their_own(void **state)
{
	(void)state;
	AUTO_FREE char *tcp = verdict(CHECK_TCP, false, "", 0, false);
	assert_string_equal(tcp, "ok connected");
	AUTO_FREE char *grpc = verdict(CHECK_GRPC, false, "", 0, true);
	assert_string_equal(grpc, "bad no gRPC health answer");
}

/* Nobody listens there any more. */
static uint16_t dead_port(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	AUTO_CLOSE int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	return ntohs(address.sin_port);
}

static void expect_connect(const char *host, const char *wanted)
{
	AUTO_FREE char *copy = xstrdup(host);
	char path[] = "/";
	struct check check = {.type = CHECK_TCP};
	struct http_target target = {.host = copy, .port = dead_port(), .path = path};
	struct talk talk = {.loop = loop_new(NULL)};
	talk.socket = check_socket_start(talk.loop, &check, &target, -1, on_done, &talk);
	(void)loop_add_timer(talk.loop, 5000, on_too_late, talk.loop);
	(void)loop_run(talk.loop);
	check_socket_free(talk.socket);
	loop_free(talk.loop);
	assert_false(talk.is_ok);
	assert_string_equal(talk.message, wanted);
}

static void what_cannot_be_reached_says_why(void **state)
{
	(void)state;
	expect_connect("localhost", "connect: Connection refused");
	expect_connect("name.example", "host 'name.example' is no IP address");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_status_line_is_read_as_it_comes),
		cmocka_unit_test(interim_answers_are_passed_over),
		cmocka_unit_test(a_redirect_waits_for_its_location),
		cmocka_unit_test(redirects_are_read_as_rfc_3986_has_them),
		cmocka_unit_test(a_request_says_what_the_manifest_says),
		cmocka_unit_test(grpc_answers_are_judged),
		cmocka_unit_test(http_probes_need_the_status_and_no_body),
		cmocka_unit_test(headers_without_end_are_cut_off),
		cmocka_unit_test(what_the_tls_helper_complains_about_is_the_message),
		cmocka_unit_test(other_probes_judge_their_own),
		cmocka_unit_test(what_cannot_be_reached_says_why),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
