/* SPDX-License-Identifier: Apache-2.0 */
#include "local/vm/rehearsal_server.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"

#define MAX_CONNECTIONS 32
#define MAX_REQUEST	((size_t)9 << 20) /* more than any answer_fn takes */
#define READ_BYTES	65536

struct connection {
	struct rehearsal_server *server;
	int fd;
	struct loop_fd *source;
	struct strbuf in;
	struct strbuf out;
	bool is_answered;
};

struct rehearsal_server {
	struct rehearsal_server_options options;
	int fd;
	struct loop_fd *source;
	struct connection *connections[MAX_CONNECTIONS];
	size_t count;
};

static void forget(struct connection *connection)
{
	struct rehearsal_server *server = connection->server;
	for (size_t i = 0; i < server->count; i++)
		if (server->connections[i] == connection)
			server->connections[i] = server->connections[--server->count];
	loop_fd_remove(connection->source);
	auto_close(&connection->fd);
	strbuf_clear(&connection->in);
	strbuf_clear(&connection->out);
	free(connection);
}

/* False: nothing more is to be done with it. */
static bool take_request(struct connection *connection)
{
	const struct rehearsal_server_options *options = &connection->server->options;
	char *space = strbuf_reserve(&connection->in, READ_BYTES);
	if (space == NULL)
		return false;
	ssize_t got = recv(connection->fd, space, READ_BYTES, 0);
	if (got < 0)
		return errno == EAGAIN || errno == EINTR;
	if (got == 0)
		return false;
	connection->in.size += (size_t)got;
	connection->in.data[connection->in.size] = '\0';
	if (connection->is_answered || !options->answer(connection->in.data, connection->in.size,
							&connection->out, options->arg))
		return connection->in.size < MAX_REQUEST;
	connection->is_answered = true;
	loop_fd_set_events(connection->source, LOOP_READ | LOOP_WRITE);
	return true;
}

static bool send_answer(struct connection *connection)
{
	ssize_t put =
		send(connection->fd, connection->out.data, connection->out.size, MSG_NOSIGNAL);
	if (put < 0)
		return errno == EAGAIN || errno == EINTR;
	strbuf_consume(&connection->out, (size_t)put);
	return connection->out.size > 0;
}

static void take_bytes(struct loop_fd *source, int fd, unsigned events, void *arg)
{
	struct connection *connection = arg;
	const struct rehearsal_server_options *options = &connection->server->options;
	(void)source;
	(void)fd;
	bool goes_on = true;
	if ((events & (LOOP_READ | LOOP_HANGUP)) != 0)
		goes_on = take_request(connection);
	if (goes_on && (events & LOOP_WRITE) != 0)
		goes_on = send_answer(connection);
	bool is_answered = connection->is_answered;
	if (!goes_on)
		forget(connection);
	if (!goes_on && is_answered)
		options->answered(options->arg);
}

static void take_connection(struct loop_fd *source, int fd, unsigned events, void *arg)
{
	struct rehearsal_server *server = arg;
	(void)source;
	(void)events;
	AUTO_CLOSE int peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (peer < 0 || server->count == MAX_CONNECTIONS)
		return; /* a guest that opens so many is told nothing */
	struct connection *connection = xcalloc(1, sizeof(*connection));
	connection->server = server;
	connection->fd = take_fd(&peer);
	connection->source = loop_add_fd(server->options.loop, connection->fd, LOOP_READ,
					 take_bytes, connection);
	server->connections[server->count++] = connection;
}

struct rehearsal_server *rehearsal_server_new(const struct rehearsal_server_options *options,
					      struct error *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	AUTO_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (strlen(options->path) >= sizeof(address.sun_path)) {
		(void)error_set(err, ERROR_SYSTEM, "%s: the path is too long for a socket",
				options->path);
		return NULL;
	}
	memcpy(address.sun_path, options->path, strlen(options->path) + 1);
	if (fd < 0 ||
	    bind(fd, (const struct sockaddr *)(const void *)&address, sizeof(address)) < 0 ||
	    listen(fd, MAX_CONNECTIONS) < 0) {
		(void)error_set_errno(err, errno, "%s", options->path);
		return NULL;
	}
	struct rehearsal_server *server = xcalloc(1, sizeof(*server));
	server->options = *options;
	server->fd = take_fd(&fd);
	server->source = loop_add_fd(options->loop, server->fd, LOOP_READ, take_connection, server);
	return server;
}

void rehearsal_server_free(struct rehearsal_server *server)
{
	if (server == NULL)
		return;
	while (server->count > 0)
		forget(server->connections[0]);
	loop_fd_remove(server->source);
	auto_close(&server->fd);
	free(server);
}
