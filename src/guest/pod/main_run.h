/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_POD_MAIN_RUN_H
#define I2KIT_GUEST_POD_MAIN_RUN_H

/* A run's command as its container's own process: what it is joined to instead of the log. */

#include "guest/pod/exec_process.h"

struct main_run {
	struct string_list env; /* "K=V" over the container's */
	int fds[3];		/* owned; -1: none, or a terminal */
	struct exec_handler handler;
	void *arg;
};

#endif
