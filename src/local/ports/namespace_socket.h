/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_PORTS_NAMESPACE_SOCKET_H
#define I2KIT_LOCAL_PORTS_NAMESPACE_SOCKET_H

/*
 * A socket stays in the network namespace it was made in, whatever its process does: so one thread
 * can listen in several. namespace_fd is -1 for the thread's own. -1 with errno on failure.
 */
int namespace_socket(int namespace_fd, int family, int type, int protocol);
/* A new network namespace, empty, as a descriptor that keeps it alive; needs CAP_SYS_ADMIN. */
int namespace_new(void);

#endif
