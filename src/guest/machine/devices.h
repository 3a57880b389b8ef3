/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_MACHINE_DEVICES_H
#define I2KIT_GUEST_MACHINE_DEVICES_H

#include "guest/documents/oci_config.h"

/*
 * What a privileged container sees in /dev, as Docker's does: every device of the VM, and those
 * whose module comes when they are opened (tun, fuse, loop).
 */
void devices_list(struct oci_device_list *ret);

#endif
