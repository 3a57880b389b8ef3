/* SPDX-License-Identifier: Apache-2.0 */
#include "base/http.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "test.h"

DEFINE_AUTO_PTR(http_client, http_client_free)

enum { ROUNDS = 16, REQUEST_MAX = 65536 };

/*
 * A server of one connection at a time in a thread: it answers each request with the next of its
 * answers, closes, and keeps what was asked.
 */
struct server {
	int fd;
	uint16_t port;
	const char *const *answers; /* NULL-terminated */
	char *requests[ROUNDS];
	size_t count;
	pthread_t thread;
};

/* Reads headers and, where Content-Length says so, the body. */
static char *read_request(int fd)
{
	struct strbuf request = STRBUF_MAX(REQUEST_MAX);
	size_t wanted = 0;
	for (;;) {
		char *room = strbuf_reserve(&request, 1024);
		ssize_t got = room ? read(fd, room, 1024) : 0;
		if (got <= 0)
			return strbuf_take(&request);
		request.size += (size_t)got;
		request.data[request.size] = '\0';
		const char *end = strstr(request.data, "\r\n\r\n");
		if (end == NULL)
			continue;
		const char *length = strstr(request.data, "Content-Length: ");
		wanted = length ? strcspn(length + 16, "\r") : 0;
		size_t body = request.size - (size_t)(end + 4 - request.data);
		/* Bodies of these tests are at most nine bytes long. */
		if (wanted == 0 || body >= (size_t)(length[16] - '0'))
			return strbuf_take(&request);
	}
}

static void *serve(void *arg)
{
	struct server *server = arg;
	for (; server->answers[server->count] != NULL; server->count++) {
		AUTO_CLOSE int fd = accept(server->fd, NULL, NULL);
		if (fd < 0)
			return NULL;
		server->requests[server->count] = read_request(fd);
		const char *answer = server->answers[server->count];
		(void)!fd_write_all(fd, answer, strlen(answer), NULL);
	}
	return NULL;
}

static void server_start(struct server *server, const char *const *answers)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	*server = (struct server){.answers = answers};
	server->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(server->fd, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(server->fd, 16), 0);
	assert_int_equal(getsockname(server->fd, (struct sockaddr *)&address, &size), 0);
	server->port = ntohs(address.sin_port);
	assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
}

/* Safe before all answers were asked for. */
static void server_stop(struct server *server)
{
	(void)shutdown(server->fd, SHUT_RDWR);
	(void)pthread_join(server->thread, NULL);
	(void)close(server->fd);
	for (size_t i = 0; i < ROUNDS; i++)
		free(server->requests[i]);
}

static char *url_of(const struct server *server, const char *path)
{
	return xasprintf("http://127.0.0.1:%u%s", server->port, path);
}

#define ANSWER(status, headers, body)                                                              \
	"HTTP/1.1 " status "\r\nConnection: close\r\n" headers "\r\n" body

static void a_status_is_an_answer_and_headers_are_found(void **state)
{
	static const char *const answers[] = {
		ANSWER("404 Not Found", "X-Reason:  none \r\nContent-Length: 4\r\n", "gone"), NULL};
	AUTO(server_stop) struct server server;
	AUTO(http_response_clear) struct http_response response = {0};
	AUTO_PTR(http_client) struct http_client *client = http_client_new(1);
	const char *const headers[] = {"X-One: 1", "X-Empty:", NULL};
	(void)state;
	server_start(&server, answers);
	AUTO_FREE char *url = url_of(&server, "/x?token=hidden");
	struct http_request request = {
		.method = "POST", .url = url, .headers = headers, .body = "abc", .body_size = 3};
	assert_true(http_perform(client, &request, &response, NULL));
	assert_int_equal(response.status, 404);
	assert_string_equal(response.body, "gone");
	assert_string_equal(http_response_header(&response, "x-reason"), "none");
	assert_null(http_response_header(&response, "x-rea"));
	assert_non_null(strstr(server.requests[0], "POST /x?token=hidden HTTP/1.1\r\n"));
	assert_non_null(strstr(server.requests[0], "\r\nX-One: 1\r\n"));
	assert_non_null(strstr(server.requests[0], "\r\nX-Empty:\r\n"));
	assert_null(strstr(server.requests[0], "Content-Type"));
	assert_non_null(strstr(server.requests[0], "\r\n\r\nabc"));
}

static void authorization_does_not_follow_to_another_host(void **state)
{
	static const char *const second_answers[] = {
		ANSWER("200 OK", "Content-Length: 2\r\n", "ok"), NULL};
	AUTO(server_stop) struct server first;
	AUTO(server_stop) struct server second;
	AUTO(http_response_clear) struct http_response response = {0};
	AUTO_PTR(http_client) struct http_client *client = http_client_new(1);
	const char *const headers[] = {"Authorization: Bearer secret", NULL};
	(void)state;
	server_start(&second, second_answers);
	AUTO_FREE char *redirect = xasprintf("HTTP/1.1 307 Moved\r\nConnection: close\r\n"
					     "Location: http://localhost:%u/blob\r\n"
					     "Content-Length: 0\r\n\r\n",
					     second.port);
	const char *const first_answers[] = {redirect, NULL};
	server_start(&first, first_answers);
	AUTO_FREE char *url = xasprintf("http://127.0.0.1:%u/", first.port);
	struct http_request request = {.url = url, .headers = headers, .follow_redirects = true};
	assert_true(http_perform(client, &request, &response, NULL));
	assert_int_equal(response.status, 200);
	assert_non_null(strstr(first.requests[0], "Bearer secret"));
	assert_null(strstr(second.requests[0], "secret"));
}

static void a_body_that_is_too_large_is_refused_without_secrets(void **state)
{
	static const char *const answers[] = {
		ANSWER("200 OK", "Content-Length: 9\r\n", "123456789"), NULL};
	AUTO(server_stop) struct server server;
	AUTO(http_response_clear) struct http_response response = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_PTR(http_client) struct http_client *client = http_client_new(1);
	(void)state;
	server_start(&server, answers);
	AUTO_FREE char *url = url_of(&server, "/big?signature=hidden");
	struct http_request request = {.url = url, .max_response_bytes = 8};
	assert_false(http_perform(client, &request, &response, &err));
	AUTO_FREE char *expected = xasprintf(
		"GET http://127.0.0.1:%u/big: answer is larger than 8 bytes", server.port);
	assert_string_equal(err.message, expected);
}

/* Its password would go to a host that looks like another. */
static void a_user_in_a_url_is_refused(void **state)
{
	static const char *const answers[] = {ANSWER("200 OK", "Content-Length: 1\r\n", "x"), NULL};
	AUTO(server_stop) struct server server;
	AUTO(http_response_clear) struct http_response response = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_PTR(http_client) struct http_client *client = http_client_new(1);
	(void)state;
	server_start(&server, answers);
	AUTO_FREE char *url = xasprintf("http://user:secret@127.0.0.1:%u/x?hidden", server.port);
	assert_false(http_perform(client, &(struct http_request){.url = url}, &response, &err));
	assert_int_equal(err.kind, ERROR_INVALID);
	assert_null(strstr(err.message, "secret"));
	assert_null(strstr(err.message, "hidden"));
	assert_null(server.requests[0]);
}

static void other_schemes_and_dead_ports_fail(void **state)
{
	AUTO(http_response_clear) struct http_response response = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_PTR(http_client) struct http_client *client = http_client_new(1);
	(void)state;
	assert_false(http_perform(client, &(struct http_request){.url = "file:///etc/passwd"},
				  &response, &err));
	assert_int_equal(err.kind, ERROR_INVALID);
	assert_false(http_perform(client, &(struct http_request){.url = "http://127.0.0.1:1/"},
				  &response, &err));
	assert_int_equal(err.kind, ERROR_NETWORK);
}

static void count_done(struct http_response *response, struct error *err, void *arg)
{
	assert_null(err);
	assert_int_equal(response->status, 200);
	++*(unsigned *)arg;
}

static void submitted_requests_all_come_back(void **state)
{
	enum { REQUESTS = 8 };
	const char *answers[REQUESTS + 1] = {NULL};
	AUTO(server_stop) struct server server;
	unsigned done = 0;
	(void)state;
	for (size_t i = 0; i < REQUESTS; i++)
		answers[i] = ANSWER("200 OK", "Content-Length: 1\r\n", "x");
	server_start(&server, answers);
	AUTO_PTR(http_client) struct http_client *client = http_client_new(2);
	AUTO_FREE char *url = url_of(&server, "/");
	struct http_request request = {.url = url};
	for (size_t i = 0; i < REQUESTS; i++)
		http_client_submit(client, &request, count_done, &done);
	http_client_run(client);
	assert_int_equal(done, REQUESTS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_status_is_an_answer_and_headers_are_found),
		cmocka_unit_test(authorization_does_not_follow_to_another_host),
		cmocka_unit_test(a_body_that_is_too_large_is_refused_without_secrets),
		cmocka_unit_test(a_user_in_a_url_is_refused),
		cmocka_unit_test(other_schemes_and_dead_ports_fail),
		cmocka_unit_test(submitted_requests_all_come_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
