/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/pod/check_socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "guest/pod/check_grpc.h"

#define MAX_ANSWER ((size_t)64 << 10)

struct check_socket {
	struct loop *loop;
	const struct check *check;
	const struct http_target *target;
	int fd; /* owned */
	struct loop_fd *watch;
	struct strbuf out;
	size_t sent;
	struct strbuf in;
	bool is_connected;
	check_socket_fn *done;
	void *arg;
	struct loop_idle *soon; /* an answer that was there at once */
	char *failure;		/* owned; for soon */
};

static void finish_with(struct check_socket *socket, bool is_ok, const char *message,
			const char *location_or_null)
{
	loop_fd_remove(socket->watch);
	socket->watch = NULL;
	socket->done(is_ok, message, location_or_null, socket->arg);
}

static void finish(struct check_socket *socket, bool is_ok, const char *message)
{
	finish_with(socket, is_ok, message, NULL);
}

/* What speaks TLS for us says its own failures after a '!'. */
static bool is_complaint(const struct check_socket *socket)
{
	return socket->target->is_https && socket->in.size > 0 && socket->in.data[0] == '!';
}

static void judge_http(struct check_socket *socket, bool is_end)
{
	AUTO_FREE char *location = NULL;
	if (is_complaint(socket)) {
		if (is_end)
			finish(socket, false, strbuf_text(&socket->in) + 1);
		return;
	}
	int status = http_answer_parse(strbuf_text(&socket->in), socket->in.size, &location);
	if (status == 0 && !is_end)
		return;
	if (status <= 0) {
		finish(socket, false,
		       socket->in.is_cut     ? "the answer's headers have no end"
		       : socket->in.size > 0 ? "the answer is not HTTP"
					     : "the connection was closed without an answer");
		return;
	}
	AUTO_FREE char *message = xasprintf("HTTP %d", status);
	finish_with(socket, status >= 200 && status < 400, message, location);
}

static void judge_grpc(struct check_socket *socket, bool is_end)
{
	int answer = grpc_answer_parse((const uint8_t *)strbuf_text(&socket->in), socket->in.size);
	if (answer == 0 && !is_end)
		return;
	if (answer == 1)
		finish(socket, true, "SERVING");
	else
		finish(socket, false, answer == 2 ? "not SERVING" : "no gRPC health answer");
}

static void judge(struct check_socket *socket, bool is_end)
{
	if (socket->check->type == CHECK_GRPC)
		judge_grpc(socket, is_end);
	else
		judge_http(socket, is_end);
}

static bool send_rest(struct check_socket *socket)
{
	while (socket->sent < socket->out.size) {
		ssize_t size = send(socket->fd, socket->out.data + socket->sent,
				    socket->out.size - socket->sent, MSG_NOSIGNAL);
		if (size < 0)
			return errno == EAGAIN;
		socket->sent += (size_t)size;
	}
	loop_fd_set_events(socket->watch, LOOP_READ);
	return true;
}

static void receive(struct check_socket *socket)
{
	char buffer[4096];
	ssize_t size = read(socket->fd, buffer, sizeof(buffer));
	if (size < 0 && errno == EAGAIN)
		return;
	if (size > 0)
		strbuf_append_bytes(&socket->in, buffer, (size_t)size);
	judge(socket, size <= 0 || socket->in.is_cut);
}

static void on_connected(struct check_socket *socket)
{
	int failed = 0;
	socklen_t size = sizeof(failed);
	(void)getsockopt(socket->fd, SOL_SOCKET, SO_ERROR, &failed, &size);
	if (failed != 0) {
		AUTO_FREE char *message = xasprintf("connect: %s", strerror(failed));
		finish(socket, false, message);
		return;
	}
	socket->is_connected = true;
	if (socket->check->type == CHECK_TCP) {
		finish(socket, true, "connected");
		return;
	}
	if (!send_rest(socket))
		finish(socket, false, "the connection broke");
}

static void on_ready(struct loop_fd *source, int fd, unsigned events, void *arg)
{
	struct check_socket *socket = arg;
	(void)source;
	(void)fd;
	if (!socket->is_connected)
		on_connected(socket);
	else if ((events & LOOP_WRITE) != 0 && !send_rest(socket))
		finish(socket, false, "the connection broke");
	else if ((events & (LOOP_READ | LOOP_HANGUP)) != 0)
		receive(socket);
}

static void on_soon(void *arg)
{
	struct check_socket *socket = arg;
	socket->soon = NULL;
	AUTO_FREE char *failure = TAKE_PTR(socket->failure);
	finish(socket, false, failure);
}

/* Numbers only, and names that /etc/hosts style lookups are not worth a blocking resolver for. */
static bool make_address(const char *host, uint16_t port, struct sockaddr_storage *ret,
			 socklen_t *ret_size)
{
	struct sockaddr_in ipv4 = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	const char *number = strcmp(host, "localhost") == 0 ? "127.0.0.1" : host;
	if (inet_pton(AF_INET, number, &ipv4.sin_addr) == 1) {
		memcpy(ret, &ipv4, sizeof(ipv4));
		*ret_size = sizeof(ipv4);
		return true;
	}
	memcpy(ret, &ipv6, sizeof(ipv6));
	*ret_size = sizeof(ipv6);
	return inet_pton(AF_INET6, number, &((struct sockaddr_in6 *)ret)->sin6_addr) == 1;
}

static char *begin(struct check_socket *socket_)
{
	const char *host = socket_->target->host;
	struct sockaddr_storage address = {0};
	socklen_t size = 0;
	if (!make_address(host, socket_->target->port, &address, &size))
		return xasprintf("host '%s' is no IP address", host);
	socket_->fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (socket_->fd < 0)
		return xasprintf("socket: %s", strerror(errno));
	if (connect(socket_->fd, (const struct sockaddr *)&address, size) < 0 &&
	    errno != EINPROGRESS)
		return xasprintf("connect: %s", strerror(errno));
	socket_->watch =
		loop_add_fd(socket_->loop, socket_->fd, LOOP_READ | LOOP_WRITE, on_ready, socket_);
	return NULL;
}

struct check_socket *check_socket_start(struct loop *loop, const struct check *check,
					const struct http_target *target, int fd,
					check_socket_fn *done, void *arg)
{
	struct check_socket *socket = xcalloc(1, sizeof(*socket));
	socket->loop = loop;
	socket->check = check;
	socket->target = target;
	socket->fd = fd;
	socket->in.max = MAX_ANSWER;
	socket->done = done;
	socket->arg = arg;
	if (check->type == CHECK_HTTP)
		http_request_make(check, target, &socket->out);
	if (check->type == CHECK_GRPC)
		grpc_request_make(check, target->host, &socket->out);
	if (fd < 0)
		socket->failure = begin(socket);
	else
		socket->watch = loop_add_fd(loop, fd, LOOP_READ | LOOP_WRITE, on_ready, socket);
	if (socket->failure != NULL)
		socket->soon = loop_add_idle(loop, on_soon, socket);
	return socket;
}

void check_socket_free(struct check_socket *socket)
{
	if (socket == NULL)
		return;
	if (socket->soon != NULL)
		loop_idle_remove(socket->soon);
	loop_fd_remove(socket->watch);
	if (socket->fd >= 0)
		(void)close(socket->fd);
	strbuf_clear(&socket->out);
	strbuf_clear(&socket->in);
	free(socket->failure);
	free(socket);
}
