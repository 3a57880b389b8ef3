/* SPDX-License-Identifier: Apache-2.0 */
#include "base/socket_send.h"

#include <errno.h>
#include <sys/socket.h>

bool socket_send_queued(int fd, struct strbuf *out)
{
	while (out->size > 0) {
		ssize_t put = send(fd, out->data, out->size, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0 && errno == EAGAIN)
			break;
		if (put <= 0)
			return false;
		strbuf_consume(out, (size_t)put);
	}
	return true;
}
