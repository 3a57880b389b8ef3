/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_SUPERVISOR_SESSION_PARTS_H
#define I2KIT_LOCAL_SUPERVISOR_SESSION_PARTS_H

/* What session.c and session_exec.c share. Nobody else includes this. */

#include "local/agent/agent.h"
#include "local/supervisor/session.h"

struct exec_session;

struct session_parts {
	struct loop *loop;
	struct exec_session *execs;
	size_t count;
};

/*
 * Starts the process; then owns fd, answers first what is in `answer`. ended may be NULL; it is not
 * called when nothing was started.
 */
MUST_CHECK bool exec_session_start(struct session_parts *parts, int fd, struct agent *agent,
				   const struct exec_start *exec, const char *answer,
				   session_ended_fn *ended, void *arg, struct error *err);
void exec_session_cut_all(struct session_parts *parts);

#endif
