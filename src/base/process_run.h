/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_BASE_PROCESS_RUN_H
#define I2KIT_BASE_PROCESS_RUN_H

/* A program run to its end, with what it says; process.h starts it. */

#include <stddef.h>

#include "base/error.h"

struct process_output {
	char *text; /* owned; stdout, NUL-terminated */
	size_t size;
	int status;	   /* as from waitpid() */
	char *stderr_tail; /* owned; the last lines of stderr, at most 4 KiB */
};
void process_output_clear(struct process_output *output);

/*
 * Runs to the end with `input` on stdin. More than max_bytes of stdout is an error, as is no end
 * after timeout_ms (0: none); the child is killed then. A status other than 0 is an error that
 * carries stderr's last line, unless accept_failure.
 */
struct process_run {
	const char *const *argv;
	const char *const *environment;
	const char *folder;
	const void *input;
	size_t input_size;
	size_t max_bytes; /* 0: 16 MiB */
	unsigned timeout_ms;
	bool accept_failure;
};
MUST_CHECK bool process_run(const struct process_run *run, struct process_output *ret,
			    struct error *err);

#endif
