/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/loop_timer.h"
#include "local/agent/agent_stream.h"
#include "local/ports/balancer_parts.h"

#define MAX_FLOWS     1024 /* a port; the one unused for longest makes room */
#define MAX_DATAGRAMS 64   /* per call */
#define DATAGRAM_SIZE 65536

/* What one client sends, and the answers; lives until nothing came for a while. */
struct flow {
	struct flow *next; /* in order of last use */
	struct flow *previous;
	struct balancer_port *port;
	struct socket_address client;
	char control[64]; /* the address the client spoke to: answers come from there */
	size_t control_size;
	struct backend *backend;
	int fd; /* connected to the backend; -1 with a tunnel */
	struct loop_fd *source;
	struct agent_stream *stream;
	uint64_t used_ms;
};

static char datagram[DATAGRAM_SIZE];

static void unlink_flow(struct flow *flow)
{
	if (flow->previous != NULL)
		flow->previous->next = flow->next;
	else
		flow->port->flows = flow->next;
	if (flow->next != NULL)
		flow->next->previous = flow->previous;
}

static void link_first(struct flow *flow)
{
	struct balancer_port *port = flow->port;

	flow->previous = NULL;
	flow->next = port->flows;
	if (port->flows != NULL)
		port->flows->previous = flow;
	port->flows = flow;
}

static void touch(struct flow *flow)
{
	flow->used_ms = clock_monotonic_ms();
	if (flow->previous == NULL)
		return;
	unlink_flow(flow);
	link_first(flow);
}

static void flow_free(struct flow *flow, bool is_backend_kept)
{
	struct balancer_port *port = flow->port;

	loop_fd_remove(flow->source);
	if (flow->fd >= 0)
		(void)close(flow->fd);
	if (flow->stream != NULL)
		agent_stream_abort(flow->stream, NULL);
	unlink_flow(flow);
	port->flow_count--;
	port->counters.open--;
	flow->backend->open--;
	if (!is_backend_kept)
		balancer_backend_released(flow->backend);
	free(flow);
}

static struct flow *find_flow(const struct balancer_port *port, const struct socket_address *client,
			      const void *control, size_t control_size)
{
	struct flow *flow = port->flows;

	while (flow != NULL && (!socket_address_equals(&flow->client, client) ||
				flow->control_size != control_size ||
				memcmp(flow->control, control, control_size) != 0))
		flow = flow->next;
	return flow;
}

static void answer(struct flow *flow, const void *bytes, size_t size)
{
	struct balancer_port *port = flow->port;
	struct iovec part = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = size};
	const struct msghdr message = {
		.msg_name = &flow->client.u.any,
		.msg_namelen = flow->client.size,
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = flow->control_size > 0 ? flow->control : NULL,
		.msg_controllen = flow->control_size,
	};

	touch(flow);
	if (sendmsg(port->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
		port->counters.bytes_out += size;
	else
		port->counters.dropped++;
}

static void on_backend_datagram(struct loop_fd *source, int fd, unsigned events, void *arg)
{
	struct flow *flow = arg;
	(void)source;
	(void)events;

	for (int i = 0; i < MAX_DATAGRAMS; i++) {
		ssize_t got = recv(fd, datagram, sizeof(datagram), MSG_DONTWAIT);
		if (got >= 0) {
			answer(flow, datagram, (size_t)got);
			continue;
		}
		/* Nobody listens there: the next datagram looks for another backend. */
		if (errno == ECONNREFUSED) {
			balancer_suspect(flow->backend);
			flow->port->counters.dropped++;
			flow_free(flow, false);
		}
		return;
	}
}

static void on_stream_data(struct agent_stream *stream, bool is_stderr, const void *bytes,
			   size_t size, void *arg)
{
	(void)is_stderr;
	answer(arg, bytes, size);
	agent_stream_consumed(stream, size);
}

static void on_stream_closed(struct agent_stream *stream, const struct agent_stream_end *end,
			     void *arg)
{
	struct flow *flow = arg;
	(void)stream;
	(void)end;

	flow->stream = NULL;
	flow_free(flow, false);
}

static const struct agent_stream_handler flow_handler = {
	.data = on_stream_data,
	.closed = on_stream_closed,
};

static bool open_way(struct flow *flow)
{
	const struct backend *backend = flow->backend;
	const struct socket_address *address = &backend->address;

	if (backend->agent != NULL) {
		flow->stream = agent_tunnel(backend->agent, backend->port, true, &flow_handler,
					    flow, NULL);
		return flow->stream != NULL;
	}
	flow->fd = socket(address->u.any.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (flow->fd < 0 || connect(flow->fd, &address->u.any, address->size) < 0)
		return false;
	flow->source = loop_add_fd(flow->port->balancer->loop, flow->fd, LOOP_READ,
				   on_backend_datagram, flow);
	return true;
}

static void drop_oldest(struct balancer_port *port)
{
	struct flow *flow = port->flows;

	while (flow->next != NULL)
		flow = flow->next;
	flow_free(flow, false);
}

static struct flow *make_flow(struct balancer_port *port, const struct socket_address *client,
			      const void *control, size_t control_size)
{
	struct backend *backend;
	struct flow *flow;

	if (port->flow_count >= MAX_FLOWS)
		drop_oldest(port);
	AUTO_FREE char *name = balancer_client(port, client);
	backend = balancer_pick(port, socket_address_hash_host(client), name);
	if (backend == NULL)
		return NULL;
	flow = xcalloc(1, sizeof(*flow));
	flow->port = port;
	flow->client = *client;
	flow->control_size = control_size;
	memcpy(flow->control, control, control_size);
	flow->backend = backend;
	flow->fd = -1;
	flow->used_ms = clock_monotonic_ms();
	backend->open++;
	port->flow_count++;
	port->counters.open++;
	port->counters.total++;
	link_first(flow);
	if (!open_way(flow)) {
		balancer_suspect(backend);
		flow_free(flow, false);
		return NULL;
	}
	return flow;
}

static void forward(struct balancer_port *port, struct flow *flow, size_t size)
{
	bool is_sent = false;

	if (flow != NULL && flow->stream != NULL) {
		is_sent = size > 0 && agent_stream_room(flow->stream) >= size;
		if (is_sent)
			agent_stream_write(flow->stream, datagram, size);
	} else if (flow != NULL) {
		is_sent = send(flow->fd, datagram, size, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
	}
	if (flow != NULL)
		touch(flow);
	if (is_sent)
		port->counters.bytes_in += size;
	else
		port->counters.dropped++;
}

/*
 * Keeps, of what came with a datagram, the address it was sent to, in the form that sends from it.
 */
static size_t keep_local_address(struct msghdr *message, char *out, size_t max)
{
	struct cmsghdr *part = CMSG_FIRSTHDR(message);

	if (part == NULL || part->cmsg_len > max || CMSG_SPACE(0) > max)
		return 0;
	if (part->cmsg_level == IPPROTO_IP && part->cmsg_type == IP_PKTINFO) {
		struct in_pktinfo info;
		memcpy(&info, CMSG_DATA(part), sizeof(info));
		info.ipi_ifindex = 0;
		info.ipi_addr.s_addr = 0;
		memcpy(CMSG_DATA(part), &info, sizeof(info));
	} else if (part->cmsg_level != IPPROTO_IPV6 || part->cmsg_type != IPV6_PKTINFO) {
		return 0;
	}
	memcpy(out, part, part->cmsg_len);
	return part->cmsg_len;
}

static void on_datagram(struct loop_fd *source, int fd, unsigned events, void *arg)
{
	struct balancer_port *port = arg;
	(void)source;
	(void)events;

	for (int i = 0; i < MAX_DATAGRAMS; i++) {
		_Alignas(struct cmsghdr) char control[128] = {0};
		char local[64] = {0};
		struct socket_address client = {0};
		struct iovec part = {.iov_base = datagram, .iov_len = sizeof(datagram)};
		struct msghdr message = {.msg_name = &client.u.any,
					 .msg_namelen = sizeof(client.u),
					 .msg_iov = &part,
					 .msg_iovlen = 1,
					 .msg_control = control,
					 .msg_controllen = sizeof(control)};
		ssize_t got = recvmsg(fd, &message, MSG_DONTWAIT);
		size_t local_size;
		struct flow *flow;

		if (got < 0)
			return;
		client.size = message.msg_namelen;
		local_size = keep_local_address(&message, local, sizeof(local));
		flow = find_flow(port, &client, local, local_size);
		if (flow == NULL)
			flow = make_flow(port, &client, local, local_size);
		forward(port, flow, (size_t)got);
	}
}

static void on_sweep(struct loop_timer *timer, void *arg)
{
	struct balancer_port *port = arg;
	uint64_t now_ms = clock_monotonic_ms();
	struct flow *next;

	for (struct flow *flow = port->flows; flow != NULL; flow = next) {
		next = flow->next;
		if (flow->used_ms + port->options.udp_idle_ms <= now_ms)
			flow_free(flow, false);
	}
	loop_timer_set(timer, port->options.udp_idle_ms / 4 + 1);
}

void balancer_udp_start(struct balancer_port *port)
{
	struct loop *loop = port->balancer->loop;

	port->source = loop_add_fd(loop, port->fd, LOOP_READ, on_datagram, port);
	port->pause = loop_add_timer(loop, port->options.udp_idle_ms / 4 + 1, on_sweep, port);
}

void balancer_udp_cut(struct balancer_port *port, const struct backend *backend)
{
	struct flow *next;

	for (struct flow *flow = port->flows; flow != NULL; flow = next) {
		next = flow->next;
		if (backend != NULL && flow->backend != backend)
			continue;
		port->counters.cut++;
		flow_free(flow, true);
	}
}

void balancer_udp_recheck(struct balancer_port *port)
{
	struct flow *next;

	for (struct flow *flow = port->flows; flow != NULL; flow = next) {
		AUTO_FREE char *name = balancer_client(port, &flow->client);
		next = flow->next;
		if (!balancer_may_reach(port, name, flow->backend))
			flow_free(flow, false);
	}
}
