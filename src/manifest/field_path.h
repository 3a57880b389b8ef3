/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_FIELD_PATH_H
#define I2KIT_MANIFEST_FIELD_PATH_H

/*
 * Where something stands in a document, as people and kubectl write it:
 * spec.containers[0].image, metadata.annotations["a/b"]. A key has the path of its value.
 */

#include "manifest/yaml_node.h"

/* Owned; NULL: it is not in that tree, or is the tree itself. */
char *field_path_of(const struct yaml_node *root, const struct yaml_node *wanted);
/* The same by where it is written; of several that begin there, the outermost. */
char *field_path_at(const struct yaml_node *root, unsigned line, unsigned column);

#endif
