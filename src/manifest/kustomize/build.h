/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_KUSTOMIZE_BUILD_H
#define I2KIT_MANIFEST_KUSTOMIZE_BUILD_H

/*
 * Kustomizations (https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/): resources
 * and bases of other folders, components, patches of both kinds, images, namespace, name prefix and
 * suffix, labels, annotations, replicas, and generators with their hashes. The objects are those
 * that `kustomize build` prints, in another order; tests/oracle/kustomize.py compares. What runs
 * programs or asks the network (plugins, Helm charts, remote bases) is refused.
 */

#include "manifest/kustomize/context.h"
#include "manifest/kustomize/resource.h"

/* kustomization.yaml, kustomization.yml or Kustomization */
bool kustomization_is_named(const char *path);
/* The one in a folder, or NULL. Owned. */
char *kustomization_find(const char *folder);
/*
 * Builds the kustomization in that file. Mistakes are in kustomizer->problems with their places,
 * and what could be built is in *ret all the same. Nodes of *ret belong to the kustomizer.
 */
void kustomization_build(struct kustomizer *kustomizer, const char *path,
			 struct resource_list *ret);

#endif
