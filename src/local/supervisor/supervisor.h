/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_SUPERVISOR_SUPERVISOR_H
#define I2KIT_LOCAL_SUPERVISOR_SUPERVISOR_H

#include "base/cleanup.h"
#include "base/error.h"
#include "base/loop.h"
#include "base/string_list.h"

/*
 * One process for each project that makes what runs be what the plan says, and keeps it so. It
 * holds no truth: the plan is a file, what runs is in libvirt. Killed at any moment, VMs go on and
 * the next supervisor adopts them.
 */
struct supervisor;

/*
 * ERROR_BUSY when the project has one. NULL on failure. folders: what the fence lets it read; NULL:
 * there is no fence. A plan with other folders ends it, so that `up` starts another.
 */
MUST_CHECK struct supervisor *supervisor_new(struct loop *loop, const char *project,
					     const struct string_list *folders_or_null,
					     struct error *err);
/* Leaves the VMs running. */
void supervisor_free(struct supervisor *supervisor);
DEFINE_AUTO_PTR(supervisor, supervisor_free)

#endif
