/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_BASE_UNIX_SOCKET_H
#define I2KIT_BASE_UNIX_SOCKET_H

#include "base/error.h"

/* Who may listen there. Root's: what libvirt opened for us. */
enum socket_listener { LISTENER_OURS, LISTENER_OURS_OR_ROOT, LISTENER_ANY };

/*
 * A connected stream socket, close-on-exec; flags: SOCK_NONBLOCK or 0. Whose the listener is was
 * asked of the kernel (SO_PEERCRED, unix(7)): a place in the file system proves nothing. -1 on
 * failure: ERROR_NOT_FOUND when nobody listens, ERROR_DENIED when it is somebody else.
 */
MUST_CHECK int unix_socket_connect(const char *path, int flags, enum socket_listener listener,
				   struct error *err);

#endif
