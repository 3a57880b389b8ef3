/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/pod/volume_touch.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "guest/channel/say.h"
#include "guest/machine/inside.h"
#include "guest/pod/volumes.h"

#define MAX_MESSAGE 8192 /* volume, NUL, path */

static void touch(const char *volume, const char *path)
{
	AUTO_FREE char *folder = volumes_folder(volume);
	AUTO_CLOSE int top = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO_CLOSE int fd = top >= 0 ? inside_open(top, path, O_PATH | O_NOFOLLOW, 0) : -1;
	struct statx status;
	/* What is cached here may be older than a chmod on the host. */
	if (fd < 0 ||
	    statx(fd, "", AT_EMPTY_PATH | AT_STATX_FORCE_SYNC, STATX_TYPE | STATX_MODE, &status) <
		    0 ||
	    S_ISLNK(status.stx_mode))
		return;
	AUTO_FREE char *place = xasprintf("/proc/self/fd/%d", fd);
	(void)!chmod(place, status.stx_mode & 07777); /* read-only: nobody can be woken */
}

/* The process: one message, one touch, for ever. */
static void serve(int fd)
{
	char message[MAX_MESSAGE + 1];
	for (;;) {
		ssize_t size = recv(fd, message, MAX_MESSAGE, 0);
		if (size <= 0 && !(size < 0 && errno == EINTR))
			_exit(0);
		if (size <= 0)
			continue;
		message[size] = '\0';
		const char *end = memchr(message, '\0', (size_t)size);
		if (end != NULL)
			touch(message, end + 1);
	}
}

/* Its end of the pair, or -1. Started when first needed: hardly any pod has a share. */
static int start(void)
{
	int pair[2];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -1;
	pid_t pid = fork();
	if (pid == 0) {
		/* None of what PID 1 holds open: pipes of containers, the channel. */
		(void)dup2(pair[1], 0);
		(void)close_range(1, ~0U, 0);
		serve(0);
	}
	(void)close(pair[1]);
	if (pid < 0) {
		(void)close(pair[0]);
		return -1;
	}
	return pair[0];
}

void volume_touch(const struct file_push *file)
{
	static int fd = -1;
	static bool is_tried;
	char message[MAX_MESSAGE];
	size_t volume = strlen(file->volume) + 1;
	size_t path = strlen(file->path);
	if (!is_tried)
		fd = start();
	if (!is_tried && fd < 0)
		say("watchers of shared folders are not told what changes: %s", strerror(errno));
	is_tried = true;
	if (fd < 0 || volume + path > sizeof(message))
		return;
	memcpy(message, file->volume, volume);
	memcpy(message + volume, file->path, path);
	(void)!send(fd, message, volume + path, MSG_DONTWAIT | MSG_NOSIGNAL);
}
