/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_SUPERVISOR_SESSION_H
#define I2KIT_LOCAL_SUPERVISOR_SESSION_H

/*
 * Connections to the supervisor's control socket that become a byte stream to a pod: exec, and
 * forwarded ports. The client's first line is a request, one JSON object with "session":
 *
 *	{"session":"exec","target":"web-0","container"?,"argv":[…],"env"?:[…],"cwd"?,"user"?,
 *	 "tty":bool,"stdin":bool,"rows"?,"columns"?}
 *	{"session":"forward","target":"web","port":8080}
 *
 * target is an instance, or a pod (its first instance that is up). The answer is one line,
 * {"ok":true,"instance":"web-0"} or {"error":{"message":…,"hint"?:…}}. After it:
 *
 *	exec: both sides send HELLO and then frames as on the agent channel (wire/frame.h), stream
 * 0: EXEC_STDIN, EXEC_RESIZE, EXEC_SIGNAL one way, EXEC_STDOUT, EXEC_STDERR, EXEC_EXIT the other.
 *	The socket's own flow control stands for WINDOW. A client that goes away hangs up the
 * process.
 *
 *	forward: the bytes of one connection to that port inside the pod.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/loop.h"
#include "base/strbuf.h"
#include "base/string_list.h"

struct agent;
struct session_host;

/* ---- the supervisor's side ---- */

struct session_target {
	char instance[256];
	struct agent *agent;	       /* or NULL */
	struct string_list containers; /* of the instance, as far as known */
};
void session_target_clear(struct session_target *target);
/* Finds the instance, or the pod's first instance whose agent is up. */
typedef bool session_find_fn(const char *pod_or_instance, struct session_target *ret, void *arg,
			     struct error *err);

struct session_host *session_host_new(struct loop *loop, session_find_fn *find, void *arg);
void session_host_free(struct session_host *host); /* cuts all sessions; NULL is fine */
/* Whether a control connection's first line asks for a session. */
bool session_is_request(const char *line, size_t size);
/* Takes the connection over: owns fd from here on, answers, also with errors. */
void session_host_take(struct session_host *host, int fd, const char *line, size_t size);
size_t session_host_count(const struct session_host *host);

/* ---- the client's side ---- */

/*
 * Connects to the project's control socket (PATH_RUNTIME/PROJECT/control.sock), sends the request
 * and waits at most 10 s for the answer. -1 on failure; without a supervisor ERROR_NOT_FOUND.
 */
MUST_CHECK int session_connect(const char *project, const char *request, struct error *err);

/* A running exec session of a client. */
struct exec_client;
struct exec_client_handler {
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
