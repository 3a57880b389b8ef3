/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_SUPERVISOR_CONTROL_PATH_H
#define I2KIT_LOCAL_SUPERVISOR_CONTROL_PATH_H

#include "base/error.h"

/* A connected, blocking socket to the project's supervisor; -1: ERROR_NOT_FOUND, there is none. */
int control_connect(const char *project, struct error *err);

#endif
