/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_POD_MEMORY_LOOK_H
#define I2KIT_GUEST_POD_MEMORY_LOOK_H

#include "guest/pod/memory_stall.h"

/* Of the memory.* files in a control group's folder; what is not there is 0. */
void memory_look_read(const char *group, struct memory_look *ret);

#endif
