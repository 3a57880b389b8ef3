/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_SUPERVISOR_NETWORK_GUARD_H
#define I2KIT_LOCAL_SUPERVISOR_NETWORK_GUARD_H

/*
 * Keeps the kernel's rules (vm/network_filter.h) equal to what the loop wants. The loop says what
 * is wanted, threads load it: whoever comes first loads the newest, so that no VM starts before the
 * rules know it, and an older set never follows a newer one.
 */

#include "base/error.h"

struct network_guard;
struct supervisor;

struct network_guard *network_guard_new(void);
void network_guard_free(struct network_guard *guard); /* NULL is fine */
/* From the loop: the rules as instances and plan are now. A thread loads them when they changed. */
void network_guard_update(struct supervisor *supervisor);
/* From a thread, before a VM starts. NULL is fine. Blocks. */
MUST_CHECK bool network_guard_settle(struct network_guard *guard, struct error *err);

#endif
