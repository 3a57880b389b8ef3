/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_KUSTOMIZE_CONTEXT_H
#define I2KIT_MANIFEST_KUSTOMIZE_CONTEXT_H

/*
 * What all parts of a build share: memory, where problems go, and the files that were read. Files
 * are read only from the kustomization's own folder and below it, wherever links lead: a base that
 * was fetched from somewhere must not read the keys of the one who builds it.
 */

#include "manifest/problem.h"
#include "manifest/tree.h"

struct kustomizer {
	struct tree_store store;
	struct problem_list *problems;
	struct string_list *files;	   /* names of all that were read, for places */
	struct yaml_documents **documents; /* owned; what was read from them */
	size_t document_count;
	struct string_list open; /* real paths of the folders being built, outermost first */
	size_t folder_count;	 /* built so far */
	size_t byte_count;	 /* read so far */
};
void kustomizer_clear(struct kustomizer *kustomizer);

void kustomizer_error(struct kustomizer *kustomizer, const struct yaml_node *node, const char *hint,
		      const char *fmt, ...) PRINTF_LIKE(4, 5);
/* A file of the folder, named by a node; false: it was reported. text is owned. */
MUST_CHECK bool kustomizer_read(struct kustomizer *kustomizer, const char *folder, const char *name,
				const struct yaml_node *node, char **ret_text, size_t *ret_size);
/* Its documents, or those of text inside a kustomization (name NULL). Borrowed. */
MUST_CHECK const struct yaml_documents *kustomizer_read_yaml(struct kustomizer *kustomizer,
							     const char *folder, const char *name,
							     const struct yaml_node *node);
/* Same for one that is known to be there, such as the kustomization itself. */
MUST_CHECK const struct yaml_documents *kustomizer_read_own(struct kustomizer *kustomizer,
							    const char *path);

#endif
