/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_KUBERNETES_H
#define I2KIT_MANIFEST_KUBERNETES_H

/* Documents with apiVersion and kind: which kinds there are, and what reads each. */

#include "manifest/loader.h"

/* Kubernetes objects that are known, and what becomes of them. */
struct kind {
	const char *name;
	const char *versions; /* "apps/v1 extensions/v1beta1", today's first; NULL: any */
	enum verdict verdict;
	void (*read)(struct loader *loader, const struct yaml_node *root);
	const struct field_set *fields; /* of the whole object; or NULL */
	const char *help;		/* what it is here; for REFUSED: what to do instead */
};
extern const struct kind kinds[];
extern const size_t kind_count;

/* One document; false: it has no apiVersion and kind. */
bool read_kubernetes(struct loader *loader, const struct yaml_node *root);

#endif
