/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_SUPERVISOR_SUPERVISOR_FENCE_H
#define I2KIT_LOCAL_SUPERVISOR_SUPERVISOR_FENCE_H

/* What the supervisor may read and start of the machine (base/fence.h, doc/security.md). */

#include <stdbool.h>

#include "base/error.h"

struct project_plan;
struct string_list;

/* The folders of this machine that a plan's pods are given. */
void supervisor_list_folders(const struct project_plan *plan, struct string_list *ret);
/* False: the user may, and this process's fence does not let it. */
bool supervisor_can_read(const char *path);

/*
 * Puts this process behind its fence (base/fence.h, doc/security.md), for good, after it has started
 * the one that starts programs for it (local/vm/starter.h): before there are threads, loop or
 * supervisor. What it may read of the machine are the folders that the project's pods are given;
 * *ret_folders has them.
 */
MUST_CHECK bool supervisor_fence(const char *project, struct string_list *ret_folders,
				 struct error *err);

#endif
