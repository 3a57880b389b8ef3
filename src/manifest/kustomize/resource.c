/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/kustomize/resource.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "manifest/yaml_node.h"

static void resource_clear(struct resource *resource)
{
	string_list_clear(&resource->old_names);
	string_list_clear(&resource->old_namespaces);
}

void resource_list_clear(struct resource_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		resource_clear(&list->items[i]);
	free(list->items);
	*list = (struct resource_list){0};
}

struct resource *resource_add(struct resource_list *list, struct yaml_node *root)
{
	struct resource *resource = ARRAY_APPEND(list->items, list->count);
	resource->root = root;
	return resource;
}

void resource_remove(struct resource_list *list, size_t index)
{
	resource_clear(&list->items[index]);
	memmove(&list->items[index], &list->items[index + 1],
		(list->count - index - 1) * sizeof(*list->items));
	list->count--;
}

void resource_list_move(struct resource_list *to, struct resource_list *from)
{
	for (size_t i = 0; i < from->count; i++)
		*ARRAY_APPEND(to->items, to->count) = from->items[i];
	free(from->items);
	*from = (struct resource_list){0};
}

const char *resource_kind(const struct resource *resource)
{
	const char *kind = tree_get_text(resource->root, "kind");
	return kind != NULL ? kind : "";
}

const char *resource_name(const struct resource *resource)
{
	const char *name = tree_get_text(tree_get(resource->root, "metadata"), "name");
	return name != NULL ? name : "";
}

const char *resource_namespace(const struct resource *resource)
{
	const char *name = tree_get_text(tree_get(resource->root, "metadata"), "namespace");
	return name != NULL && name[0] != '\0' ? name : "default";
}

char *resource_group(const struct resource *resource)
{
	const char *version = tree_get_text(resource->root, "apiVersion");
	const char *slash = version != NULL ? strchr(version, '/') : NULL;
	return slash != NULL ? xstrndup(version, (size_t)(slash - version)) : xstrdup("");
}

char *resource_version(const struct resource *resource)
{
	const char *version = tree_get_text(resource->root, "apiVersion");
	const char *slash = version != NULL ? strchr(version, '/') : NULL;
	return xstrdup(slash != NULL ? slash + 1 : version != NULL ? version : "");
}

bool kind_is_cluster_wide(const char *kind)
{
	static const char *const kinds[] = {
		"APIService",
		"CSIDriver",
		"CSINode",
		"CertificateSigningRequest",
		"ClusterRole",
		"ClusterRoleBinding",
		"ComponentStatus",
		"CustomResourceDefinition",
		"FlowSchema",
		"IngressClass",
		"MutatingWebhookConfiguration",
		"Namespace",
		"Node",
		"PersistentVolume",
		"PodSecurityPolicy",
		"PriorityClass",
		"PriorityLevelConfiguration",
		"RuntimeClass",
		"SelfSubjectAccessReview",
		"SelfSubjectRulesReview",
		"StorageClass",
		"SubjectAccessReview",
		"TokenReview",
		"ValidatingAdmissionPolicy",
		"ValidatingAdmissionPolicyBinding",
		"ValidatingWebhookConfiguration",
		"VolumeAttachment",
	};
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (strcmp(kind, kinds[i]) == 0)
			return true;
	}
	return false;
}

bool resource_is_custom(const struct resource *resource)
{
	static const char own[] = ".k8s.io";
	AUTO_FREE char *group = resource_group(resource);
	size_t length = strlen(group);
	bool is_own = length > strlen(own) && strcmp(group + length - strlen(own), own) == 0;
	return strchr(group, '.') != NULL && !is_own;
}

void resource_rename(struct tree_store *store, struct resource *resource, const char *name)
{
	struct yaml_node *metadata = tree_get_map(store, resource->root, "metadata");
	if (metadata == NULL || strcmp(resource_name(resource), name) == 0)
		return;
	string_list_add(&resource->old_names, resource_name(resource));
	tree_set_text(store, metadata, "name", name);
}

void resource_move(struct tree_store *store, struct resource *resource, const char *space)
{
	struct yaml_node *metadata = tree_get_map(store, resource->root, "metadata");
	if (metadata == NULL || strcmp(resource_namespace(resource), space) == 0)
		return;
	string_list_add(&resource->old_namespaces, resource_namespace(resource));
	tree_set_text(store, metadata, "namespace", space);
}

static bool is_of(const struct resource *resource, const char *kind, const char *group,
		  const char *space)
{
	if (strcmp(resource_kind(resource), kind) != 0)
		return false;
	AUTO_FREE char *own = resource_group(resource);
	if (group != NULL && strcmp(own, group) != 0)
		return false;
	return space == NULL || kind_is_cluster_wide(kind) ||
	       strcmp(resource_namespace(resource), space) == 0 ||
	       string_list_has(&resource->old_namespaces, space);
}

struct resource *resource_find(const struct resource_list *list, const char *kind,
			       const char *group, const char *space, const char *name)
{
	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(resource_name(&list->items[i]), name) == 0 &&
		    is_of(&list->items[i], kind, group, space))
			return &list->items[i];
	}
	return NULL;
}

struct resource *resource_find_ever(const struct resource_list *list, const char *kind,
				    const char *group, const char *space, const char *name)
{
	struct resource *found = resource_find(list, kind, group, space, name);
	for (size_t i = 0; found == NULL && i < list->count; i++) {
		if (string_list_has(&list->items[i].old_names, name) &&
		    is_of(&list->items[i], kind, group, space))
			found = &list->items[i];
	}
	return found;
}
