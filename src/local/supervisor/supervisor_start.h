/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_SUPERVISOR_SUPERVISOR_START_H
#define I2KIT_LOCAL_SUPERVISOR_SUPERVISOR_START_H

/* From outside: seeing to it that a project has a supervisor, and a connection to it. */

#include "base/error.h"

/*
 * Sees to it that somebody supervises the project: starts `i2kit supervise PROJECT` as a process of
 * its own where nobody answers, and waits until it does. What it says goes to
 * PATH_STATE/projects/PROJECT/supervisor.log.
 */
MUST_CHECK bool supervisor_start(const char *project, struct error *err);

/* A connected, blocking socket to the project's supervisor; -1: ERROR_NOT_FOUND, there is none. */
int control_connect(const char *project, struct error *err);

#endif
