/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_POD_PAUSE_H
#define I2KIT_GUEST_POD_PAUSE_H

/*
 * The process namespace that the containers of a pod share (shareProcessNamespace), or that one has
 * over its runs (`init` of Compose): a process of ours is number 1 in it, takes its orphans, and
 * keeps it while containers come and go. It is
 * init's program started again, so that none of init's memory is in it, with no rights, in an empty
 * root of its own: containers may look at it as at every process of theirs.
 */

#include "base/error.h"
#include "guest/kubelet/reaper.h"

#define PAUSE_NAME "pause" /* argv[0] of that program */

struct pause;

struct pause *pause_new(struct reaper *reaper);
/* "/proc/40/ns/pid", started anew when it has ended; owned. NULL and *err where it cannot be. */
MUST_CHECK char *pause_namespace(struct pause *pause, struct error *err);
/* What it does; never returns. */
_Noreturn void pause_run(void);

#endif
