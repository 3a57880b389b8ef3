/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_KUSTOMIZE_RESOURCE_H
#define I2KIT_MANIFEST_KUSTOMIZE_RESOURCE_H

/* The objects that a kustomization gathers and changes. */

#include "base/string_list.h"
#include "manifest/tree.h"

struct resource {
	struct yaml_node *root;
	struct string_list old_names;	   /* that it had before, oldest first */
	struct string_list old_namespaces; /* the same; "default" for none */
	bool wants_hash;		   /* of its content, behind its name, at the end */
};

struct resource_list {
	struct resource *items;
	size_t count;
};
void resource_list_clear(struct resource_list *list);
struct resource *resource_add(struct resource_list *list, struct yaml_node *root);
void resource_remove(struct resource_list *list, size_t index);
/* All of `from` to the end of `to`; from is empty after. */
void resource_list_move(struct resource_list *to, struct resource_list *from);

/* "" where there is none, but "default" for the namespace. */
const char *resource_kind(const struct resource *resource);
const char *resource_name(const struct resource *resource);
const char *resource_namespace(const struct resource *resource);
/* "apps" and "v1" of "apps/v1"; "" and "v1" of "v1". Owned. */
char *resource_group(const struct resource *resource);
char *resource_version(const struct resource *resource);
/* Of no namespace: Namespace, ClusterRole … */
bool kind_is_cluster_wide(const char *kind);
/* An object of an extension: its lists have no keys that are known. */
bool resource_is_custom(const struct resource *resource);
/* It keeps the old name among its old ones. */
void resource_rename(struct tree_store *store, struct resource *resource, const char *name);
void resource_move(struct tree_store *store, struct resource *resource, const char *space);
/* The same kind of the same name and namespace, today's; NULL: none. */
struct resource *resource_find(const struct resource_list *list, const char *kind,
			       const char *group, const char *space, const char *name);
/* By today's name, or else by one that it had. */
struct resource *resource_find_ever(const struct resource_list *list, const char *kind,
				    const char *group, const char *space, const char *name);

#endif
