/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "base/string_list.h"
#include "base/unix_socket.h"
#include "cli/arguments.h"
#include "cli/verb.h"

/* False at the end of the stream. */
static bool copy(int from, int to)
{
	static char buffer[65536];
	ssize_t got = read(from, buffer, sizeof(buffer));
	return got > 0 && fd_write_all(to, buffer, (size_t)got, NULL);
}

static int run(const struct invocation *invocation, struct error *err)
{
	AUTO_CLOSE int fd = unix_socket_connect(arguments_rest(invocation->args)->items[0], 0,
						LISTENER_ANY, err);
	if (fd < 0)
		return 1;
	struct pollfd ends[] = {{.fd = STDIN_FILENO, .events = POLLIN},
				{.fd = fd, .events = POLLIN}};
	while (ends[1].fd >= 0) {
		if (poll(ends, 2, -1) < 0 && errno != EINTR)
			return error_set_errno(err, errno, "relay"), 1;
		if (ends[0].revents != 0 && !copy(STDIN_FILENO, fd)) {
			ends[0].fd = -1;
			(void)shutdown(fd, SHUT_WR);
		}
		if (ends[1].revents != 0 && !copy(fd, STDOUT_FILENO))
			ends[1].fd = -1;
	}
	return 0;
}

const struct verb verb_relay = {
	.name = "relay",
	.group = VERB_CLOUD,
	.summary = "join a socket to standard input and output",
	.description = "Started by QEMU for each connection of a guest that is being rehearsed.",
	.argument = {"SOCKET", 1, 1, COMPLETE_FILE},
	.is_hidden = true,
	.run = run,
};
