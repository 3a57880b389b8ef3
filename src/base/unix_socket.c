/* SPDX-License-Identifier: Apache-2.0 */
#include "base/unix_socket.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"

static bool check_listener(int fd, const char *path, enum socket_listener listener,
			   struct error *err)
{
	struct ucred peer = {0};
	socklen_t size = sizeof(peer);
	struct stat st;

	if (listener == LISTENER_ANY)
		return true;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
		return error_set_errno(err, errno, "%s", path);
	if (peer.uid == geteuid() || (listener == LISTENER_OF_VM && peer.uid == 0))
		return true;
	if (listener == LISTENER_OF_VM && geteuid() == 0 && lstat(path, &st) == 0 &&
	    st.st_uid == peer.uid)
		return true;
	error_set(err, ERROR_DENIED, "%s: user %u listens there, not you", path,
		  (unsigned)peer.uid);
	return error_hint(err, "set XDG_RUNTIME_DIR to a folder that is yours alone");
}

int unix_socket_connect(const char *path, int flags, enum socket_listener listener,
			struct error *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	AUTO_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);

	if (fd < 0) {
		(void)error_set_errno(err, errno, "a socket");
		return -1;
	}
	if (strlen(path) >= sizeof(address.sun_path)) {
		(void)error_set(err, ERROR_INVALID, "%s: the path is too long for a socket", path);
		return -1;
	}
	memcpy(address.sun_path, path, strlen(path) + 1);
	if (connect(fd, (const struct sockaddr *)(const void *)&address, sizeof(address)) < 0) {
		(void)error_set_errno(err, errno, "%s", path);
		if (err != NULL && (errno == ENOENT || errno == ECONNREFUSED))
			err->kind = ERROR_NOT_FOUND;
		return -1;
	}
	return check_listener(fd, path, listener, err) ? take_fd(&fd) : -1;
}
