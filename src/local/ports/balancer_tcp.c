/* SPDX-License-Identifier: Apache-2.0 */
#include "local/ports/balancer_tcp.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/loop_timer.h"
#include "local/agent/agent_stream.h"
#include "local/ports/balancer_parts.h"
#include "local/ports/stream_relay.h"

#define MAX_ACCEPTS	64  /* per call */
#define ACCEPT_PAUSE_MS 100 /* without descriptors */
#define RETRY_MS	100 /* all ready backends refused: they may have just restarted */

static void start(struct connection *connection);

static void unlink_connection(struct connection *connection)
{
	struct balancer_port *port = connection->port;

	if (connection->previous != NULL)
		connection->previous->next = connection->next;
	else
		port->connections = connection->next;
	if (connection->next != NULL)
		connection->next->previous = connection->previous;
	port->connection_count--;
	port->client_counts[connection->client_hash % CLIENT_BUCKETS]--;
}

static void leave_backend(struct connection *connection)
{
	struct backend *backend = connection->backend;

	connection->backend = NULL;
	if (backend == NULL)
		return;
	backend->open--;
	balancer_backend_released(backend);
}

static void stop_waiting(struct connection *connection)
{
	loop_fd_remove(connection->client_source);
	connection->client_source = NULL;
	loop_fd_remove(connection->server_source);
	connection->server_source = NULL;
	if (connection->timer != NULL)
		loop_timer_remove(connection->timer);
	connection->timer = NULL;
}

/* Whatever its state: takes it out of the counts and lists and frees it; sockets are reset. */
static void discard(struct connection *connection)
{
	struct balancer_port *port = connection->port;

	stop_waiting(connection);
	if (connection->state == CONNECTION_PARKED)
		port->counters.parked--;
	if (connection->state == CONNECTION_JOINED)
		port->counters.open--;
	relay_cut(connection->relay);
	stream_relay_cut(connection->stream_relay);
	relay_reset_fd(connection->client_fd);
	relay_reset_fd(connection->server_fd);
	unlink_connection(connection);
	leave_backend(connection);
	free(connection->client);
	free(connection);
}

static void fail(struct connection *connection)
{
	connection->port->counters.failed++;
	discard(connection);
}

static void on_client_event(struct loop_fd *source, int fd, unsigned events, void *arg)
{
	(void)source;
	(void)fd;
	/* Gone for good; one that has only finished sending still wants its answer. */
	if ((events & LOOP_HANGUP) != 0)
		fail(arg);
}

/* Said once, until a connection is taken again. */
static void note_refusal(struct balancer_port *port)
{
	bool is_new = !port->counters.is_refused_now;

	port->counters.refused++;
	port->counters.is_refused_now = true;
	if (is_new && port->options.refused != NULL)
		port->options.refused(port, port->options.arg);
}

static void on_relay_done(enum relay_end how, void *arg)
{
	struct connection *connection = arg;

	if (how == RELAY_REFUSED)
		note_refusal(connection->port);
	else if (how == RELAY_CLEAN)
		connection->port->counters.is_refused_now = false;

	connection->relay = NULL;
	connection->stream_relay = NULL;
	discard(connection);
}

static struct relay_options relay_options(struct connection *connection)
{
	struct balancer_port *port = connection->port;

	return (struct relay_options){
		.loop = port->balancer->loop,
		.pipes = port->balancer->pipes,
		.count_in = &port->counters.bytes_in,
		.count_out = &port->counters.bytes_out,
		.done = on_relay_done,
		.arg = connection,
	};
}

static void join_sockets(struct connection *connection)
{
	const struct relay_options options = relay_options(connection);

	connection->port->counters.is_refused_now = false;
	stop_waiting(connection);
	connection->state = CONNECTION_JOINED;
	connection->port->counters.open++;
	connection->backend->suspect_until_ms = 0;
	connection->relay = relay_sockets(&options, take_fd(&connection->client_fd),
					  take_fd(&connection->server_fd));
}

static bool join_tunnel(struct connection *connection)
{
	const struct relay_options options = relay_options(connection);
	const struct backend *backend = connection->backend;
	struct stream_relay *relay = stream_relay_start(&options, connection->client_fd);
	struct agent_stream *stream = agent_tunnel(backend->agent, backend->port, false,
						   &stream_relay_handler, relay, NULL);

	if (stream == NULL) {
		stream_relay_forget(relay);
		return false;
	}
	connection->client_fd = -1;
	stop_waiting(connection);
	connection->state = CONNECTION_JOINED;
	connection->port->counters.open++;
	connection->stream_relay = relay;
	stream_relay_attach(relay, stream);
	return true;
}

static void on_park_timer(struct loop_timer *timer, void *arg)
{
	struct connection *connection = arg;
	(void)timer;

	if (clock_monotonic_ms() >= connection->deadline_ms) {
		fail(connection);
		return;
	}
	connection->port->counters.parked--;
	connection->state = CONNECTION_CONNECTING;
	start(connection);
}

/* A program that starts anew may refuse for a moment; what goes on refusing is not there. */
static bool is_refused_for_good(struct connection *connection, bool has_backends)
{
	struct balancer_port *port = connection->port;
	uint64_t now_ms = clock_monotonic_ms();

	if (!has_backends || !connection->was_refused) {
		connection->refused_since_ms = 0;
		return false;
	}
	if (connection->refused_since_ms == 0)
		connection->refused_since_ms = now_ms;
	if (now_ms < connection->refused_since_ms + port->options.refused_ms)
		return false;
	note_refusal(port);
	return true;
}

static void park(struct connection *connection, bool has_backends)
{
	struct balancer_port *port = connection->port;
	uint64_t now_ms = clock_monotonic_ms();
	uint64_t left_ms = connection->deadline_ms > now_ms ? connection->deadline_ms - now_ms : 0;

	if (is_refused_for_good(connection, has_backends) ||
	    port->counters.parked >= port->options.max_parked || left_ms == 0) {
		fail(connection);
		return;
	}
	connection->state = CONNECTION_PARKED;
	connection->attempts = 0;
	connection->was_refused = true;
	port->counters.parked++;
	if (has_backends && left_ms > RETRY_MS)
		left_ms = RETRY_MS;
	if (connection->timer != NULL)
		loop_timer_remove(connection->timer);
	connection->timer =
		loop_add_timer(port->balancer->loop, left_ms, on_park_timer, connection);
}

/* The backend did not take it: on to the next one, or wait when all were asked. */
static void pass_over(struct connection *connection, bool was_refused)
{
	struct backend *backend = connection->backend;

	connection->was_refused = connection->was_refused && was_refused;

	loop_fd_remove(connection->server_source);
	connection->server_source = NULL;
	relay_reset_fd(take_fd(&connection->server_fd));
	balancer_suspect(backend);
	connection->port->counters.retried++;
	leave_backend(connection);
	start(connection);
}

static void on_connect_timeout(struct loop_timer *timer, void *arg)
{
	(void)timer;
	pass_over(arg, false);
}

static void on_connected(struct loop_fd *source, int fd, unsigned events, void *arg)
{
	struct connection *connection = arg;
	int problem = 0;
	socklen_t size = sizeof(problem);
	(void)source;
	(void)events;

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &problem, &size) < 0 || problem != 0)
		pass_over(connection, problem == ECONNREFUSED);
	else
		join_sockets(connection);
}

/* False when it failed at once. */
static bool connect_to(struct connection *connection)
{
	const struct socket_address *address = &connection->backend->address;
	struct balancer_port *port = connection->port;

	connection->server_fd =
		socket(address->u.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (connection->server_fd < 0)
		return false;
	relay_bound_buffer(connection->server_fd);
	if (connect(connection->server_fd, &address->u.any, address->size) == 0) {
		join_sockets(connection);
		return true;
	}
	if (errno != EINPROGRESS)
		return false;
	connection->server_source = loop_add_fd(port->balancer->loop, connection->server_fd,
						LOOP_WRITE, on_connected, connection);
	if (connection->timer != NULL)
		loop_timer_remove(connection->timer);
	connection->timer = loop_add_timer(port->balancer->loop, port->options.connect_timeout_ms,
					   on_connect_timeout, connection);
	return true;
}

static size_t ready_count(const struct balancer_port *port, const char *client)
{
	size_t count = 0;

	for (size_t i = 0; i < port->backend_count; i++)
		count += !port->backends[i]->is_draining &&
			 balancer_may_reach(port, client, port->backends[i]);
	return count;
}

/* There are some, and it may have none of them. */
static bool is_forbidden(const struct balancer_port *port, const char *client)
{
	return client != NULL && ready_count(port, NULL) > 0 && ready_count(port, client) == 0;
}

/* Finds a backend that takes it, or parks it. May free it. */
static void start(struct connection *connection)
{
	struct balancer_port *port = connection->port;

	connection->state = CONNECTION_CONNECTING;
	for (;;) {
		size_t ready = ready_count(port, connection->client);
		if (connection->attempts >= ready) {
			park(connection, ready > 0);
			return;
		}
		connection->attempts++;
		connection->backend =
			balancer_pick(port, connection->client_hash, connection->client);
		connection->backend->open++;
		errno = 0;
		if (connection->backend->agent != NULL ? join_tunnel(connection)
						       : connect_to(connection))
			return;
		connection->was_refused = connection->was_refused && errno == ECONNREFUSED;
		relay_reset_fd(take_fd(&connection->server_fd));
		balancer_suspect(connection->backend);
		port->counters.retried++;
		leave_backend(connection);
	}
}

void balancer_tcp_serve(struct balancer_port *port, int fd, uint32_t client_hash, char *client)
{
	AUTO_FREE char *owned = client;
	uint32_t *of_client = &port->client_counts[client_hash % CLIENT_BUCKETS];
	struct connection *connection;

	port->counters.total++;
	if (port->connection_count >= port->options.max_open ||
	    *of_client >= port->options.max_per_client || is_forbidden(port, client)) {
		port->counters.failed++;
		relay_reset_fd(fd);
		return;
	}
	port->connection_count++;
	++*of_client;
	connection = xcalloc(1, sizeof(*connection));

	connection->port = port;
	connection->client_fd = fd;
	connection->server_fd = -1;
	connection->client_hash = client_hash;
	connection->client = TAKE_PTR(owned);
	connection->deadline_ms = clock_monotonic_ms() + port->options.park_ms;
	connection->next = port->connections;
	if (port->connections != NULL)
		port->connections->previous = connection;
	port->connections = connection;
	connection->was_refused = true;
	connection->client_source =
		loop_add_fd(port->balancer->loop, fd, 0, on_client_event, connection);
	start(connection);
}

static void on_pause_over(struct loop_timer *timer, void *arg)
{
	struct balancer_port *port = arg;
	(void)timer;

	loop_fd_set_events(port->source, LOOP_READ);
}

static void pause_accepting(struct balancer_port *port)
{
	loop_fd_set_events(port->source, 0);
	if (port->pause == NULL)
		port->pause =
			loop_add_timer(port->balancer->loop, ACCEPT_PAUSE_MS, on_pause_over, port);
	else
		loop_timer_set(port->pause, ACCEPT_PAUSE_MS);
}

static void on_listener(struct loop_fd *source, int fd, unsigned events, void *arg)
{
	struct balancer_port *port = arg;
	(void)source;
	(void)events;

	for (int i = 0; i < MAX_ACCEPTS; i++) {
		struct socket_address client = {.size = sizeof(client.u)};
		int client_fd =
			accept4(fd, &client.u.any, &client.size, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (client_fd >= 0) {
			balancer_tcp_serve(port, client_fd, socket_address_hash_host(&client),
					   balancer_client(port, &client));
			continue;
		}
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
			pause_accepting(port);
		if (errno != EINTR && errno != ECONNABORTED)
			return;
	}
}

void balancer_tcp_start(struct balancer_port *port)
{
	port->source = loop_add_fd(port->balancer->loop, port->fd, LOOP_READ, on_listener, port);
}

void balancer_tcp_wake(struct balancer_port *port)
{
	struct connection *next;

	/* Oldest first would need the tail; they all go now, so the order does not matter. */
	for (struct connection *connection = port->connections; connection != NULL;
	     connection = next) {
		next = connection->next;
		if (connection->state != CONNECTION_PARKED)
			continue;
		port->counters.parked--;
		start(connection);
	}
}

void balancer_tcp_cut(struct balancer_port *port, const struct backend *backend)
{
	struct connection *next;

	for (struct connection *connection = port->connections; connection != NULL;
	     connection = next) {
		next = connection->next;
		if (backend != NULL && connection->backend != backend)
			continue;
		if (backend != NULL && connection->state == CONNECTION_CONNECTING) {
			/* Not joined yet: nothing is lost, another one takes it. */
			loop_fd_remove(connection->server_source);
			connection->server_source = NULL;
			relay_reset_fd(take_fd(&connection->server_fd));
			connection->backend->open--;
			connection->backend = NULL;
			start(connection);
			continue;
		}
		if (connection->state == CONNECTION_JOINED)
			port->counters.cut++;
		if (connection->backend != NULL)
			connection->backend->open--;
		connection->backend = NULL;
		discard(connection);
	}
}

static void on_bridge_done(enum relay_end how, void *arg)
{
	(void)how;
	(void)arg;
}

void balancer_port_serve_stream(struct balancer_port *port, struct agent_stream *stream,
				const char *client)
{
	const struct relay_options options = {.loop = port->balancer->loop, .done = on_bridge_done};
	struct stream_relay *relay;
	int ends[2];

	if (port->options.is_udp ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) < 0) {
		agent_stream_abort(stream, "no connection can be made");
		return;
	}
	relay = stream_relay_start(&options, ends[0]);
	agent_stream_accept(stream, &stream_relay_handler, relay);
	stream_relay_attach(relay, stream);
	balancer_tcp_serve(port, ends[1], 0, xstrdup_or_null(client));
}

void balancer_tcp_recheck(struct balancer_port *port)
{
	struct connection *next;

	for (struct connection *connection = port->connections; connection != NULL;
	     connection = next) {
		next = connection->next;
		if (connection->backend != NULL
			    ? !balancer_may_reach(port, connection->client, connection->backend)
			    : is_forbidden(port, connection->client))
			fail(connection);
	}
}

void balancer_tcp_drop_client(struct balancer_port *port, uint32_t client_hash)
{
	struct connection *next;

	for (struct connection *connection = port->connections; connection != NULL;
	     connection = next) {
		next = connection->next;
		if (connection->client_hash == client_hash)
			discard(connection);
	}
}
