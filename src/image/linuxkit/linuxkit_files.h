/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_LINUXKIT_LINUXKIT_FILES_H
#define I2KIT_IMAGE_LINUXKIT_LINUXKIT_FILES_H

/* `files:` of a LinuxKit document in its tree. */

#include "base/error.h"

struct linuxkit_tree;

MUST_CHECK bool linuxkit_tree_add_files(struct linuxkit_tree *tree, struct error *err);

#endif
