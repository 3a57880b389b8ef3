/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_SUPERVISOR_SESSION_H
#define I2KIT_LOCAL_SUPERVISOR_SESSION_H

/*
 * Connections to the supervisor's control socket that become a byte stream to a pod: exec, and
 * forwarded ports. The client's first line is a request, one JSON object with "session":
 *
 *	{"session":"exec","target":"web-0","container"?,"argv":[…],"env"?:[…],"cwd"?,"user"?,
 *	 "tty":bool,"stdin":bool,"privileged"?,"rows"?,"columns"?}
 *	{"session":"forward","target":"web","port":8080}
 *	{"session":"run","target":"web-run-1","plan":"…","keep":bool, and as exec, …}
 *
 * target is an instance, or a pod (its first instance that is up). The answer is one line,
 * {"ok":true,"instance":"web-0"} or {"error":{"message":…,"hint"?:…}}. After it:
 *
 *	exec: both sides send HELLO and then frames as on the agent channel (wire/frame.h), stream
 * 0: EXEC_STDIN, EXEC_RESIZE, EXEC_SIGNAL one way, EXEC_STDOUT, EXEC_STDERR, EXEC_EXIT the other.
 *	The socket's own flow control stands for WINDOW. A client that goes away hangs up the
 * process.
 *
 *	run: a pod that is there for this command alone (run_session.h); frames as with exec, once its
 *	VM has booted, and at once EXEC_EXIT where it does not.
 *
 *	forward: the bytes of one connection to that port inside the pod.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/json.h"
#include "base/loop.h"
#include "base/string_list.h"

struct agent;
struct session_host;

/* This is the supervisor's side; local/client/session_client.h is the other. */

struct session_target {
	char instance[256];
	struct agent *agent;	       /* or NULL */
	struct string_list containers; /* of the instance, as far as known */
};
void session_target_clear(struct session_target *target);
/* Finds the instance, or the pod's first instance whose agent is up. */
typedef bool session_find_fn(const char *pod_or_instance, struct session_target *ret, void *arg,
			     struct error *err);

/* Takes over fd where it succeeds. */
typedef bool session_run_fn(int fd, struct json_view request, void *arg, struct error *err);
/* The session's last call. has_ended: the process did, and its client was told. */
typedef void session_ended_fn(bool has_ended, void *arg);

/*
 * Files of this machine are about to be synced into the instance; false: not before that is on
 * record.
 */
typedef bool session_sync_fn(const char *instance, const char *container, void *arg,
			     struct error *err);

struct session_host *session_host_new(struct loop *loop, session_find_fn *find, void *arg);
void session_host_set_run(struct session_host *host, session_run_fn *run); /* find's arg */
void session_host_set_sync(struct session_host *host, session_sync_fn *sync);
void session_host_free(struct session_host *host); /* cuts all sessions; NULL is fine */
/* Whether a control connection's first line asks for a session. */
bool session_is_request(const char *line, size_t size);
/* Takes the connection over: owns fd from here on, answers, also with errors. */
void session_host_take(struct session_host *host, int fd, const char *line, size_t size);
size_t session_host_count(const struct session_host *host);
struct exec_start;
/* An exec session on a connection that was taken over before. */
MUST_CHECK bool session_host_exec(struct session_host *host, int fd, struct agent *agent,
				  const struct exec_start *exec, session_ended_fn *ended, void *arg,
				  struct error *err);
void session_read_exec(struct json_view request,
		       struct exec_start *ret); /* the caller's to clear */
/* Tells the client why, and closes fd. */
void session_refuse(int fd, const struct error *err);

#endif
