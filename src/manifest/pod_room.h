/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_POD_ROOM_H
#define I2KIT_MANIFEST_POD_ROOM_H

#include "manifest/app.h"

/*
 * How large a scratch disk the pod gets for what its containers write outside of volumes, and for
 * emptyDirs without a medium, in bytes, whole MiB; 0: all that lives in memory. What runs it has no
 * say in it: a pod has the same room on a laptop and in a cloud.
 *
 * It is what limits.ephemeral-storage of all containers say together, with emptyDirs counted in, as
 * in Kubernetes; or, where one says none, 10 GiB (requests, where they are more) for these, and the
 * sizeLimits of the emptyDirs beside. Claims that are `ephemeral` have their sizes beside in any case. Memory alone is for pods whose containers each say "0". Init
 * containers run before the others, sidecars beside all of them.
 */
uint64_t pod_room_bytes(const struct pod_spec *pod);
/* Whether parts of it are limited: its file system must count what each has. */
bool pod_room_has_quota(const struct pod_spec *pod);

#endif
