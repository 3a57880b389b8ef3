/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/pod/tunnel_table.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/strbuf.h"
#include "guest/channel/say.h"
#include "guest/machine/service_redirect.h"
#include "guest/pod/outside_proxy.h"
#include "wire/request.h"

#define MAX_TUNNELS 1280
#define PIECE_BYTES ((size_t)32 << 10)

struct tunnel {
	struct tunnel_table *table;
	uint16_t stream;
	int fd; /* owned */
	struct loop_fd *watch;
	bool is_udp;
	bool is_connecting;
	bool is_second_try; /* at the pod's own address */
	uint16_t port;
	struct strbuf queue; /* towards the socket */
	uint32_t window;     /* bytes the host will still take */
	bool is_host_done;   /* the host sends no more */
	bool is_shut;	     /* and the socket was told */
	bool is_socket_done; /* the socket sends no more, and the host was told */
};

struct listener {
	struct tunnel_table *table;
	int fd;			       /* owned */
	struct loop_fd *source;	       /* NULL with: */
	struct service_proxy proxy;    /* owned; without targets */
	struct outside_proxy *outside; /* NULL: what comes is tunnelled to the host */
};

struct tunnel_table {
	struct guest *guest;
	struct tunnel **tunnels;
	size_t count;
	struct listener **listeners;
	size_t listener_count;
	uint16_t next_stream;
};

struct tunnel_table *tunnel_table_new(struct guest *guest)
{
	struct tunnel_table *table = xcalloc(1, sizeof(*table));
	table->guest = guest;
	return table;
}

static struct tunnel *find(struct tunnel_table *table, uint16_t stream)
{
	for (size_t i = 0; i < table->count; i++) {
		if (table->tunnels[i]->stream == stream)
			return table->tunnels[i];
	}
	return NULL;
}

static void free_tunnel(struct tunnel *tunnel)
{
	struct tunnel_table *table = tunnel->table;
	loop_fd_remove(tunnel->watch);
	if (tunnel->fd >= 0)
		(void)close(tunnel->fd);
	strbuf_clear(&tunnel->queue);
	for (size_t i = 0; i < table->count; i++) {
		if (table->tunnels[i] == tunnel)
			table->tunnels[i] = table->tunnels[--table->count];
	}
	free(tunnel);
}

void tunnel_table_clear(struct tunnel_table *table)
{
	while (table->count > 0)
		free_tunnel(table->tunnels[0]);
}

static void fail(struct tunnel *tunnel, const char *why)
{
	channel_send_text(tunnel->table->guest->channel, WIRE_TUNNEL_CLOSE, tunnel->stream, why);
	free_tunnel(tunnel);
}

static void set_events(const struct tunnel *tunnel)
{
	bool wants_write = tunnel->is_connecting || tunnel->queue.size > 0;
	bool wants_read = !tunnel->is_connecting && !tunnel->is_socket_done && tunnel->window > 0 &&
			  !channel_is_full(tunnel->table->guest->channel);
	if (tunnel->watch != NULL)
		loop_fd_set_events(tunnel->watch,
				   (wants_write ? LOOP_WRITE : 0) | (wants_read ? LOOP_READ : 0));
}

/* False when the tunnel is gone. */
static bool end_if_done(struct tunnel *tunnel)
{
	if (tunnel->is_host_done && tunnel->queue.size == 0 && !tunnel->is_shut) {
		tunnel->is_shut = true;
		if (!tunnel->is_udp)
			(void)shutdown(tunnel->fd, SHUT_WR);
	}
	bool is_over = tunnel->is_shut && (tunnel->is_socket_done || tunnel->is_udp);
	if (!is_over)
		return true;
	if (tunnel->is_udp)
		channel_send(tunnel->table->guest->channel, WIRE_TUNNEL_CLOSE, tunnel->stream, "",
			     0);
	free_tunnel(tunnel);
	return false;
}

/* False when the tunnel is gone. */
static bool read_socket(struct tunnel *tunnel)
{
	static char buffer[PIECE_BYTES];
	struct channel *channel = tunnel->table->guest->channel;
	while (!tunnel->is_socket_done && tunnel->window > 0 && !channel_is_full(channel)) {
		size_t room = tunnel->window < sizeof(buffer) && !tunnel->is_udp ? tunnel->window
										 : sizeof(buffer);
		ssize_t size = recv(tunnel->fd, buffer, room, MSG_DONTWAIT);
		if (size > 0 || (size == 0 && tunnel->is_udp)) {
			uint32_t used = (uint32_t)size;
			tunnel->window -= used < tunnel->window ? used : tunnel->window;
			channel_send(channel, WIRE_TUNNEL_DATA, tunnel->stream, buffer,
				     (size_t)size);
		} else if (size == 0) {
			tunnel->is_socket_done = true;
			channel_send(channel, WIRE_TUNNEL_CLOSE, tunnel->stream, "", 0);
		} else if (errno == EAGAIN || errno == EINTR) {
			break;
		} else {
			fail(tunnel, strerror(errno));
			return false;
		}
	}
	return end_if_done(tunnel);
}

/* False when the tunnel is gone. */
static bool write_socket(struct tunnel *tunnel)
{
	size_t written = 0;
	while (written < tunnel->queue.size) {
		ssize_t size = send(tunnel->fd, tunnel->queue.data + written,
				    tunnel->queue.size - written, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (size < 0 && errno == EAGAIN)
			break;
		if (size < 0) {
			fail(tunnel, strerror(errno));
			return false;
		}
		written += (size_t)size;
	}
	if (written > 0) {
		uint8_t bytes[4];
		bytes_put_u32(bytes, (uint32_t)written);
		strbuf_consume(&tunnel->queue, written);
		channel_send(tunnel->table->guest->channel, WIRE_WINDOW, tunnel->stream, bytes,
			     sizeof(bytes));
	}
	return end_if_done(tunnel);
}

static bool start_connect(struct tunnel *tunnel);

/* True when connected. False: not yet, or the tunnel is gone. */
static bool finish_connect(struct tunnel *tunnel)
{
	int failed = 0;
	socklen_t size = sizeof(failed);
	(void)getsockopt(tunnel->fd, SOL_SOCKET, SO_ERROR, &failed, &size);
	tunnel->is_connecting = false;
	if (failed == 0)
		return true;
	if (failed == ECONNREFUSED && !tunnel->is_second_try &&
	    tunnel->table->guest->address != NULL) {
		tunnel->is_second_try = true;
		loop_fd_remove(tunnel->watch);
		tunnel->watch = NULL;
		(void)close(tunnel->fd);
		tunnel->fd = -1;
		(void)start_connect(tunnel);
		return false;
	}
	fail(tunnel, strerror(failed));
	return false;
}

static void on_socket(struct loop_fd *source, int fd, unsigned events, void *arg)
{
	struct tunnel *tunnel = arg;
	(void)source;
	(void)fd;
	(void)events;
	if (tunnel->is_connecting && !finish_connect(tunnel))
		return;
	if (write_socket(tunnel) && read_socket(tunnel))
		set_events(tunnel);
}

static void watch(struct tunnel *tunnel)
{
	tunnel->watch = loop_add_fd(tunnel->table->guest->loop, tunnel->fd, 0, on_socket, tunnel);
	set_events(tunnel);
}

/* False when the tunnel is gone. */
static bool start_connect(struct tunnel *tunnel)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(tunnel->port)};
	const char *ip = tunnel->is_second_try ? tunnel->table->guest->address : "127.0.0.1";
	(void)inet_pton(AF_INET, ip, &address.sin_addr);
	int type = tunnel->is_udp ? SOCK_DGRAM : SOCK_STREAM;
	tunnel->fd = socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int result = tunnel->fd >= 0 ? connect(tunnel->fd, (const struct sockaddr *)&address,
					       sizeof(address))
				     : -1;
	if (result < 0 && errno != EINPROGRESS) {
		fail(tunnel, strerror(errno));
		return false;
	}
	tunnel->is_connecting = result < 0;
	watch(tunnel);
	return true;
}

static struct tunnel *new_tunnel(struct tunnel_table *table, uint16_t stream)
{
	struct tunnel *tunnel = xcalloc(1, sizeof(*tunnel));
	tunnel->table = table;
	tunnel->stream = stream;
	tunnel->fd = -1;
	tunnel->window = WIRE_START_WINDOW;
	*ARRAY_APPEND(table->tunnels, table->count) = tunnel;
	return tunnel;
}

static void refuse(struct tunnel_table *table, uint16_t stream, const char *why)
{
	channel_send_text(table->guest->channel, WIRE_TUNNEL_CLOSE, stream, why);
}

static void open_tunnel(struct tunnel_table *table, const struct wire_message *message)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	if (table->count >= MAX_TUNNELS || find(table, message->stream) != NULL ||
	    (message->stream & WIRE_GUEST_STREAM) != 0) {
		refuse(table, message->stream, "too many tunnels");
		return;
	}
	AUTO(tunnel_open_clear) struct tunnel_open open = {0};
	if (!tunnel_open_read(message->bytes, message->size, &open, &err)) {
		refuse(table, message->stream, err.message);
		return;
	}
	struct tunnel *tunnel = new_tunnel(table, message->stream);
	tunnel->port = open.port;
	tunnel->is_udp = open.is_udp;
	(void)start_connect(tunnel);
}

static void take_bytes(struct tunnel *tunnel, const struct wire_message *message)
{
	if (tunnel->is_udp) {
		uint8_t bytes[4];
		bytes_put_u32(bytes, (uint32_t)message->size);
		(void)send(tunnel->fd, message->bytes, message->size, MSG_DONTWAIT | MSG_NOSIGNAL);
		channel_send(tunnel->table->guest->channel, WIRE_WINDOW, tunnel->stream, bytes,
			     sizeof(bytes));
		return;
	}
	if (tunnel->queue.size + message->size > WIRE_START_WINDOW) {
		fail(tunnel, "more than the window allows");
		return;
	}
	strbuf_append_bytes(&tunnel->queue, message->bytes, message->size);
	if (tunnel->is_connecting || write_socket(tunnel))
		set_events(tunnel);
}

void tunnel_table_take(struct tunnel_table *table, const struct wire_message *message)
{
	if (message->type == WIRE_TUNNEL_OPEN) {
		open_tunnel(table, message);
		return;
	}
	struct tunnel *tunnel = find(table, message->stream);
	if (tunnel == NULL)
		return; /* it has just ended */
	if (message->type == WIRE_TUNNEL_DATA) {
		take_bytes(tunnel, message);
	} else if (message->size > 0) {
		free_tunnel(tunnel);
	} else {
		tunnel->is_host_done = true;
		if (tunnel->is_connecting || end_if_done(tunnel))
			set_events(tunnel);
	}
}

void tunnel_table_window(struct tunnel_table *table, uint16_t stream, uint32_t bytes)
{
	struct tunnel *tunnel = find(table, stream);
	if (tunnel == NULL)
		return;
	if (bytes <= UINT32_MAX - tunnel->window)
		tunnel->window += bytes;
	set_events(tunnel);
}

void tunnel_table_pump(struct tunnel_table *table)
{
	for (size_t i = 0; i < table->count; i++)
		set_events(table->tunnels[i]);
}

static bool free_stream(struct tunnel_table *table, uint16_t *ret)
{
	for (unsigned i = 0; i < WIRE_GUEST_STREAM && table->count < MAX_TUNNELS; i++) {
		uint16_t stream = (uint16_t)(WIRE_GUEST_STREAM | (++table->next_stream & 0x7fffU));
		if (find(table, stream) == NULL) {
			*ret = stream;
			return true;
		}
	}
	return false;
}

static void on_connection(struct loop_fd *source, int fd, unsigned events, void *arg)
{
	struct listener *listener = arg;
	struct tunnel_table *table = listener->table;
	uint16_t stream = 0;
	(void)source;
	(void)events;
	AUTO_CLOSE int connection = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (connection < 0 || !channel_is_up(table->guest->channel) || !free_stream(table, &stream))
		return;
	const struct tunnel_open open = {.service = listener->proxy.service,
					 .port = listener->proxy.port};
	AUTO_FREE char *text = tunnel_open_write(&open);
	struct tunnel *tunnel = new_tunnel(table, stream);
	tunnel->fd = take_fd(&connection);
	channel_send_text(table->guest->channel, WIRE_TUNNEL_OPEN, stream, text);
	watch(tunnel);
}

/* Where no container is likely to listen: above the kernel's own choices. */
enum { FIRST_PROXY_PORT = 61000, LAST_PROXY_PORT = 65535 };

static int bind_proxy(struct in_addr ip, uint16_t port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = ip};
	AUTO_CLOSE int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int yes = 1;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) < 0 ||
	    bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 128) < 0)
		return -1;
	return take_fd(&fd);
}

/* Listens on a port of the guest's own and has the service's address lead there. */
static int bind_redirected(struct tunnel_table *table, const struct service_proxy *proxy,
			   struct error *err)
{
	const struct in_addr loopback = {.s_addr = htonl(INADDR_LOOPBACK)};

	for (unsigned i = 0; i <= LAST_PROXY_PORT - FIRST_PROXY_PORT; i++) {
		unsigned port = LAST_PROXY_PORT - (unsigned)table->listener_count - i;
		if (port < FIRST_PROXY_PORT)
			break;
		AUTO_CLOSE int fd = bind_proxy(loopback, (uint16_t)port);
		if (fd < 0)
			continue;
		if (!service_redirect_add(proxy->ip, proxy->port, (uint16_t)port, err))
			return -1;
		return take_fd(&fd);
	}
	error_set(err, ERROR_SYSTEM, "no port is left for %s:%u", proxy->ip, proxy->port);
	return -1;
}

/* A Service that has got a selector, or lost it, changes what stands behind its port. */
static void use_targets(struct listener *listener, const struct service_proxy *proxy)
{
	bool is_outside = proxy->targets.count > 0;

	if (is_outside && listener->outside == NULL) {
		loop_fd_remove(listener->source);
		listener->source = NULL;
		listener->outside = outside_proxy_new(listener->table->guest->loop, listener->fd);
	} else if (!is_outside && listener->outside != NULL) {
		outside_proxy_free(listener->outside);
		listener->outside = NULL;
	}
	if (is_outside)
		outside_proxy_use(listener->outside, proxy);
	else if (listener->source == NULL)
		listener->source = loop_add_fd(listener->table->guest->loop, listener->fd,
					       LOOP_READ, on_connection, listener);
}

static bool listen_on(struct tunnel_table *table, const struct service_proxy *proxy,
		      bool is_redirected, struct error *err)
{
	struct in_addr ip;
	if (inet_pton(AF_INET, proxy->ip, &ip) != 1)
		return error_set(err, ERROR_INVALID, "'%s' is no IPv4 address", proxy->ip);
	AUTO_CLOSE int fd =
		is_redirected ? bind_redirected(table, proxy, err) : bind_proxy(ip, proxy->port);
	if (fd < 0)
		return is_redirected ? false
				     : error_set_errno(err, errno, "listening on %s:%u", proxy->ip,
						       proxy->port);
	struct listener *listener = xcalloc(1, sizeof(*listener));
	listener->table = table;
	listener->fd = take_fd(&fd);
	listener->proxy.ip = xstrdup(proxy->ip);
	listener->proxy.service = xstrdup(proxy->service);
	listener->proxy.port = proxy->port;
	*ARRAY_APPEND(table->listeners, table->listener_count) = listener;
	use_targets(listener, proxy);
	return true;
}

static struct listener *find_listener(const struct tunnel_table *table,
				      const struct service_proxy *proxy)
{
	for (size_t i = 0; i < table->listener_count; i++) {
		const struct service_proxy *have = &table->listeners[i]->proxy;
		if (have->port == proxy->port && strcmp(have->ip, proxy->ip) == 0 &&
		    strcmp(have->service, proxy->service) == 0)
			return table->listeners[i];
	}
	return NULL;
}

void tunnel_table_listen(struct tunnel_table *table, const struct release *release)
{
	AUTO(error_clear) struct error problem = ERROR_INIT;
	bool is_redirected = release->proxy_count > 0 && service_redirect_start(&problem);

	if (problem.message != NULL)
		say("%s; ports of services cannot be used by containers here", problem.message);
	for (size_t i = 0; i < release->proxy_count; i++) {
		AUTO(error_clear) struct error err = ERROR_INIT;
		struct listener *listener = find_listener(table, &release->proxies[i]);
		if (listener != NULL)
			use_targets(listener, &release->proxies[i]);
		else if (!listen_on(table, &release->proxies[i], is_redirected, &err))
			say("service %s: %s", release->proxies[i].service, err.message);
	}
}
