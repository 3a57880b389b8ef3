/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_POD_CONTAINER_MOUNTS_H
#define I2KIT_GUEST_POD_CONTAINER_MOUNTS_H

/*
 * What is bound into a container: the pod's own files, its volumes, and the folders that its image
 * declares as volumes. Places are taken as they are inside the image, its links followed beneath
 * its root, so that /var/run and /run are one.
 */

#include "guest/documents/mount_list.h"
#include "guest/pod/container.h"

/* The root filesystem is mounted. In the order to mount in. */
MUST_CHECK bool container_mounts_make(const struct container *container, struct mount_list *ret,
				      struct error *err);

#endif
