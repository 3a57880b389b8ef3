/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_BASE_FENCE_H
#define I2KIT_BASE_FENCE_H

/*
 * Fences that a process puts around itself, for good: seccomp(2) filters by libseccomp. What is
 * behind which of them is listed in doc/security.md. Where the kernel has no seccomp it is an
 * error.
 */

#include <stdbool.h>

#include "base/error.h"

/*
 * For a program that serves files to a guest and is executed next: it can make nothing set-uid or
 * set-gid and no device, whatever it may do otherwise. is_one_user: it cannot become another user
 * either; asked to, it stays who it is and is not told, as files of a guest's users are then this
 * user's.
 */
MUST_CHECK bool fence_file_server(bool is_one_user, struct error *err);

#endif
