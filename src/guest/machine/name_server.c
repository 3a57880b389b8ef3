/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/machine/name_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/loop_timer.h"
#include "guest/documents/dns_message.h"
#include "guest/machine/service_redirect.h"

#define DNS_PORT	 53
#define MAX_QUESTIONS	 256 /* under way to the network's servers */
#define MAX_CONNECTIONS	 64
#define MAX_MESSAGE	 65535
#define UPSTREAM_MS	 2500
#define CONNECTION_MS	 10000
#define MAX_PER_CALL	 32
#define FIRST_INNER_PORT 61000 /* above the kernel's own choices */
#define LAST_INNER_PORT	 61100

/* A question of somebody's that a server of the network was asked. */
struct question {
	struct question *next;
	struct name_server *server;
	struct sockaddr_in asker;
	int fd; /* owned */
	struct loop_fd *source;
	struct loop_timer *timer;
	size_t upstream; /* index of the server asked */
	uint8_t *bytes;	 /* owned; as sent on */
	size_t size;
	char *alias_of; /* owned; the name sent on stands for another, or NULL */
	uint8_t *asked; /* owned; then: as it came */
	size_t asked_size;
};

/* A TCP connection: answers what is known, and becomes a pipe at the first question that is not. */
struct connection {
	struct connection *next;
	struct name_server *server;
	int fd;		 /* owned; the asker */
	int upstream_fd; /* owned; -1 before */
	struct loop_fd *source;
	struct loop_fd *upstream_source;
	struct loop_timer *timer;
	uint8_t *bytes; /* owned; what came and is not answered yet */
	size_t size;
};

struct name_server {
	struct loop *loop;
	int udp_fd;
	int tcp_fd;
	const struct host_list *hosts;
	const struct string_list *upstream;
	struct question *questions;
	size_t question_count;
	struct connection *connections;
	size_t connection_count;
};

static uint8_t message[MAX_MESSAGE];
static uint8_t answer[DNS_MAX_SIZE];

static void forget_question(struct question *question)
{
	struct name_server *server = question->server;
	struct question **link = &server->questions;

	while (*link != question)
		link = &(*link)->next;
	*link = question->next;
	server->question_count--;
	loop_fd_remove(question->source);
	loop_timer_remove(question->timer);
	auto_close(&question->fd);
	free(question->bytes);
	free(question->alias_of);
	free(question->asked);
	free(question);
}

static void send_to(const struct name_server *server, const struct sockaddr_in *asker,
		    const uint8_t *bytes, size_t size)
{
	(void)!sendto(server->udp_fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL,
		      (const struct sockaddr *)asker, sizeof(*asker));
}

static void fail_question(struct question *question)
{
	struct dns_question asked;
	const uint8_t *bytes = question->asked != NULL ? question->asked : question->bytes;
	size_t length = question->asked != NULL ? question->asked_size : question->size;
	size_t size = 0;

	if (dns_question_read(bytes, length, &asked))
		size = dns_failure_make(&asked, bytes, DNS_SERVER_FAILED, answer, sizeof(answer));
	if (size > 0)
		send_to(question->server, &question->asker, answer, size);
	forget_question(question);
}

static int open_upstream(const struct name_server *server, size_t index, int type)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(DNS_PORT)};
	AUTO_CLOSE int fd = socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || server->upstream == NULL || index >= server->upstream->count ||
	    inet_pton(AF_INET, server->upstream->items[index], &address.sin_addr) != 1)
		return -1;
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 &&
	    errno != EINPROGRESS)
		return -1;
	return take_fd(&fd);
}

static void ask_upstream(struct question *question);

/* What was said of the name that an alias leads to, as an answer for the alias. */
static void answer_alias(const struct question *question, const uint8_t *said, size_t said_size)
{
	struct dns_question asked;
	size_t size = 0;

	if (dns_question_read(question->asked, question->asked_size, &asked))
		size = dns_alias_answer_make(
			&asked, question->asked, question->alias_of, said, said_size, answer,
			asked.udp_size < sizeof(answer) ? asked.udp_size : sizeof(answer));
	if (size > 0)
		send_to(question->server, &question->asker, answer, size);
}

static void on_upstream_answer(struct loop_fd *source, int fd, unsigned events, void *arg)
{
	struct question *question = arg;
	ssize_t size = recv(fd, message, sizeof(message), MSG_DONTWAIT);
	(void)source;
	(void)events;

	if (size < 0 && errno == EAGAIN)
		return;
	/* Nobody is there, or not for us: the next one. */
	if (size < 0) {
		question->upstream++;
		ask_upstream(question);
		return;
	}
	if (size < 2 || memcmp(message, question->bytes, 2) != 0)
		return; /* to no question of ours */
	if (question->alias_of != NULL)
		answer_alias(question, message, (size_t)size);
	else
		send_to(question->server, &question->asker, message, (size_t)size);
	forget_question(question);
}

static void on_upstream_timer(struct loop_timer *timer, void *arg)
{
	struct question *question = arg;
	(void)timer;

	question->upstream++;
	ask_upstream(question);
}

/* May free it. */
static void ask_upstream(struct question *question)
{
	struct name_server *server = question->server;

	loop_fd_remove(question->source);
	question->source = NULL;
	auto_close(&question->fd);
	question->fd = open_upstream(server, question->upstream, SOCK_DGRAM);
	if (question->fd < 0 ||
	    send(question->fd, question->bytes, question->size, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
		size_t count = server->upstream != NULL ? server->upstream->count : 0;
		if (++question->upstream < count)
			ask_upstream(question);
		else
			fail_question(question);
		return;
	}
	question->source =
		loop_add_fd(server->loop, question->fd, LOOP_READ, on_upstream_answer, question);
	loop_timer_set(question->timer, UPSTREAM_MS);
}

/* NULL: too many are under way, and it will be asked again. */
static struct question *new_question(struct name_server *server, const struct sockaddr_in *asker,
				     const uint8_t *bytes, size_t size)
{
	struct question *question;

	if (server->question_count >= MAX_QUESTIONS)
		return NULL;
	question = xcalloc(1, sizeof(*question));
	question->server = server;
	question->asker = *asker;
	question->fd = -1;
	question->bytes = xmemdup(bytes, size);
	question->size = size;
	question->timer = loop_add_timer(server->loop, UPSTREAM_MS, on_upstream_timer, question);
	question->next = server->questions;
	server->questions = question;
	server->question_count++;
	return question;
}

static void pass_on(struct name_server *server, const struct sockaddr_in *asker,
		    const uint8_t *bytes, size_t size)
{
	struct question *question = new_question(server, asker, bytes, size);

	if (question != NULL)
		ask_upstream(question);
}

static void pass_on_alias(struct name_server *server, const struct sockaddr_in *asker,
			  const struct dns_question *asked, size_t got, const char *target)
{
	uint8_t query[DNS_UDP_SIZE];
	size_t size = dns_alias_query_make(asked, message, target, query, sizeof(query));
	struct question *question = size > 0 ? new_question(server, asker, query, size) : NULL;

	if (question == NULL)
		return;
	question->alias_of = xstrdup(target);
	question->asked = xmemdup(message, got);
	question->asked_size = got;
	ask_upstream(question);
}

static void on_datagram(struct loop_fd *source, int fd, unsigned events, void *arg)
{
	struct name_server *server = arg;
	(void)source;
	(void)events;

	for (int i = 0; i < MAX_PER_CALL; i++) {
		struct sockaddr_in asker = {0};
		socklen_t length = sizeof(asker);
		struct dns_question asked;
		ssize_t got = recvfrom(fd, message, sizeof(message), MSG_DONTWAIT,
				       (struct sockaddr *)&asker, &length);
		size_t size = 0;
		if (got < 0)
			return;
		bool is_read =
			server->hosts != NULL && dns_question_read(message, (size_t)got, &asked);
		const char *target = is_read ? dns_alias_target(server->hosts, &asked) : NULL;
		if (target != NULL) {
			pass_on_alias(server, &asker, &asked, (size_t)got, target);
			continue;
		}
		if (is_read)
			size = dns_answer_make(server->hosts, &asked, message, answer,
					       asked.udp_size < sizeof(answer) ? asked.udp_size
									       : sizeof(answer));
		if (size > 0)
			send_to(server, &asker, answer, size);
		else if (got >= 12)
			pass_on(server, &asker, message, (size_t)got);
	}
}

static void forget_connection(struct connection *connection)
{
	struct connection **link = &connection->server->connections;

	while (*link != connection)
		link = &(*link)->next;
	*link = connection->next;
	connection->server->connection_count--;
	loop_fd_remove(connection->source);
	loop_fd_remove(connection->upstream_source);
	loop_timer_remove(connection->timer);
	auto_close(&connection->fd);
	auto_close(&connection->upstream_fd);
	free(connection->bytes);
	free(connection);
}

static void on_connection_timer(struct loop_timer *timer, void *arg)
{
	(void)timer;
	forget_connection(arg);
}

/* From one end to the other; messages are small, so what does not fit at once ends it. */
static void on_pipe(struct loop_fd *source, int fd, unsigned events, void *arg)
{
	struct connection *connection = arg;
	int to = fd == connection->fd ? connection->upstream_fd : connection->fd;
	ssize_t got;
	(void)events;

	/* The first: what waited while it was being connected. */
	if (fd == connection->upstream_fd && connection->size > 0) {
		if (send(fd, connection->bytes, connection->size, MSG_DONTWAIT | MSG_NOSIGNAL) !=
		    (ssize_t)connection->size) {
			forget_connection(connection);
			return;
		}
		connection->size = 0;
		loop_fd_set_events(source, LOOP_READ);
		return;
	}
	got = recv(fd, message, sizeof(message), MSG_DONTWAIT);
	if (got < 0 && errno == EAGAIN)
		return;
	if (got <= 0 || send(to, message, (size_t)got, MSG_DONTWAIT | MSG_NOSIGNAL) != got) {
		forget_connection(connection);
		return;
	}
	loop_timer_set(connection->timer, CONNECTION_MS);
}

static void become_pipe(struct connection *connection)
{
	struct name_server *server = connection->server;

	connection->upstream_fd = open_upstream(server, 0, SOCK_STREAM);
	if (connection->upstream_fd < 0) {
		forget_connection(connection);
		return;
	}
	connection->upstream_source =
		loop_add_fd(server->loop, connection->upstream_fd, LOOP_WRITE, on_pipe, connection);
	loop_fd_remove(connection->source);
	connection->source =
		loop_add_fd(server->loop, connection->fd, LOOP_READ, on_pipe, connection);
}

/* Answers the whole questions that have come. May free it. */
static void answer_connection(struct connection *connection)
{
	while (connection->size >= 2) {
		size_t length = (size_t)(connection->bytes[0] << 8 | connection->bytes[1]);
		uint8_t head[2];
		struct dns_question asked;
		size_t size = 0;
		if (connection->size < 2 + length)
			return;
		if (dns_question_read(connection->bytes + 2, length, &asked))
			size = dns_answer_make(connection->server->hosts, &asked,
					       connection->bytes + 2, answer, sizeof(answer));
		if (size == 0) {
			become_pipe(connection);
			return;
		}
		head[0] = (uint8_t)(size >> 8);
		head[1] = (uint8_t)(size & 0xff);
		if (send(connection->fd, head, 2, MSG_DONTWAIT | MSG_NOSIGNAL | MSG_MORE) != 2 ||
		    send(connection->fd, answer, size, MSG_DONTWAIT | MSG_NOSIGNAL) !=
			    (ssize_t)size) {
			forget_connection(connection);
			return;
		}
		connection->size -= 2 + length;
		memmove(connection->bytes, connection->bytes + 2 + length, connection->size);
	}
}

static void on_connection_data(struct loop_fd *source, int fd, unsigned events, void *arg)
{
	struct connection *connection = arg;
	size_t room = MAX_MESSAGE + 2 - connection->size;
	ssize_t got = recv(fd, connection->bytes + connection->size, room, MSG_DONTWAIT);
	(void)source;
	(void)events;

	if (got < 0 && errno == EAGAIN)
		return;
	if (got <= 0 || connection->server->hosts == NULL) {
		forget_connection(connection);
		return;
	}
	connection->size += (size_t)got;
	loop_timer_set(connection->timer, CONNECTION_MS);
	answer_connection(connection);
}

static void on_connection(struct loop_fd *source, int fd, unsigned events, void *arg)
{
	struct name_server *server = arg;
	struct connection *connection;
	AUTO_CLOSE int accepted = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	(void)source;
	(void)events;

	if (accepted < 0 || server->connection_count >= MAX_CONNECTIONS)
		return;
	connection = xcalloc(1, sizeof(*connection));
	connection->server = server;
	connection->fd = take_fd(&accepted);
	connection->upstream_fd = -1;
	connection->bytes = xcalloc(1, MAX_MESSAGE + 2);
	connection->timer =
		loop_add_timer(server->loop, CONNECTION_MS, on_connection_timer, connection);
	connection->source = loop_add_fd(server->loop, connection->fd, LOOP_READ,
					 on_connection_data, connection);
	connection->next = server->connections;
	server->connections = connection;
	server->connection_count++;
}

/* Both kinds on one port, or neither. */
static bool bind_both(struct name_server *server, const char *ip, uint16_t port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
	AUTO_CLOSE int udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	AUTO_CLOSE int tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	(void)inet_pton(AF_INET, ip, &address.sin_addr);
	if (udp < 0 || tcp < 0 ||
	    bind(udp, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
	    bind(tcp, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(tcp, MAX_CONNECTIONS) < 0)
		return false;
	server->udp_fd = take_fd(&udp);
	server->tcp_fd = take_fd(&tcp);
	return true;
}

static bool listen_redirected(struct name_server *server)
{
	uint16_t port = FIRST_INNER_PORT;

	if (!service_redirect_start(NULL))
		return false;
	while (port <= LAST_INNER_PORT && !bind_both(server, "127.0.0.1", port))
		port++;
	return port <= LAST_INNER_PORT &&
	       service_redirect_add(NAME_SERVER_ADDRESS, DNS_PORT, port, NULL);
}

struct name_server *name_server_start(struct loop *loop, struct error *err)
{
	struct name_server *server = xcalloc(1, sizeof(*server));

	server->loop = loop;
	if (!listen_redirected(server) && !bind_both(server, NAME_SERVER_ADDRESS, DNS_PORT)) {
		(void)error_set_errno(err, errno, "the pod's DNS server");
		free(server);
		return NULL;
	}
	(void)loop_add_fd(loop, server->udp_fd, LOOP_READ, on_datagram, server);
	(void)loop_add_fd(loop, server->tcp_fd, LOOP_READ, on_connection, server);
	return server;
}

void name_server_use(struct name_server *server, const struct host_list *hosts,
		     const struct string_list *upstream)
{
	server->hosts = hosts;
	server->upstream = upstream;
}
