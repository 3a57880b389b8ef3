/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_POD_TEMPLATE_H
#define I2KIT_GUEST_POD_TEMPLATE_H

/*
 * The guest's part of a warm start (doc/formats.md §10): a VM that was booted as far as the release
 * document is saved, and many go on from there. Nothing of a pod's configuration is in it; what
 * tells one VM from another (its name in the log, its clock, its random numbers, its card's
 * address) comes after.
 */

#include "guest/pod/guest.h"

/* The host's TEMPLATE: makes the VM ready to be saved, or refuses, and says which. */
void template_take(struct guest *guest);
/*
 * A host says HELLO. The first of a life names it by its nonce: the kernel's boot_id, which reading
 * makes, would be the same in all that go on from one saved state.
 */
void template_wake(struct guest *guest, const uint8_t *nonce);
/* And the clock is right. */
void template_woke(struct guest *guest);

#endif
