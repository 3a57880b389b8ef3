/* SPDX-License-Identifier: Apache-2.0 */
#include "local/ports/listen_socket.h"

#include <errno.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "local/ports/namespace_socket.h"
#include "local/ports/port_owner.h"
#include "local/ports/relay.h"

#define BACKLOG	   4096
#define MOVE_TRIES 1000

static int try_bind(const struct listen_options *options, const struct socket_address *address)
{
	bool is_udp = options->is_udp;
	int type = (is_udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_NONBLOCK | SOCK_CLOEXEC;
	AUTO_CLOSE int fd =
		namespace_socket(options->namespace_fd, address->u.any.sa_family, type, 0);
	const int on = 1;

	if (fd < 0)
		return -1;
	/* For TCP: not kept waiting by connections of an earlier run. For UDP it would share. */
	if (!is_udp) {
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
		relay_bound_buffer(fd);
	}
	if (is_udp && address->u.any.sa_family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on));
	if (is_udp && address->u.any.sa_family == AF_INET)
		(void)setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on));
	if (bind(fd, &address->u.any, address->size) < 0)
		return -1;
	if (!is_udp && listen(fd, BACKLOG) < 0)
		return -1;
	return take_fd(&fd);
}

unsigned listen_other_port(unsigned port)
{
	return port + LISTEN_MOVE_BY <= UINT16_MAX ? port + LISTEN_MOVE_BY : port - LISTEN_MOVE_BY;
}

static int find_other_port(const struct listen_options *options, struct socket_address *address)
{
	unsigned port = socket_address_port(address);
	unsigned first = port + LISTEN_MOVE_BY + MOVE_TRIES <= UINT16_MAX ? port + LISTEN_MOVE_BY
									  : port - LISTEN_MOVE_BY;

	for (port = first; port < first + MOVE_TRIES; port++) {
		int fd;
		socket_address_set_port(address, (uint16_t)port);
		fd = try_bind(options, address);
		if (fd >= 0 || errno != EADDRINUSE)
			return fd;
	}
	return -1;
}

static bool refuse(const struct listen_options *options, const struct socket_address *address,
		   int errnum, struct error *err)
{
	const char *service = options->service;
	char text[SOCKET_ADDRESS_TEXT_SIZE];
	unsigned port = socket_address_port(address);
	unsigned other = listen_other_port(port);
	unsigned target = options->target_port != 0 ? options->target_port : port;

	socket_address_format(text, address);
	if (errnum == EADDRINUSE) {
		AUTO_FREE char *owner = port_owner_describe(address, options->is_udp);
		(void)error_set(err, ERROR_EXISTS, "port %s is taken by %s", text, owner);
		return error_hint(err,
				  "stop that process, or publish '%s' elsewhere: "
				  "--publish %s:%u:%u",
				  service, service, other, target);
	}
	(void)error_set_errno(err, errnum, "cannot listen on %s", text);
	if (errnum == EACCES)
		return error_hint(err, "ports below 1024 need a privilege; --publish %s:%u:%u",
				  service, other, target);
	return false;
}

int listen_socket_open(const struct listen_options *options, struct socket_address *address,
		       struct error *err)
{
	struct socket_address wanted = *address;
	enum listen_move move = options->move;
	int fd = try_bind(options, address);
	int errnum = errno;

	if (fd < 0 && ((errnum == EACCES && move != LISTEN_MOVE_NEVER) ||
		       (errnum == EADDRINUSE && move == LISTEN_MOVE_TAKEN))) {
		fd = find_other_port(options, address);
		errnum = errno;
	}
	if (fd < 0) {
		(void)refuse(options, &wanted, errnum, err);
		return -1;
	}
	address->size = sizeof(address->u);
	(void)getsockname(fd, &address->u.any, &address->size);
	return fd;
}
