/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_SUPERVISOR_WORKER_H
#define I2KIT_LOCAL_SUPERVISOR_WORKER_H

/*
 * The one exception to "one thread, one loop": libvirt's calls block (starting a VM takes half a
 * second), and meanwhile published ports must go on. A few threads make those calls and nothing
 * else; a job owns all it reads, and `done` runs on the loop's thread.
 */

#include "base/error.h"
#include "base/loop.h"

struct worker;

MUST_CHECK struct worker *worker_new(struct loop *loop, unsigned thread_count, struct error *err);
/*
 * Waits for the jobs that run, some seconds at most; what is queued is dropped. `done` is called
 * for neither. False: one hangs, and the worker and all that its jobs use must stay. NULL is fine.
 */
bool worker_free(struct worker *worker);

typedef bool worker_run_fn(void *job, struct error *err);	   /* on a thread */
typedef void worker_done_fn(void *job, struct error *err_or_null); /* on the loop; owns the job */
void worker_submit(struct worker *worker, worker_run_fn *run, worker_done_fn *done, void *job);
size_t worker_pending(const struct worker *worker);

#endif
