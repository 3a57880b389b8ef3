/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_BASE_UNIX_SOCKET_H
#define I2KIT_BASE_UNIX_SOCKET_H

#include "base/error.h"

/*
 * Who may listen there. A VM's channel: we, root (libvirt opened it), and where we are root whom
 * the file belongs to, as libvirt gave it to the user that QEMU runs as; its folder is root's
 * alone.
 */
enum socket_listener { LISTENER_OURS, LISTENER_OF_VM, LISTENER_ANY };

/*
 * A connected stream socket, close-on-exec; flags: SOCK_NONBLOCK or 0. Whose the listener is was
 * asked of the kernel (SO_PEERCRED, unix(7)): a place in the file system proves nothing. -1 on
 * failure: ERROR_NOT_FOUND when nobody listens, ERROR_DENIED when it is somebody else.
 */
MUST_CHECK int unix_socket_connect(const char *path, int flags, enum socket_listener listener,
				   struct error *err);

#endif
