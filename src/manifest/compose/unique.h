/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_COMPOSE_UNIQUE_H
#define I2KIT_MANIFEST_COMPOSE_UNIQUE_H

/* Lists in which nothing is there twice. */

#include "manifest/yaml_node.h"

/* Of two items of a list that mean the same, such as mounts of one target, the later one stays. */
void compose_drop_doubles(struct yaml_node *root);

#endif
