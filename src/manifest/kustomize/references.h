/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_KUSTOMIZE_REFERENCES_H
#define I2KIT_MANIFEST_KUSTOMIZE_REFERENCES_H

#include "manifest/kustomize/resource.h"

/* Names inside of objects follow the objects of the list that were renamed. */
void references_follow(struct tree_store *store, struct resource_list *list);

#endif
