/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_KUSTOMIZE_SELECTOR_H
#define I2KIT_MANIFEST_KUSTOMIZE_SELECTOR_H

#include "manifest/kustomize/context.h"
#include "manifest/kustomize/resource.h"

/*
 * A patch's target: {group, version, kind, name, namespace, labelSelector, annotationSelector}; the
 * first five are patterns (POSIX extended) that must fit the whole. Which objects of the list it
 * means is in meant[] (list->count of them). False: it cannot be understood, which was reported.
 */
MUST_CHECK bool selector_match(struct kustomizer *kustomizer, const struct yaml_node *target,
			       const struct resource_list *list, bool *meant);

#endif
