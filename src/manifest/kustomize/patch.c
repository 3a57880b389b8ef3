/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/kustomize/patch.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "manifest/kustomize/json_patch.h"
#include "manifest/kustomize/merge.h"
#include "manifest/kustomize/selector.h"
#include "manifest/problem.h"
#include "manifest/yaml_node.h"
#include "manifest/yaml_reader.h"

/* What a patch may not change unless it says so. */
struct identity {
	struct yaml_node *version;
	struct yaml_node *kind;
	struct yaml_node *name;
	struct yaml_node *space;
};

static struct identity identity_of(const struct resource *resource)
{
	const struct yaml_node *metadata = tree_get(resource->root, "metadata");
	return (struct identity){.version = tree_get(resource->root, "apiVersion"),
				 .kind = tree_get(resource->root, "kind"),
				 .name = tree_get(metadata, "name"),
				 .space = tree_get(metadata, "namespace")};
}

static void put_back(struct tree_store *store, struct yaml_node *map, const char *key,
		     struct yaml_node *value)
{
	if (value != NULL)
		tree_set(store, map, key, value);
	else
		tree_remove(map, key);
}

static void keep_identity(struct tree_store *store, struct resource *resource,
			  const struct identity *identity, const struct yaml_node *options)
{
	struct yaml_node *metadata = tree_get_map(store, resource->root, "metadata");
	bool is_kind_free = false;
	bool is_name_free = false;

	(void)yaml_is_bool(yaml_get(options, "allowKindChange"), &is_kind_free);
	(void)yaml_is_bool(yaml_get(options, "allowNameChange"), &is_name_free);
	if (!is_kind_free) {
		put_back(store, resource->root, "apiVersion", identity->version);
		put_back(store, resource->root, "kind", identity->kind);
	}
	if (metadata == NULL)
		return;
	put_back(store, metadata, "namespace", identity->space);
	if (!is_name_free)
		put_back(store, metadata, "name", identity->name);
	else if (identity->name != NULL &&
		 strcmp(resource_name(resource), identity->name->text) != 0)
		string_list_add(&resource->old_names, identity->name->text);
}

/* False: the object is gone. */
static bool merge_into(struct kustomizer *kustomizer, struct resource *resource,
		       const struct yaml_node *patch, const struct yaml_node *options)
{
	struct identity identity = identity_of(resource);
	if (!merge_patch(&kustomizer->store, resource, patch))
		return false;
	keep_identity(&kustomizer->store, resource, &identity, options);
	return true;
}

static void change_by_operations(struct kustomizer *kustomizer, struct resource *resource,
				 const struct yaml_node *operations,
				 const struct yaml_node *options)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	struct identity identity = identity_of(resource);
	const struct yaml_node *at = operations;

	if (!json_patch_apply(&kustomizer->store, resource->root, operations, &at, &err)) {
		kustomizer_error(kustomizer, at, err.hint, "%s '%.80s': %s",
				 resource_kind(resource), resource_name(resource), err.message);
		return;
	}
	keep_identity(&kustomizer->store, resource, &identity, options);
}

static void apply_to_target(struct kustomizer *kustomizer, const struct yaml_node *patch,
			    const struct yaml_node *entry, struct resource_list *list)
{
	const struct yaml_node *target = yaml_get(entry, "target");
	const struct yaml_node *options = yaml_get(entry, "options");
	AUTO_FREE bool *meant = xcalloc(list->count + 1, sizeof(*meant));
	bool is_any = false;

	if (!selector_match(kustomizer, target, list, meant))
		return;
	for (size_t i = list->count; i > 0; i--) {
		if (!meant[i - 1])
			continue;
		is_any = true;
		if (patch->kind == YAML_LIST)
			change_by_operations(kustomizer, &list->items[i - 1], patch, options);
		else if (!merge_into(kustomizer, &list->items[i - 1], patch, options))
			resource_remove(list, i - 1);
	}
	/* kustomize passes over a target that is not there; a mistyped name is the usual reason. */
	if (!is_any) {
		struct source_mark mark = {
			.file = target->file, .line = target->line, .column = target->column};
		(void)problem_add(kustomizer->problems, PROBLEM_WARNING, mark,
				  "the patch has no effect: no object is its target");
	}
}

static void apply_by_name(struct kustomizer *kustomizer, const struct yaml_node *patch,
			  const struct yaml_node *options, struct resource_list *list)
{
	struct resource by = {.root = (struct yaml_node *)(uintptr_t)patch};
	AUTO_FREE char *group = resource_group(&by);

	if (patch->kind != YAML_MAP || resource_kind(&by)[0] == '\0' ||
	    resource_name(&by)[0] == '\0') {
		kustomizer_error(kustomizer, patch, "target: {kind: Deployment, name: web}",
				 "a patch without target needs apiVersion, kind and metadata.name");
		return;
	}
	struct resource *resource = resource_find_ever(list, resource_kind(&by), group,
						       resource_namespace(&by), resource_name(&by));
	if (resource == NULL) {
		kustomizer_error(kustomizer, patch, "its kind, name and namespace must be the same",
				 "there is no %.60s '%.80s' to patch", resource_kind(&by),
				 resource_name(&by));
		return;
	}
	if (!merge_into(kustomizer, resource, patch, options))
		resource_remove(list, (size_t)(resource - list->items));
}

static void apply_documents(struct kustomizer *kustomizer, const struct yaml_documents *documents,
			    const struct yaml_node *entry, struct resource_list *list)
{
	const struct yaml_node *target = yaml_get(entry, "target");

	for (size_t i = 0; documents != NULL && i < documents->count; i++) {
		const struct yaml_node *patch = documents->roots[i];
		if (target != NULL && target->kind == YAML_MAP)
			apply_to_target(kustomizer, patch, entry, list);
		else if (patch->kind == YAML_LIST)
			kustomizer_error(kustomizer, entry, "target: {kind: Deployment, name: web}",
					 "a list of operations needs a target");
		else
			apply_by_name(kustomizer, patch, yaml_get(entry, "options"), list);
	}
}

void patch_apply_entry(struct kustomizer *kustomizer, const char *folder,
		       const struct yaml_node *entry, struct resource_list *list)
{
	const char *path = tree_get_text(entry, "path");
	const struct yaml_node *text = yaml_get(entry, "patch");

	if ((path == NULL) == (text == NULL || text->kind != YAML_SCALAR)) {
		kustomizer_error(kustomizer, entry, "path: FILE, or patch: |- and the patch below",
				 path == NULL ? "'path' or 'patch' is missing"
					      : "both 'path' and 'patch'");
		return;
	}
	const struct yaml_node *from = path != NULL ? yaml_get(entry, "path") : text;
	apply_documents(kustomizer, kustomizer_read_yaml(kustomizer, folder, path, from), entry,
			list);
}

void patch_apply_merge(struct kustomizer *kustomizer, const char *folder,
		       const struct yaml_node *entry, struct resource_list *list)
{
	if (entry->kind != YAML_SCALAR) {
		kustomizer_error(kustomizer, entry, "a file, or the patch as text",
				 "not a patch but %s", yaml_describe(entry));
		return;
	}
	const char *path = strchr(entry->text, '\n') == NULL && strchr(entry->text, ':') == NULL
				   ? entry->text
				   : NULL;
	apply_documents(kustomizer, kustomizer_read_yaml(kustomizer, folder, path, entry), NULL,
			list);
}
