/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_SUPERVISOR_CONVERGE_H
#define I2KIT_LOCAL_SUPERVISOR_CONVERGE_H

/* From what the plan wants and what is there to what is done about it. */

#include <stdbool.h>
#include <stdint.h>

struct supervisor;

/* Gathers the facts, asks reconcile(), does what it says. */
void supervisor_converge(struct supervisor *supervisor);

/* All replicas are ready and no other VM is there; a Job's have ended, or wait for their time. */
bool converge_is_quiet(const struct supervisor *supervisor);
/* VMs are missing, and what they wait for may come without an event, as memory does. */
bool converge_is_waiting(const struct supervisor *supervisor);

/* MemAvailable of /proc/meminfo in bytes; UINT64_MAX when unknown. */
uint64_t converge_available_memory(void);

#endif
