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
 * Puts this process behind its fence (base/fence.h, doc/security.md), for good, after it has started
 * the one that starts programs for it (local/vm/starter.h): before there are threads, loop or
 * supervisor. What it may read of the machine are the folders that the project's pods are given;
 * *ret_folders has them.
 */
MUST_CHECK bool supervisor_fence(const char *project, struct string_list *ret_folders,
				 struct error *err);
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

/*
 * Sees to it that somebody supervises the project: starts `i2kit supervise PROJECT` as a process of
 * its own where nobody answers, and waits until it does. What it says goes to
 * PATH_STATE/projects/PROJECT/supervisor.log.
 */
MUST_CHECK bool supervisor_start(const char *project, struct error *err);

#endif
