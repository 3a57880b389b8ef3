/* SPDX-License-Identifier: Apache-2.0 */
#include "local/vm/netlink.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "local/ports/namespace_socket.h"

/* Requests are short and made here alone: one that does not fit is a mistake in this program. */
static void append(struct netlink_request *request, const void *bytes, size_t size)
{
	size_t at = NLMSG_ALIGN(request->u.header.nlmsg_len);

	if (at + size > sizeof(request->u.bytes))
		abort();
	if (size > 0)
		memcpy(request->u.bytes + at, bytes, size);
	request->u.header.nlmsg_len = (uint32_t)(at + size);
}

void netlink_request_init(struct netlink_request *request, uint16_t type, uint16_t flags,
			  const void *body, size_t size)
{
	*request = (struct netlink_request){0};
	request->u.header = (struct nlmsghdr){
		.nlmsg_len = sizeof(struct nlmsghdr),
		.nlmsg_type = type,
		.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags),
		.nlmsg_seq = 1,
	};
	append(request, body, size);
}

size_t netlink_request_open(struct netlink_request *request, uint16_t type, const void *body,
			    size_t size)
{
	const struct rtattr head = {.rta_len = sizeof(head), .rta_type = type};
	size_t at = NLMSG_ALIGN(request->u.header.nlmsg_len);

	append(request, &head, sizeof(head));
	append(request, body, size);
	return at;
}

void netlink_request_close(struct netlink_request *request, size_t opened)
{
	uint16_t size = (uint16_t)(request->u.header.nlmsg_len - opened);

	memcpy(request->u.bytes + opened + offsetof(struct rtattr, rta_len), &size, sizeof(size));
}

void netlink_request_put(struct netlink_request *request, uint16_t type, const void *value,
			 size_t size)
{
	netlink_request_close(request, netlink_request_open(request, type, value, size));
}

void netlink_request_put_text(struct netlink_request *request, uint16_t type, const char *text)
{
	netlink_request_put(request, type, text, strlen(text) + 1);
}

int netlink_request_send(const struct netlink_request *request, int namespace_fd)
{
	AUTO_CLOSE int fd =
		namespace_socket(namespace_fd, AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	struct {
		struct nlmsghdr header;
		struct nlmsgerr error;
		char rest[1024];
	} answer = {0};
	size_t size = request->u.header.nlmsg_len;
	ssize_t got;

	if (fd < 0 || send(fd, request, size, 0) != (ssize_t)size)
		return errno;
	do {
		got = recv(fd, &answer, sizeof(answer), 0);
	} while (got < 0 && errno == EINTR);
	if (got < (ssize_t)NLMSG_LENGTH(sizeof(answer.error.error)) ||
	    answer.header.nlmsg_type != NLMSG_ERROR)
		return EPROTO;
	return -answer.error.error;
}
