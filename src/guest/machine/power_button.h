/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_MACHINE_POWER_BUTTON_H
#define I2KIT_GUEST_MACHINE_POWER_BUTTON_H

/*
 * The machine's power button: how a cloud that stops an instance, `virsh shutdown` and QEMU's
 * system_powerdown ask a VM to end. ACPI's button is an input device, as is any other with a key
 * for power.
 */

#include "base/loop.h"

typedef void power_button_fn(void *arg);

/* Loads the drivers from the base, and calls fn from the loop each time one is pressed. */
void power_button_watch(struct loop *loop, power_button_fn *fn, void *arg);

#endif
