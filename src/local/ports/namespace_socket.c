/* SPDX-License-Identifier: Apache-2.0 */
#include "local/ports/namespace_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"

#define OWN_NAMESPACE "/proc/thread-self/ns/net"

/* A thread that could not return would open everything that follows in the wrong place. */
static void go_back(int own_fd)
{
	int problem = errno;

	if (setns(own_fd, CLONE_NEWNET) < 0)
		abort();
	errno = problem;
}

int namespace_socket(int namespace_fd, int family, int type, int protocol)
{
	AUTO_CLOSE int own_fd = -1;
	int fd = -1;

	if (namespace_fd < 0)
		return socket(family, type, protocol);
	own_fd = open(OWN_NAMESPACE, O_RDONLY | O_CLOEXEC);
	if (own_fd < 0 || setns(namespace_fd, CLONE_NEWNET) < 0)
		return -1;
	fd = socket(family, type, protocol);
	go_back(own_fd);
	return fd;
}

int namespace_new(void)
{
	AUTO_CLOSE int own_fd = open(OWN_NAMESPACE, O_RDONLY | O_CLOEXEC);
	int fd = -1;

	if (own_fd < 0 || unshare(CLONE_NEWNET) < 0)
		return -1;
	fd = open(OWN_NAMESPACE, O_RDONLY | O_CLOEXEC);
	go_back(own_fd);
	return fd;
}
