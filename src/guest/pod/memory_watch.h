/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_POD_MEMORY_WATCH_H
#define I2KIT_GUEST_POD_MEMORY_WATCH_H

#include "guest/pod/guest.h"

/*
 * Looks at the memory of every container each two seconds, and ends those that hang at their limit
 * (memory_stall.h). The pod is prepared; lives as long as the guest.
 */
void memory_watch_start(struct guest *guest);

#endif
