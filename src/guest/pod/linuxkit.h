/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_POD_LINUXKIT_H
#define I2KIT_GUEST_POD_LINUXKIT_H

/*
 * LinuxKit components on the base: bundles under /containers/{onboot,services,onshutdown}, each
 * with config.json and runtime.json. Unlike stock LinuxKit, an onboot component that fails stops
 * the boot, and a service that ends is started again.
 */

#include "guest/pod/guest.h"

/* One after the other, in name order; their output goes to the console. Before the loop runs. */
MUST_CHECK bool linuxkit_run_onboot(struct error *err);
/* The same for onshutdown; failures are told and passed over. */
void linuxkit_run_onshutdown(void);
/* Whether the base has some that run before a pod does: they may have made keys, or hold ids. */
bool linuxkit_has_components(void);
/* All at once; they go on, their lines in the log under their names. */
void linuxkit_start_services(struct guest *guest);

#endif
