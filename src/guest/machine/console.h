/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_MACHINE_CONSOLE_H
#define I2KIT_GUEST_MACHINE_CONSOLE_H

/* The socket on which the OCI runtime hands over a terminal's master end (--console-socket). */

#include "base/error.h"
#include "base/loop.h"

struct console;
/* fd is the receiver's. Called once. */
typedef void console_fn(int fd, void *arg);

struct console *console_new(struct loop *loop, const char *path, console_fn *fn, void *arg,
			    struct error *err);
void console_free(struct console *console); /* removes the socket; NULL is fine */

#endif
