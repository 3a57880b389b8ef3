/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_KUSTOMIZE_MERGE_H
#define I2KIT_MANIFEST_KUSTOMIZE_MERGE_H

/*
 * Strategic merge patches
 * (https://github.com/kubernetes/community/blob/main/contributors/devel/sig-api-machinery/strategic-merge-patch.md):
 * maps are merged, null removes, lists are replaced, but those whose items have a key in
 * Kubernetes' schema are merged by it. `$patch: replace|delete|merge` and
 * `$deleteFromPrimitiveList/…` are understood. Items of a keyed list that the patch names come
 * first, as kustomize puts them.
 */

#include "manifest/kustomize/resource.h"

/* Changes resource->root. False: the patch deletes the whole object. */
bool merge_patch(struct tree_store *store, struct resource *resource,
		 const struct yaml_node *patch);

#endif
