/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_POD_ROOM_H
#define I2KIT_MANIFEST_POD_ROOM_H

#include "manifest/app.h"

/*
 * How large a scratch disk the pod gets for what its containers write outside of volumes, in bytes;
 * 0: that lives in memory. What runs it has no say in it: a pod has the same room on a laptop and
 * in a cloud.
 */
uint64_t pod_room_bytes(const struct pod_spec *pod);

#endif
