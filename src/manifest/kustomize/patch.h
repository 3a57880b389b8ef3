/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_KUSTOMIZE_PATCH_H
#define I2KIT_MANIFEST_KUSTOMIZE_PATCH_H

/* Which objects a patch is for, and changing them. Mistakes are reported. */

#include "manifest/kustomize/context.h"
#include "manifest/kustomize/resource.h"

/* An entry of `patches` or patchesJson6902: {path or patch, target, options}. */
void patch_apply_entry(struct kustomizer *kustomizer, const char *folder,
		       const struct yaml_node *entry, struct resource_list *list);
/* An entry of patchesStrategicMerge: a file, or the patch itself. */
void patch_apply_merge(struct kustomizer *kustomizer, const char *folder,
		       const struct yaml_node *entry, struct resource_list *list);

#endif
