/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_VM_STARTER_SERVE_H
#define I2KIT_LOCAL_VM_STARTER_SERVE_H

/* The other end of starter.h: the process that starts programs for a supervisor. */

#include "base/error.h"

struct string_list;

/* `i2kit starter FOLDER…`: serves the socket until its other end is closed. */
MUST_CHECK bool starter_serve(int socket_fd, const struct string_list *folders, struct error *err);

#endif
