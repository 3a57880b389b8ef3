/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_BASE_PROCESS_H
#define I2KIT_BASE_PROCESS_H

/*
 * The only module that forks. Arguments are an argv, never a shell line; all descriptors but 0, 1,
 * 2 are closed in the child; signals are at their defaults there. Secrets go through stdin or an
 * environment variable, never argv.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"

enum { PROCESS_PASS_MAX = 1000 };

struct process_options {
	const char *const *argv;	/* NULL-terminated; argv[0] is looked up in PATH */
	const char *const *environment; /* "K=V" added to ours, NULL-terminated, or NULL */
	const char *folder;		/* working directory, or NULL */
	int stdin_fd;			/* -1: /dev/null */
	int stdout_fd;			/* -1: /dev/null */
	int stderr_fd;			/* -1: /dev/null */
	const int *pass_fds;		/* descriptors the child sees as 3, 4 … */
	size_t pass_count;		/* at most PROCESS_PASS_MAX */
	bool is_detached;		/* own session: survives us and our terminal */
	bool dies_with_parent;		/* SIGTERM by PR_SET_PDEATHSIG */
};

#define PROCESS_OPTIONS(argv_)                                                                     \
	((struct process_options){                                                                 \
		.argv = (argv_), .stdin_fd = -1, .stdout_fd = -1, .stderr_fd = -1})

/* Starts; a program that cannot be executed is an error here, not a status later. */
MUST_CHECK bool process_start(const struct process_options *options, pid_t *ret_pid,
			      struct error *err);

/* Where `name` is in PATH, /usr/sbin or /sbin (owned), or NULL. */
char *process_find_program(const char *name);

#endif
