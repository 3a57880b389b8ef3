/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_CLIENT_SESSION_CLIENT_H
#define I2KIT_LOCAL_CLIENT_SESSION_CLIENT_H

/*
 * The client's side of the supervisor's sessions (local/supervisor/session.h): exec and forwarded
 * ports.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct exec_client;
struct loop;

/*
 * Connects to the project's control socket (PATH_RUNTIME/PROJECT/control.sock), sends the request
 * and waits at most 10 s for the answer. -1 on failure; without a supervisor ERROR_NOT_FOUND.
 */
MUST_CHECK int session_connect(const char *project, const char *request, struct error *err);

/* A running exec session of a client. */
struct exec_client;
struct exec_client_handler {
	/* The command is being started: of a run, its VM is up. Or NULL. */
	void (*begun)(void *arg);
	/* Returns how much of it was taken; the rest comes again after exec_client_resume(). */
	size_t (*output)(bool is_stderr, const void *bytes, size_t size, void *arg);
	/* There is room for more input again. */
	void (*writable)(void *arg);
	/* code is what a shell would show: the exit code, or 128 + the signal; error: it did not
	 * run. */
	void (*done)(int code, const char *error_or_null, void *arg);
};
/* Owns fd, which session_connect() returned. */
struct exec_client *exec_client_new(struct loop *loop, int fd,
				    const struct exec_client_handler *handler, void *arg);
void exec_client_free(struct exec_client *client); /* hangs up when it still runs */
size_t exec_client_room(const struct exec_client *client);
void exec_client_write(struct exec_client *client, const void *bytes, size_t size); /* ≤ room */
void exec_client_finish(struct exec_client *client); /* end of input */
void exec_client_resize(struct exec_client *client, uint16_t rows, uint16_t columns);
void exec_client_signal(struct exec_client *client, uint8_t signal);
void exec_client_resume(struct exec_client *client);

#endif
