/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_POD_STORAGE_WATCH_H
#define I2KIT_GUEST_POD_STORAGE_WATCH_H

/*
 * Says when what containers write to is full: a program that gets "no space left on device" hardly
 * ever says where. Looked at every two seconds, and when a container ends, whose writable layer
 * goes with it.
 */

#include "guest/pod/guest.h"

struct storage_watch;

/* The pod's places are mounted. Lives as long as the guest. */
struct storage_watch *storage_watch_new(struct guest *guest);
/* NULL: nothing is watched yet. */
void storage_watch_look(struct storage_watch *watch);

/* Pure: whether so little is left that writing fails, or not yet enough that it works again. */
bool storage_is_full(bool was_full, uint64_t size_bytes, uint64_t free_bytes);

#endif
