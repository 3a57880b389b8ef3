/* SPDX-License-Identifier: Apache-2.0 */
#include "local/supervisor/metrics_port.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/loop_timer.h"
#include "base/socket_send.h"
#include "base/strbuf.h"
#include "local/plan/metrics.h"
#include "local/plan/plan_options.h"
#include "local/ports/listen_socket.h"
#include "local/supervisor/metrics_request.h"

enum { ACCEPT_PAUSE_MS = 1000 };

/* READING (until the request is whole) → WRITING (until all is sent) → LINGERING (the peer closes;
 * what it still sends is thrown away, so that it reads the answer and no reset) → gone. */
struct scraper {
	struct metrics_port *port;
	int fd;
	struct loop_fd *source;
	struct strbuf in;
	struct strbuf out;
	bool is_answered;
	bool is_lingering;
	uint64_t end_ms; /* then it is let go, wherever it is */
};

struct metrics_port {
	struct loop *loop;
	int fd;
	char address[SOCKET_ADDRESS_TEXT_SIZE];
	unsigned patience_ms;
	metrics_text_fn *text;
	void *arg;
	struct loop_fd *source;
	struct loop_timer *late;
	struct loop_timer *accept;		      /* again, when there were no descriptors */
	struct scraper *clients[METRICS_CONNECTIONS]; /* the oldest first */
	size_t client_count;
};

static void forget(struct scraper *scraper)
{
	struct metrics_port *port = scraper->port;
	size_t kept = 0;

	for (size_t i = 0; i < port->client_count; i++) {
		if (port->clients[i] != scraper)
			port->clients[kept++] = port->clients[i];
	}
	port->client_count = kept;
	loop_fd_remove(scraper->source);
	auto_close(&scraper->fd);
	strbuf_clear(&scraper->in);
	strbuf_clear(&scraper->out);
	free(scraper);
}

static void answer(struct scraper *scraper, enum metrics_answer what)
{
	AUTO_FREE char *body = NULL;
	struct metrics_port *port = scraper->port;
	bool is_ok = what == METRICS_OK;
	const char *status = metrics_status_line(what);

	body = is_ok ? port->text(port->arg) : xasprintf("%s\n", status);
	strbuf_appendf(&scraper->out,
		       "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n%s"
		       "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
		       "Connection: close\r\n\r\n",
		       status, is_ok ? METRICS_CONTENT_TYPE : "text/plain; charset=utf-8",
		       strlen(body), what == METRICS_METHOD ? "Allow: GET\r\n" : "");
	strbuf_append(&scraper->out, body);
	scraper->is_answered = true;
	strbuf_clear(&scraper->in);
}

/* False: the peer has gone. */
static bool send_some(struct scraper *scraper)
{
	if (!socket_send_queued(scraper->fd, &scraper->out))
		return false;
	if (scraper->out.size > 0) {
		loop_fd_set_events(scraper->source, LOOP_WRITE);
		return true;
	}
	scraper->is_lingering = true;
	loop_fd_set_events(scraper->source, LOOP_READ);
	return shutdown(scraper->fd, SHUT_WR) == 0;
}

/* False: it has ended, or asks what nobody can read. */
static bool receive_some(struct scraper *scraper)
{
	char bytes[2048];
	ssize_t got = recv(scraper->fd, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (got < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	if (got <= 0)
		return false;
	if (scraper->is_lingering)
		return true;
	strbuf_append_bytes(&scraper->in, bytes, (size_t)got);
	enum metrics_answer what = metrics_request_read(scraper->in.data, scraper->in.size);
	if (what == METRICS_WAIT)
		return true;
	answer(scraper, what);
	return send_some(scraper);
}

static void on_scraper(struct loop_fd *source, int fd, unsigned events, void *arg)
{
	struct scraper *scraper = arg;
	bool is_alive = true;

	(void)source;
	(void)fd;
	if (scraper->is_answered && !scraper->is_lingering)
		is_alive = (events & LOOP_HANGUP) == 0 && send_some(scraper);
	else if ((events & (LOOP_READ | LOOP_HANGUP)) != 0)
		is_alive = receive_some(scraper);
	if (!is_alive)
		forget(scraper);
}

static void set_late(struct metrics_port *port)
{
	uint64_t now_ms = clock_monotonic_ms();
	uint64_t first_ms = UINT64_MAX;

	for (size_t i = 0; i < port->client_count; i++) {
		if (port->clients[i]->end_ms < first_ms)
			first_ms = port->clients[i]->end_ms;
	}
	if (port->client_count > 0)
		loop_timer_set(port->late, first_ms > now_ms ? first_ms - now_ms : 0);
	else
		loop_timer_cancel(port->late);
}

static void on_late(struct loop_timer *timer, void *arg)
{
	struct metrics_port *port = arg;
	uint64_t now_ms = clock_monotonic_ms();

	(void)timer;
	for (size_t i = port->client_count; i-- > 0;) {
		if (port->clients[i]->end_ms <= now_ms)
			forget(port->clients[i]);
	}
	set_late(port);
}

/* One that has not asked yet, else one that reads slowly: the oldest of them. */
static void make_room(struct metrics_port *port)
{
	struct scraper *oldest = NULL;

	if (port->client_count < METRICS_CONNECTIONS)
		return;
	for (size_t i = 0; i < port->client_count && oldest == NULL; i++) {
		if (!port->clients[i]->is_answered || port->clients[i]->is_lingering)
			oldest = port->clients[i];
	}
	forget(oldest != NULL ? oldest : port->clients[0]);
}

static void on_accept(struct loop_fd *source, int fd, unsigned events, void *arg)
{
	struct metrics_port *port = arg;

	(void)events;
	int accepted = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (accepted < 0) {
		if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
			loop_fd_set_events(source, 0);
			loop_timer_set(port->accept, ACCEPT_PAUSE_MS);
		}
		return;
	}
	make_room(port);
	struct scraper *scraper = xcalloc(1, sizeof(*scraper));
	scraper->port = port;
	scraper->fd = accepted;
	scraper->end_ms = clock_monotonic_ms() + port->patience_ms;
	scraper->source = loop_add_fd(port->loop, accepted, LOOP_READ, on_scraper, scraper);
	port->clients[port->client_count++] = scraper;
	set_late(port);
}

static void on_accept_again(struct loop_timer *timer, void *arg)
{
	struct metrics_port *port = arg;
	(void)timer;
	loop_fd_set_events(port->source, LOOP_READ);
}

static int listen_at(const char *where, struct socket_address *address, struct error *err)
{
	AUTO_FREE char *host = NULL;
	uint16_t number = 0;

	if (!metrics_place_read(where, &host, &number, err) ||
	    !socket_address_make(host, number != 0 ? number : METRICS_PORT, address, err))
		return -1;
	const struct listen_options options = {.service = "metrics",
					       .move = number != 0 ? LISTEN_MOVE_NEVER
								   : LISTEN_MOVE_TAKEN,
					       .namespace_fd = -1};
	return listen_socket_open(&options, address, err);
}

struct metrics_port *metrics_port_open(struct loop *loop, const char *where, unsigned patience_ms,
				       metrics_text_fn *text, void *arg, struct error *err)
{
	struct socket_address address = {0};
	int fd = listen_at(where, &address, err);

	if (fd < 0) {
		(void)error_prefix(err, "metrics");
		return NULL;
	}
	struct metrics_port *port = xcalloc(1, sizeof(*port));
	port->loop = loop;
	port->fd = fd;
	port->patience_ms = patience_ms != 0 ? patience_ms : METRICS_PATIENCE_MS;
	port->text = text;
	port->arg = arg;
	socket_address_format(port->address, &address);
	port->late = loop_add_timer(loop, 0, on_late, port);
	port->accept = loop_add_timer(loop, 0, on_accept_again, port);
	loop_timer_cancel(port->late);
	loop_timer_cancel(port->accept);
	port->source = loop_add_fd(loop, fd, LOOP_READ, on_accept, port);
	return port;
}

void metrics_port_close(struct metrics_port *port)
{
	if (port == NULL)
		return;
	while (port->client_count > 0)
		forget(port->clients[0]);
	loop_fd_remove(port->source);
	loop_timer_remove(port->late);
	loop_timer_remove(port->accept);
	auto_close(&port->fd);
	free(port);
}

const char *metrics_port_address(const struct metrics_port *port)
{
	return port->address;
}
