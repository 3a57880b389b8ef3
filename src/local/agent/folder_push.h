/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_AGENT_FOLDER_PUSH_H
#define I2KIT_LOCAL_AGENT_FOLDER_PUSH_H

/*
 * A hostPath volume of a session-mode VM, which has no shared file system: the folder is watched
 * (inotify) and what changes is pushed into the pod over the agent channel, within 0.2 s when the
 * channel is free. One way only: what the pod writes stays there. Differs from a live mount also in
 * this: links are pushed as what they point to, if that is below the folder; files over 15 MiB,
 * sockets and devices are left out and counted, and so is what comes after the first 64 MiB: it is
 * all kept in the pod's memory.
 */

#define FOLDER_PUSH_LIMITS                                                                         \
	"over 15 MiB, no plain files, links out of the folder, or beyond 64 MiB in all"

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/loop.h"

struct agent;
struct folder_push;

/*
 * path: a folder, or one file. The folder may be missing for now. NULL when it cannot be watched.
 */
MUST_CHECK struct folder_push *folder_push_new(struct loop *loop, const char *volume,
					       const char *path, struct error *err);
/*
 * Before the start: the guest has the folder itself, as a shared file system, which does not tell
 * its watchers (inotify) what happens here. Nothing is pushed; the guest is told which paths
 * changed, and wakes them. .git and node_modules are not watched.
 */
void folder_push_set_shared(struct folder_push *push);
void folder_push_free(struct folder_push *push);
/* Called whenever everything that waited has been pushed. */
void folder_push_on_idle(struct folder_push *push, void (*idle)(void *arg), void *arg);
const char *folder_push_path(const struct folder_push *push);
/* The agent is up (again): everything is pushed, then what changes. */
void folder_push_start(struct folder_push *push, struct agent *agent);
/* The agent is down or about to be freed. */
void folder_push_stop(struct folder_push *push);

struct folder_push_counters {
	uint64_t pushed;    /* files, or told changes */
	uint64_t unwatched; /* folders beyond what is watched: what changes there is not noticed */
	uint64_t deleted;
	uint64_t skipped; /* too large, no plain file, or unreadable */
	bool is_idle;	  /* nothing waits */
};
void folder_push_get_counters(const struct folder_push *push, struct folder_push_counters *ret);

#endif
