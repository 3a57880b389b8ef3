/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_MACHINE_ROOTFS_H
#define I2KIT_GUEST_MACHINE_ROOTFS_H

/*
 * A container's root filesystem: its layers under a writable top that is new with each start. Files
 * inside are reached without following the image's links out of it.
 */

#include <stddef.h>

#include "base/error.h"
#include "wire/pod_document.h"

#define ROOTFS_LAYERS "/run/i2kit/l"  /* where layer N is mounted: ROOTFS_LAYERS/N */
#define ROOTFS_TOPS   "/run/i2kit/rw" /* where writable tops live: memory, or the scratch disk */

/* Mounts at FOLDER/root; whatever an earlier run left is thrown away first. */
MUST_CHECK bool rootfs_mount(const struct container_image *container, const char *folder,
			     struct error *err);
/*
 * The same of layers alone (indexes, bottom first): they are seen at the folder `root`, under a top
 * that is new and lies in the folder `top`.
 */
MUST_CHECK bool rootfs_mount_layers(const size_t *layers, size_t count, const char *top,
				    const char *root, struct error *err);
void rootfs_unmount(const struct container_image *container, const char *folder);
/* A descriptor of something inside, links followed beneath the root; -1 and errno. */
MUST_CHECK int rootfs_open(const char *root, const char *path, int flags);
/* The text of a file inside, "" when it is not there or larger than 1 MiB; owned. */
char *rootfs_read(const char *root, const char *path);
/* Whether a folder inside exists. */
bool rootfs_has_folder(const char *root, const char *path);
/*
 * Where a path of the container is in it once the links of its image are followed, beneath its
 * root: absolute, without links, ".", ".." or a slash at its end. What is missing stays as written.
 * Owned.
 */
char *rootfs_resolve(const char *root, const char *path);

#endif
