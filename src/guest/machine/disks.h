/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_MACHINE_DISKS_H
#define I2KIT_GUEST_MACHINE_DISKS_H

/* Block devices by what they are, never by name; and what is mounted from them. */

#include "base/error.h"
#include "wire/pod_document.h"

/*
 * Waits until the partitions of the base and of all layers are there (or 30 s), then checks their
 * GUIDs against the pod document. ret_devices gets "/dev/…" of the base, then of each layer.
 */
MUST_CHECK bool disks_find_partitions(const struct pod_image *pod, struct string_list *ret_devices,
				      struct error *err);
/* "/dev/vdb" of the disk with this serial, owned; waits up to timeout_ms. */
MUST_CHECK char *disks_find_serial(const char *serial, unsigned timeout_ms, struct error *err);
/* A whole disk whose file system carries this label ("cidata", "config-2"); NULL: there is none. */
char *disks_find_label(const char *label);

/* Mounts the base and makes it the root; what the initial root held is given back to memory. */
MUST_CHECK bool disks_enter_base(const char *device, struct error *err);
/* Mounts the layers under /run/i2kit/l/NUMBER. */
MUST_CHECK bool disks_mount_layers(const struct string_list *devices, struct error *err);

#endif
