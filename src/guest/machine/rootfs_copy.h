/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_MACHINE_ROOTFS_COPY_H
#define I2KIT_GUEST_MACHINE_ROOTFS_COPY_H

/* What an image has at a VOLUME, copied to where the pod writes. */

#include <stdbool.h>

#include "base/error.h"

/* Copies a folder's content (files, links, folders, owners, modes) into an empty one. */
MUST_CHECK bool rootfs_copy_tree(const char *root, const char *path, const char *to,
				 struct error *err);
/*
 * The same into a folder that programs write to, where it is empty: whole or, after a crash
 * between, begun again. *ret_is_filled: something was copied.
 */
MUST_CHECK bool rootfs_copy_fill(const char *root, const char *path, const char *to,
				 bool *ret_is_filled, struct error *err);

#endif
