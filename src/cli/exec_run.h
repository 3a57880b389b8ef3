/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLI_EXEC_RUN_H
#define I2KIT_CLI_EXEC_RUN_H

/* Runs one command in a container and waits for its end: for `exec` and `cp`. */

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/string_list.h"

struct exec_run {
	const char *project;
	const char *target;    /* "POD", "INSTANCE", each with "/CONTAINER" if wished */
	const char *container; /* wins over the target's; or NULL */
	const struct string_list *argv;
	const struct string_list *env; /* or NULL */
	const char *cwd;	       /* or NULL */
	const char *user;	       /* or NULL */
	bool is_privileged;
	bool has_tty;	     /* of ours, made raw and restored */
	int stdin_fd;	     /* -1: none */
	bool leaves_signals; /* to the caller: none reaches the command */
	/*
	 * A run (supervisor/run_session.h): the plan of the pod that `target` names, as text, and what
	 * stands in place of the image's entrypoint, or NULL. The first interrupt ends one whose command
	 * has not begun.
	 */
	const char *plan;
	bool is_kept;
	const struct string_list *entrypoint;
	/* Gets the output; false ends the session with *err. NULL: to our stdout and stderr. */
	bool (*output)(bool is_stderr, const void *bytes, size_t size, void *arg,
		       struct error *err);
	void *arg;
};

/*
 * *ret_code is the command's exit code, or 128 + its signal; when the runtime could not start it,
 * 127 for a program that is not there and 126 else, as a shell has it. False when nothing was
 * tried.
 */
MUST_CHECK bool exec_run(const struct exec_run *run, int *ret_code, struct error *err);

#endif
