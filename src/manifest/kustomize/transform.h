/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_KUSTOMIZE_TRANSFORM_H
#define I2KIT_MANIFEST_KUSTOMIZE_TRANSFORM_H

/* What a kustomization sets on all of its objects; fields as kustomize's own defaults have them. */

#include "manifest/kustomize/resource.h"

enum label_reach {
	LABELS_METADATA,  /* of the object alone */
	LABELS_TEMPLATES, /* and of its pods */
	LABELS_SELECTORS, /* and of what selects them */
};

/* pairs: a map of texts. */
void transform_labels(struct tree_store *store, struct resource_list *list,
		      const struct yaml_node *pairs, enum label_reach reach);
void transform_annotations(struct tree_store *store, struct resource_list *list,
			   const struct yaml_node *pairs);
void transform_namespace(struct tree_store *store, struct resource_list *list, const char *space);
/* prefix and suffix may be "". */
void transform_names(struct tree_store *store, struct resource_list *list, const char *prefix,
		     const char *suffix);
/* change: {name, newName, newTag, digest, tagSuffix}. */
void transform_image(struct tree_store *store, struct resource_list *list,
		     const struct yaml_node *change);
/* change: {name, count}. False: no object of that name has replicas. */
bool transform_replicas(struct tree_store *store, struct resource_list *list,
			const struct yaml_node *change);

#endif
