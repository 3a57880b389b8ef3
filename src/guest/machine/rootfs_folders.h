/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_MACHINE_ROOTFS_FOLDERS_H
#define I2KIT_GUEST_MACHINE_ROOTFS_FOLDERS_H

/*
 * Folders that a layer has only because of what is in them (bazel, ko, jib and nix write no entry
 * for /tmp beside /tmp/FILE) keep the mode and owner that the layers below gave them.
 */

#include "base/error.h"
#include "base/string_list.h"

struct layer_stack {
	const char *folder;   /* where layer N is mounted: FOLDER/N */
	const size_t *layers; /* bottom first */
	size_t count;
};

/* What wire/layer_mark.h says of a mounted layer, appended. */
void rootfs_implied_read(const char *layer, struct string_list *ret);
/* root: the stack, mounted. implied: one list for each of its layers. */
MUST_CHECK bool rootfs_folders_restore(const struct layer_stack *stack,
				       const struct string_list *implied, const char *root,
				       struct error *err);

#endif
