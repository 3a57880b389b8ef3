/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_KUSTOMIZE_JSON_PATCH_H
#define I2KIT_MANIFEST_KUSTOMIZE_JSON_PATCH_H

/* JSON Patch, RFC 6902, with JSON Pointer, RFC 6901. */

#include "base/error.h"
#include "manifest/tree.h"

/*
 * Applies the list of operations to root, in order. On an error, err says which one and why; *ret
 * is the operation's node, for its place. root is then changed by those before it.
 */
MUST_CHECK bool json_patch_apply(struct tree_store *store, struct yaml_node *root,
				 const struct yaml_node *operations, const struct yaml_node **ret,
				 struct error *err);

#endif
