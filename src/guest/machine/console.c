/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/machine/console.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"

struct console {
	struct loop *loop;
	char *path; /* owned */
	int fd;	    /* owned; listening, then the connection */
	struct loop_fd *watch;
	console_fn *fn;
	void *arg;
};

static int receive_fd(int socket)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	char byte[256];
	struct iovec part = {.iov_base = byte, .iov_len = sizeof(byte)};
	struct msghdr message = {.msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = control.bytes,
				 .msg_controllen = sizeof(control.bytes)};
	if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC) < 0)
		return -1;
	const struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	if (header == NULL || header->cmsg_type != SCM_RIGHTS ||
	    header->cmsg_len != CMSG_LEN(sizeof(int)))
		return -1;
	int fd = -1;
	memcpy(&fd, CMSG_DATA(header), sizeof(fd));
	return fd;
}

static void on_readable(struct loop_fd *source, int fd, unsigned events, void *arg)
{
	struct console *console = arg;
	(void)events;
	/* The runtime sends right after it connects, so this does not wait for long. */
	AUTO_CLOSE int connection = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
	int terminal = connection >= 0 ? receive_fd(connection) : -1;
	if (terminal < 0)
		return;
	loop_fd_remove(source);
	console->watch = NULL;
	(void)fcntl(terminal, F_SETFL, O_NONBLOCK);
	console->fn(terminal, console->arg);
}

struct console *console_new(struct loop *loop, const char *path, console_fn *fn, void *arg,
			    struct error *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof(address.sun_path)) {
		(void)error_set(err, ERROR_INVALID, "the path of a console socket is too long");
		return NULL;
	}
	memcpy(address.sun_path, path, strlen(path) + 1);
	(void)unlink(path);
	AUTO_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(fd, 1) < 0) {
		(void)error_set_errno(err, errno, "console socket");
		return NULL;
	}
	struct console *console = xcalloc(1, sizeof(*console));
	console->loop = loop;
	console->path = xstrdup(path);
	console->fn = fn;
	console->arg = arg;
	console->fd = take_fd(&fd);
	console->watch = loop_add_fd(loop, console->fd, LOOP_READ, on_readable, console);
	return console;
}

void console_free(struct console *console)
{
	if (console == NULL)
		return;
	loop_fd_remove(console->watch);
	(void)close(console->fd);
	(void)unlink(console->path);
	free(console->path);
	free(console);
}
