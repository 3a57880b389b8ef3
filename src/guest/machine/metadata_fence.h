/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_MACHINE_METADATA_FENCE_H
#define I2KIT_GUEST_MACHINE_METADATA_FENCE_H

/*
 * Containers share the machine's network, and in a cloud whoever reaches the metadata service is
 * the instance: it gets the role's credentials and the user data. So nothing that a container sends
 * goes to an address of that kind, of whatever cloud; the guest itself, outside of the containers'
 * control groups, goes there.
 *
 * Small BPF programs at the containers' control group: one where IP packets leave (connections,
 * datagrams and raw sockets alike; the sender sees EPERM), one where packets from there would be
 * given to a container's socket (a raw one gets copies of what the guest is told), and two at
 * connect(2), so that it fails at once. Nothing in a container takes these away.
 *
 * Frames of packet sockets pass no control group, and such a socket hears what the guest hears:
 * seccomp keeps them from containers (documents/oci_seccomp.h). One more program, at the network
 * device, is for what is forwarded for others. Who has NET_ADMIN can take that one away, and could
 * change the guest's own way there: promote refuses such containers unless they may be the instance
 * (manifest/metadata_access.h).
 */

#include "base/error.h"

/* From now on, for all groups below that of the containers, which is one below the root. */
MUST_CHECK bool metadata_fence_start(const char *path, struct error *err);
/* Frames that leave by this interface, too. */
MUST_CHECK bool metadata_fence_guard(const char *interface, struct error *err);
/* A container's group, "/sys/fs/cgroup/i2kit/NAME", may pass; it is made where it is not. */
MUST_CHECK bool metadata_fence_open(const char *group, struct error *err);

#endif
