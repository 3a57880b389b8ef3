/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_MACHINE_METADATA_FENCE_H
#define I2KIT_GUEST_MACHINE_METADATA_FENCE_H

/*
 * Containers share the machine's network, and in a cloud whoever reaches the metadata service is
 * the instance: it gets the role's credentials and the user data. So nothing that a container sends
 * goes to an address of that kind, of whatever cloud; the guest itself, outside of the containers'
 * control groups, goes there.
 *
 * Two small BPF programs: one where IP packets of the containers' groups leave (connections,
 * datagrams and raw sockets alike; the sender sees EPERM), and one at the network device, where
 * frames of packet sockets and what is forwarded for others pass, which have no such place. A
 * container with NET_ADMIN can take the second one away, none can the first.
 */

#include "base/error.h"

/* From now on, for all groups below that of the containers, which is one below the root. */
MUST_CHECK bool metadata_fence_start(const char *path, struct error *err);
/* Frames that leave by this interface, too. */
MUST_CHECK bool metadata_fence_guard(const char *interface, struct error *err);
/* A container's group, "/sys/fs/cgroup/i2kit/NAME", may pass; it is made where it is not. */
MUST_CHECK bool metadata_fence_open(const char *group, struct error *err);

#endif
