/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/kustomize/build.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "base/suggest.h"
#include "manifest/kustomize/generator.h"
#include "manifest/kustomize/patch.h"
#include "manifest/kustomize/references.h"
#include "manifest/kustomize/transform.h"
#include "manifest/problem.h"
#include "manifest/yaml_node.h"
#include "manifest/yaml_reader.h"

enum { DEPTH_MAX = 32, FOLDERS_MAX = 200, RESOURCES_MAX = 5000 };

static const char *const file_names[] = {"kustomization.yaml", "kustomization.yml",
					 "Kustomization"};

static const char render[] = "render it first: kustomize build . | i2kit up -f -";
static const char no_program[] =
	"it runs programs; render it first: kustomize build . | i2kit up -f -";

/* help: NULL for what is done here. is_idle: it changes no object that i2kit looks at. */
struct key {
	const char *name;
	const char *help;
	bool is_idle;
};
static const struct key keys[] = {
	{"apiVersion", NULL},
	{"bases", NULL},
	{"buildMetadata", NULL, .is_idle = true},
	{"commonAnnotations", NULL},
	{"commonLabels", NULL},
	{"components", NULL},
	{"configMapGenerator", NULL},
	{"configurations", render},
	{"crds", render},
	{"generatorOptions", NULL},
	{"generators", no_program},
	{"helmChartInflationGenerator", "helm template CHART | i2kit up -f -"},
	{"helmCharts", "helm template CHART | i2kit up -f -"},
	{"helmGlobals", "helm template CHART | i2kit up -f -"},
	{"images", NULL},
	{"imageTags", render},
	{"kind", NULL},
	{"labels", NULL},
	{"metadata", NULL},
	{"namePrefix", NULL},
	{"nameSuffix", NULL},
	{"namespace", NULL},
	{"openapi", render},
	{"patches", NULL},
	{"patchesJson6902", NULL},
	{"patchesStrategicMerge", NULL},
	{"replacements", render},
	{"replicas", NULL},
	{"resources", NULL},
	{"secretGenerator", NULL},
	{"sortOptions", NULL, .is_idle = true},
	{"transformers", no_program},
	{"validators", no_program},
	{"vars", render},
};

bool kustomization_is_named(const char *path)
{
	const char *slash = strrchr(path, '/');
	for (size_t i = 0; i < ARRAY_SIZE(file_names); i++) {
		if (strcmp(slash != NULL ? slash + 1 : path, file_names[i]) == 0)
			return true;
	}
	return false;
}

char *kustomization_find(const char *folder)
{
	for (size_t i = 0; i < ARRAY_SIZE(file_names); i++) {
		AUTO_FREE char *path = path_join(folder, file_names[i]);
		if (path_exists(path))
			return TAKE_PTR(path);
	}
	return NULL;
}

static void check_key(struct kustomizer *kustomizer, const struct yaml_node *key)
{
	AUTO(string_list_clear) struct string_list known = STRING_LIST_INIT;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		string_list_add(&known, keys[i].name);
		if (strcmp(keys[i].name, key->text) != 0)
			continue;
		if (keys[i].is_idle)
			(void)problem_add(kustomizer->problems, PROBLEM_NOTE,
					  (struct source_mark){key->file, key->line, key->column},
					  "'%s' of a kustomization has no effect here", key->text);
		else if (keys[i].help != NULL)
			kustomizer_error(kustomizer, key, keys[i].help,
					 "'%s' of a kustomization is not supported", key->text);
		return;
	}
	const char *nearest = suggest_nearest(key->text, &known);
	AUTO_FREE char *hint = nearest != NULL ? xasprintf("did you mean '%s'?", nearest) : NULL;
	kustomizer_error(kustomizer, key, hint, "unknown field '%.80s' in a kustomization",
			 key->text);
}

static bool check_root(struct kustomizer *kustomizer, const struct yaml_node *root,
		       bool is_component)
{
	const char *kind = tree_get_text(root, "kind");
	size_t before = kustomizer->problems->error_count;

	if (root->kind != YAML_MAP) {
		kustomizer_error(kustomizer, root, "resources: [web.yml]",
				 "a kustomization is a map, not %s", yaml_describe(root));
		return false;
	}
	for (size_t i = 0; i < root->pair_count; i++)
		check_key(kustomizer, root->pairs[i].key);
	bool is_said = kind != NULL && strcmp(kind, "Component") == 0;
	if (is_said != is_component)
		kustomizer_error(kustomizer, root,
				 is_said ? "name its folder below components:"
					 : "kind: Component, or name its folder below resources:",
				 is_said ? "a component cannot be built by itself"
					 : "not a component");
	return kustomizer->problems->error_count == before;
}

typedef void item_fn(struct kustomizer *kustomizer, const char *folder,
		     const struct yaml_node *item, struct resource_list *list);

/* Each item of a list; something else than a list is a mistake. */
static void each(struct kustomizer *kustomizer, const char *folder, const struct yaml_node *root,
		 const char *key, item_fn *fn, struct resource_list *list)
{
	const struct yaml_node *items = yaml_get(root, key);
	if (yaml_is_null(items))
		return;
	if (items->kind != YAML_LIST)
		kustomizer_error(kustomizer, items, NULL, "%s: a list is wanted here, not %s", key,
				 yaml_describe(items));
	for (size_t i = 0; i < items->item_count && !kustomizer->store.is_full; i++)
		fn(kustomizer, folder, items->items[i], list);
}

static bool is_remote(const char *text)
{
	static const char *const marks[] = {"://", "git@", "?ref=", "github.com/", "//"};
	for (size_t i = 0; i < ARRAY_SIZE(marks); i++) {
		if (strstr(text, marks[i]) != NULL)
			return true;
	}
	return false;
}

static bool has_twin(const struct resource_list *list, const struct resource *resource)
{
	AUTO_FREE char *group = resource_group(resource);
	for (size_t i = 0; i < list->count; i++) {
		const struct resource *other = &list->items[i];
		if (strcmp(resource_name(other), resource_name(resource)) != 0 ||
		    strcmp(resource_kind(other), resource_kind(resource)) != 0 ||
		    strcmp(resource_namespace(other), resource_namespace(resource)) != 0)
			continue;
		AUTO_FREE char *other_group = resource_group(other);
		if (strcmp(group, other_group) == 0)
			return true;
	}
	return false;
}

/* One more object, or the items of a List. */
static void add_object(struct kustomizer *kustomizer, const struct yaml_node *node,
		       struct resource_list *list)
{
	const struct yaml_node *items = yaml_get(node, "items");
	const char *kind = tree_get_text(node, "kind");
	size_t length = kind != NULL ? strlen(kind) : 0;

	if (items != NULL && items->kind == YAML_LIST && length >= 4 &&
	    strcmp(kind + length - 4, "List") == 0) {
		for (size_t i = 0; i < items->item_count; i++)
			add_object(kustomizer, items->items[i], list);
		return;
	}
	if (kind == NULL || tree_get_text(yaml_get(node, "metadata"), "name") == NULL) {
		kustomizer_error(
			kustomizer, node, "apiVersion, kind and metadata: {name: …}",
			"a resource of a kustomization is a Kubernetes object with a name");
		return;
	}
	struct resource probe = {.root = (struct yaml_node *)(uintptr_t)node};
	if (list->count >= RESOURCES_MAX || has_twin(list, &probe))
		kustomizer_error(kustomizer, node, NULL,
				 list->count >= RESOURCES_MAX ? "more than 5000 objects"
							      : "%s '%.80s' is there already",
				 kind, resource_name(&probe));
	else
		resource_add(list, tree_copy(&kustomizer->store, node));
}

static void build_folder(struct kustomizer *kustomizer, const char *folder,
			 const struct yaml_node *item, bool is_component,
			 struct resource_list *list);

/* A base: built by itself, then part of the list. */
static void add_base(struct kustomizer *kustomizer, const char *path, const struct yaml_node *item,
		     struct resource_list *list)
{
	AUTO(resource_list_clear) struct resource_list own = {0};
	build_folder(kustomizer, path, item, false, &own);
	for (size_t i = 0; i < own.count; i++) {
		if (has_twin(list, &own.items[i]))
			kustomizer_error(
				kustomizer, item, "namePrefix or namespace tells them apart",
				"%s '%.80s' is there already", resource_kind(&own.items[i]),
				resource_name(&own.items[i]));
	}
	resource_list_move(list, &own);
}

static bool is_folder(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Whether the item can name something here at all; said if not. */
static bool is_local(struct kustomizer *kustomizer, const struct yaml_node *item)
{
	if (item->kind == YAML_SCALAR && item->size > 0 && !is_remote(item->text))
		return true;
	kustomizer_error(
		kustomizer, item,
		item->kind == YAML_SCALAR
			? "fetch it into the repository, or: kustomize build . | i2kit up -f -"
			: NULL,
		item->kind == YAML_SCALAR ? "'%.200s' is somewhere else"
					  : "a file or a folder is wanted here, not %s",
		item->kind == YAML_SCALAR ? item->text : yaml_describe(item));
	return false;
}

static void add_resource(struct kustomizer *kustomizer, const char *folder,
			 const struct yaml_node *item, struct resource_list *list)
{
	if (!is_local(kustomizer, item))
		return;
	AUTO_FREE char *path = path_join(folder, item->text);
	if (is_folder(path)) {
		add_base(kustomizer, path, item, list);
		return;
	}
	const struct yaml_documents *documents =
		kustomizer_read_yaml(kustomizer, folder, item->text, item);
	for (size_t i = 0; documents != NULL && i < documents->count; i++)
		add_object(kustomizer, documents->roots[i], list);
}

static void add_component(struct kustomizer *kustomizer, const char *folder,
			  const struct yaml_node *item, struct resource_list *list)
{
	if (!is_local(kustomizer, item))
		return;
	AUTO_FREE char *path = path_join(folder, item->text);
	build_folder(kustomizer, path, item, true, list);
}

static void change_image(struct kustomizer *kustomizer, const char *folder,
			 const struct yaml_node *item, struct resource_list *list)
{
	(void)folder;
	if (tree_get_text(item, "name") == NULL)
		kustomizer_error(kustomizer, item, "images: [{name: nginx, newTag: \"1.25\"}]",
				 "'name' is missing");
	else
		transform_image(&kustomizer->store, list, item);
}

static void change_replicas(struct kustomizer *kustomizer, const char *folder,
			    const struct yaml_node *item, struct resource_list *list)
{
	const struct yaml_node *count = yaml_get(item, "count");
	(void)folder;
	if (count == NULL || count->kind != YAML_SCALAR || count->type != YAML_INTEGER)
		kustomizer_error(kustomizer, item, "replicas: [{name: web, count: 3}]",
				 "'count' is missing, or not a number");
	else if (!transform_replicas(&kustomizer->store, list, item))
		kustomizer_error(kustomizer, item, NULL, "nothing called '%.80s' has replicas",
				 tree_get_text(item, "name") != NULL ? tree_get_text(item, "name")
								     : "");
}

static bool is_true(const struct yaml_node *map, const char *key)
{
	bool is_said = false;
	return yaml_is_bool(yaml_get(map, key), &is_said) && is_said;
}

/* labels: [{pairs, includeSelectors, includeTemplates}] */
static void set_labels(struct kustomizer *kustomizer, const char *folder,
		       const struct yaml_node *item, struct resource_list *list)
{
	const struct yaml_node *pairs = yaml_get(item, "pairs");
	enum label_reach reach = is_true(item, "includeSelectors")   ? LABELS_SELECTORS
				 : is_true(item, "includeTemplates") ? LABELS_TEMPLATES
								     : LABELS_METADATA;
	(void)folder;
	if (yaml_get(item, "fields") != NULL)
		kustomizer_error(kustomizer, yaml_get(item, "fields"), render,
				 "'fields' of labels is not supported");
	else if (pairs == NULL || pairs->kind != YAML_MAP)
		kustomizer_error(kustomizer, item, "labels: [{pairs: {team: shop}}]",
				 "'pairs' is missing");
	else
		transform_labels(&kustomizer->store, list, pairs, reach);
}

static void generate_all(struct kustomizer *kustomizer, const char *folder,
			 const struct yaml_node *root, struct resource_list *list)
{
	static const char *const names[] = {"configMapGenerator", "secretGenerator"};
	const struct yaml_node *options = yaml_get(root, "generatorOptions");

	for (size_t k = 0; k < ARRAY_SIZE(names); k++) {
		const struct yaml_node *entries = yaml_get(root, names[k]);
		for (size_t i = 0; entries != NULL && i < entries->item_count; i++)
			generate(kustomizer, folder, entries->items[i], options, k == 1, list);
	}
}

static const char *text_or_empty(const struct yaml_node *root, const char *key)
{
	const char *text = tree_get_text(root, key);
	return text != NULL ? text : "";
}

/* In the order that kustomize has, whatever the order in the file. */
static void transform_all(struct kustomizer *kustomizer, const char *folder,
			  const struct yaml_node *root, struct resource_list *list)
{
	const struct yaml_node *labels = yaml_get(root, "commonLabels");
	const struct yaml_node *annotations = yaml_get(root, "commonAnnotations");
	const char *space = text_or_empty(root, "namespace");

	each(kustomizer, folder, root, "patchesStrategicMerge", patch_apply_merge, list);
	each(kustomizer, folder, root, "patches", patch_apply_entry, list);
	if (space[0] != '\0')
		transform_namespace(&kustomizer->store, list, space);
	transform_names(&kustomizer->store, list, text_or_empty(root, "namePrefix"),
			text_or_empty(root, "nameSuffix"));
	each(kustomizer, folder, root, "labels", set_labels, list);
	if (labels != NULL && labels->kind == YAML_MAP)
		transform_labels(&kustomizer->store, list, labels, LABELS_SELECTORS);
	if (annotations != NULL && annotations->kind == YAML_MAP)
		transform_annotations(&kustomizer->store, list, annotations);
	each(kustomizer, folder, root, "patchesJson6902", patch_apply_entry, list);
	each(kustomizer, folder, root, "replicas", change_replicas, list);
	each(kustomizer, folder, root, "images", change_image, list);
}

static void build_root(struct kustomizer *kustomizer, const char *folder,
		       const struct yaml_node *root, struct resource_list *list)
{
	each(kustomizer, folder, root, "resources", add_resource, list);
	each(kustomizer, folder, root, "bases", add_resource, list);
	generate_all(kustomizer, folder, root, list);
	each(kustomizer, folder, root, "components", add_component, list);
	transform_all(kustomizer, folder, root, list);
	references_follow(&kustomizer->store, list);
}

static void build_file(struct kustomizer *kustomizer, const char *path, const char *folder,
		       bool is_component, struct resource_list *list)
{
	const struct yaml_documents *documents = kustomizer_read_own(kustomizer, path);

	if (documents == NULL)
		return;
	if (documents->count != 1) {
		struct source_mark mark = {.file = kustomizer->files->items[0]};
		problem_set_code(problem_error(kustomizer->problems, mark,
					       "%.200s: one document is wanted in it", path),
				 PROBLEM_KUSTOMIZATION);
		return;
	}
	if (check_root(kustomizer, documents->roots[0], is_component))
		build_root(kustomizer, folder, documents->roots[0], list);
}

static void build_folder(struct kustomizer *kustomizer, const char *folder,
			 const struct yaml_node *item, bool is_component,
			 struct resource_list *list)
{
	AUTO_FREE char *path = kustomization_find(folder);
	char real[PATH_MAX];

	if (path == NULL || realpath(folder, real) == NULL) {
		kustomizer_error(kustomizer, item, NULL, "no kustomization.yaml in '%.200s'",
				 folder);
		return;
	}
	if (string_list_has(&kustomizer->open, real)) {
		kustomizer_error(kustomizer, item, NULL, "'%.200s' is part of itself", folder);
		return;
	}
	if (kustomizer->open.count >= DEPTH_MAX || ++kustomizer->folder_count > FOLDERS_MAX) {
		kustomizer_error(kustomizer, item, NULL, "more than 32 levels or 200 folders");
		return;
	}
	string_list_add(&kustomizer->open, real);
	build_file(kustomizer, path, folder, is_component, list);
	free(kustomizer->open.items[--kustomizer->open.count]);
}

void kustomization_build(struct kustomizer *kustomizer, const char *path, struct resource_list *ret)
{
	const char *slash = strrchr(path, '/');
	AUTO_FREE char *folder =
		slash != NULL ? xstrndup(path, (size_t)(slash - path)) : xstrdup(".");
	char real[PATH_MAX];

	if (realpath(folder[0] != '\0' ? folder : "/", real) != NULL)
		string_list_add(&kustomizer->open, real);
	build_file(kustomizer, path, folder, false, ret);
	generated_names_add_hashes(&kustomizer->store, ret);
	references_follow(&kustomizer->store, ret);
	if (kustomizer->store.is_full) {
		struct source_mark mark = {.file = kustomizer->files->items[0]};
		problem_set_code(problem_error(kustomizer->problems, mark,
					       "a kustomization of more than 1000000 values"),
				 PROBLEM_KUSTOMIZATION);
	}
}
