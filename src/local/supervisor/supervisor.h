/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_SUPERVISOR_SUPERVISOR_H
#define I2KIT_LOCAL_SUPERVISOR_SUPERVISOR_H

#include "base/cleanup.h"
#include "base/error.h"
#include "base/loop.h"

/*
 * One process for each project that makes what runs be what the plan says, and keeps it so. It
 * holds no truth: the plan is a file, what runs is in libvirt. Killed at any moment, VMs go on and
 * the next supervisor adopts them.
 */
struct supervisor;

/* ERROR_BUSY when the project has one. NULL on failure. */
MUST_CHECK struct supervisor *supervisor_new(struct loop *loop, const char *project,
					     struct error *err);
/* Leaves the VMs running. */
/*
 * From here on the process and what it starts keep to few calls, and this thread, which reads what
 * guests and clients send, writes to our own folders alone (doc/security.md). Workers, which make
 * VMs, disks and shares and read nothing of a guest's, were there before.
 */
MUST_CHECK bool supervisor_fence(struct error *err);
void supervisor_free(struct supervisor *supervisor);
DEFINE_AUTO_PTR(supervisor, supervisor_free)

/*
 * Sees to it that somebody supervises the project: starts `i2kit supervise PROJECT` as a process of
 * its own where nobody answers, and waits until it does. What it says goes to
 * PATH_STATE/projects/PROJECT/supervisor.log.
 */
MUST_CHECK bool supervisor_start(const char *project, struct error *err);

#endif
