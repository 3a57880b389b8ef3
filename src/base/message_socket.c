/* SPDX-License-Identifier: Apache-2.0 */
#include "base/message_socket.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/cleanup.h"

static bool send_all(int fd, const void *bytes, size_t size, struct error *err)
{
	const char *at = bytes;

	while (size > 0) {
		ssize_t put = send(fd, at, size, MSG_NOSIGNAL);
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return error_set_errno(err, errno, "a message");
		at += put;
		size -= (size_t)put;
	}
	return true;
}

bool message_send(int fd, struct strbuf *bytes, struct error *err)
{
	uint8_t head[4];

	bytes_put_u32(head, (uint32_t)bytes->size);
	bool is_sent = bytes->size <= UINT32_MAX && send_all(fd, head, sizeof(head), err) &&
		       send_all(fd, bytes->data, bytes->size, err);
	if (bytes->size > 0)
		explicit_bzero(bytes->data, bytes->size);
	strbuf_reset(bytes);
	return is_sent;
}

static bool receive_all(int fd, void *bytes, size_t size, struct error *err)
{
	char *at = bytes;

	while (size > 0) {
		ssize_t got = recv(fd, at, size, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_set_errno(err, errno, "a message");
		if (got == 0)
			return error_set(err, ERROR_INVALID, "a message: the other end has gone");
		at += got;
		size -= (size_t)got;
	}
	return true;
}

bool message_receive(int fd, size_t max, char **ret, size_t *ret_size, struct error *err)
{
	uint8_t head[4];
	AUTO_FREE char *bytes = NULL;

	if (!receive_all(fd, head, sizeof(head), err))
		return false;
	size_t size = bytes_get_u32(head);
	if (size > max)
		return error_set(err, ERROR_INVALID, "a message of %zu bytes", size);
	bytes = xmalloc(size + 1);
	bytes[size] = '\0';
	if (!receive_all(fd, bytes, size, err))
		return false;
	*ret = TAKE_PTR(bytes);
	*ret_size = size;
	return true;
}

/* Room for one descriptor, aligned as its head has to be. */
union control {
	struct cmsghdr head;
	char bytes[CMSG_SPACE(sizeof(int))];
};

bool message_send_fd(int socket_fd, int fd, struct error *err)
{
	char byte = 0;
	struct iovec piece = {.iov_base = &byte, .iov_len = 1};
	union control control = {0};
	struct msghdr message = {.msg_iov = &piece,
				 .msg_iovlen = 1,
				 .msg_control = control.bytes,
				 .msg_controllen = sizeof(control.bytes)};
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);

	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(head), &fd, sizeof(fd));
	for (;;) {
		if (sendmsg(socket_fd, &message, MSG_NOSIGNAL) == 1)
			return true;
		if (errno != EINTR)
			return error_set_errno(err, errno, "a descriptor");
	}
}

int message_receive_fd(int socket_fd)
{
	char byte;
	struct iovec piece = {.iov_base = &byte, .iov_len = 1};
	union control control = {0};
	struct msghdr message = {.msg_iov = &piece,
				 .msg_iovlen = 1,
				 .msg_control = control.bytes,
				 .msg_controllen = sizeof(control.bytes)};
	ssize_t got;
	int fd = -1;

	do {
		got = recvmsg(socket_fd, &message, MSG_CMSG_CLOEXEC);
	} while (got < 0 && errno == EINTR);
	const struct cmsghdr *head = got == 1 ? CMSG_FIRSTHDR(&message) : NULL;
	if (head != NULL && head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_RIGHTS &&
	    head->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(&fd, CMSG_DATA(head), sizeof(fd));
	return fd;
}

bool message_take_fd(int socket_fd, int *ret)
{
	char bytes[2];
	struct iovec piece = {.iov_base = bytes, .iov_len = sizeof(bytes)};
	union control control = {0};
	struct msghdr message = {.msg_iov = &piece,
				 .msg_iovlen = 1,
				 .msg_control = control.bytes,
				 .msg_controllen = sizeof(control.bytes)};
	ssize_t got;

	*ret = -1;
	do {
		got = recvmsg(socket_fd, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	} while (got < 0 && errno == EINTR);
	if (got <= 0)
		return got < 0 && errno == EAGAIN;
	const struct cmsghdr *head = CMSG_FIRSTHDR(&message);
	if (head != NULL && head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_RIGHTS &&
	    head->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(ret, CMSG_DATA(head), sizeof(*ret));
	return true;
}
