/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_LAYER_LAYER_TREE_FINISH_H
#define I2KIT_IMAGE_LAYER_LAYER_TREE_FINISH_H

/* A tree of a layer that is whole: sorted, counted, numbered. */

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct layer_node;
struct layer_tree;

/* Attributes that OverlayFS would act upon (trusted.overlay.*) and system.* are left out. */
MUST_CHECK bool layer_tree_add_xattr(struct layer_tree *tree, struct layer_node *node,
				     const char *name, const void *value, size_t size,
				     struct error *err);

/* Sorts, counts links, numbers the inodes from 1; returns how many there are. */
uint32_t layer_tree_finish(struct layer_tree *tree);

#endif
