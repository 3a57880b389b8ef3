/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_LINUXKIT_LINUXKIT_KERNEL_H
#define I2KIT_IMAGE_LINUXKIT_LINUXKIT_KERNEL_H

/* The kernel's part of the tree of a LinuxKit document. */

#include "base/error.h"

struct linuxkit_tree;

MUST_CHECK bool linuxkit_tree_add_kernel(struct linuxkit_tree *tree, struct error *err);

#endif
