/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_SUPERVISOR_CONVERGE_H
#define I2KIT_LOCAL_SUPERVISOR_CONVERGE_H

/* From what the plan wants and what is there to what is done about it. */

#include <stdint.h>

struct supervisor;

/* Gathers the facts, asks reconcile(), does what it says. */
void supervisor_converge(struct supervisor *supervisor);

/* MemAvailable of /proc/meminfo in bytes; UINT64_MAX when unknown. */
uint64_t converge_available_memory(void);

#endif
