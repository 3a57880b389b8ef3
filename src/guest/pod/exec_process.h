/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_POD_EXEC_PROCESS_H
#define I2KIT_GUEST_POD_EXEC_PROCESS_H

/* One more process in a running container, through the OCI runtime. */

#include <stdint.h>

#include "guest/pod/container.h"

struct exec_process;

struct exec_request {
	struct container *container;
	const struct string_list *argv;
	const struct string_list *environment; /* "K=V" over the container's, or NULL */
	const char *cwd;		       /* NULL: the container's */
	const char *user;		       /* NULL: the container's */
	bool has_tty;
	bool is_privileged; /* whatever the container is */
	uint16_t rows;
	uint16_t columns;
	int fds[3]; /* of the process; borrowed; unused with a terminal */
};

struct exec_handler {
	void (*terminal)(int fd, void *arg); /* its master end, the receiver's; with has_tty */
	/* Last call; the run is freed after it. error: it could not be started. */
	void (*ended)(int exit_code, int signal, const char *error_or_null, void *arg);
};

MUST_CHECK struct exec_process *exec_process_start(const struct exec_request *request,
						   const struct exec_handler *handler, void *arg,
						   struct error *err);
void exec_process_signal(struct exec_process *run, int signal);
/* Kills it, or has it killed once it is there, and makes no further calls. */
void exec_process_abort(struct exec_process *run);

#endif
