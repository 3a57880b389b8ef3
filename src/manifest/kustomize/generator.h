/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_KUSTOMIZE_GENERATOR_H
#define I2KIT_MANIFEST_KUSTOMIZE_GENERATOR_H

#include "manifest/kustomize/context.h"
#include "manifest/kustomize/resource.h"

/*
 * One entry of configMapGenerator or secretGenerator, with the kustomization's generatorOptions (or
 * NULL): a new object in the list, or one that is there changed (behavior: merge, replace).
 * Mistakes are reported.
 */
void generate(struct kustomizer *kustomizer, const char *folder, const struct yaml_node *entry,
	      const struct yaml_node *options, bool is_secret, struct resource_list *list);
/* Behind the names of those that want it: ten letters made of kind and content. */
void generated_names_add_hashes(struct tree_store *store, struct resource_list *list);

#endif
