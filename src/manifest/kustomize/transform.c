/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/kustomize/transform.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/string_list.h"
#include "manifest/yaml_node.h"

struct field_path {
	const char *kinds; /* "Deployment StatefulSet"; NULL: all */
	const char *path;
	bool creates;
};

#define POD_OWNERS "ReplicationController Deployment ReplicaSet DaemonSet StatefulSet Job"
#define MATCHES	   "labelSelector/matchLabels"
#define AFFINITY(kind_of)                                                                          \
	"spec/template/spec/affinity/" kind_of "/preferredDuringSchedulingIgnoredDuringExecution/" \
	"podAffinityTerm/" MATCHES
#define AFFINITY_NEEDED(kind_of)                                                                   \
	"spec/template/spec/affinity/" kind_of                                                     \
	"/requiredDuringSchedulingIgnoredDuringExecution/" MATCHES

static const struct field_path template_labels[] = {
	{POD_OWNERS, "spec/template/metadata/labels", true},
	{"CronJob", "spec/jobTemplate/metadata/labels", true},
	{"CronJob", "spec/jobTemplate/spec/template/metadata/labels", true},
	{"StatefulSet", "spec/volumeClaimTemplates[]/metadata/labels", true},
};

static const struct field_path selector_labels[] = {
	{"Service ReplicationController", "spec/selector", true},
	{"Deployment ReplicaSet DaemonSet StatefulSet", "spec/selector/matchLabels", true},
	{"Deployment StatefulSet", AFFINITY("podAffinity"), false},
	{"Deployment StatefulSet", AFFINITY("podAntiAffinity"), false},
	{"Deployment StatefulSet", AFFINITY_NEEDED("podAffinity"), false},
	{"Deployment StatefulSet", AFFINITY_NEEDED("podAntiAffinity"), false},
	{"Deployment StatefulSet", "spec/template/spec/topologySpreadConstraints/" MATCHES, false},
	{"Job PodDisruptionBudget", "spec/selector/matchLabels", false},
	{"CronJob", "spec/jobTemplate/spec/selector/matchLabels", false},
	{"NetworkPolicy", "spec/podSelector/matchLabels", false},
	{"NetworkPolicy", "spec/ingress/from/podSelector/matchLabels", false},
	{"NetworkPolicy", "spec/egress/to/podSelector/matchLabels", false},
};

static const struct field_path annotations[] = {
	{NULL, "metadata/annotations", true},
	{POD_OWNERS, "spec/template/metadata/annotations", true},
	{"CronJob", "spec/jobTemplate/metadata/annotations", true},
	{"CronJob", "spec/jobTemplate/spec/template/metadata/annotations", true},
};

static bool is_one_of(const char *word, const char *words)
{
	AUTO(string_list_clear) struct string_list list = STRING_LIST_INIT;
	string_list_split(&list, words, ' ');
	return string_list_has(&list, word);
}

/* Every pair of the context into the map below the key. */
static void set_pairs(struct tree_store *store, struct yaml_node *map, const char *key,
		      void *context)
{
	const struct yaml_node *pairs = context;
	struct yaml_node *target = tree_get_map(store, map, key);

	for (size_t i = 0; target != NULL && i < pairs->pair_count; i++) {
		if (pairs->pairs[i].value->kind != YAML_SCALAR)
			continue;
		struct yaml_node *value = tree_copy(store, pairs->pairs[i].value);
		value->is_quoted = true;
		value->type = YAML_TEXT;
		tree_set(store, target, pairs->pairs[i].key->text, value);
	}
}

static void set_in(struct tree_store *store, struct resource *resource,
		   const struct field_path *paths, size_t count, const struct yaml_node *pairs)
{
	for (size_t i = 0; i < count; i++) {
		bool is_meant = paths[i].kinds == NULL ||
				(is_one_of(resource_kind(resource), paths[i].kinds) &&
				 !resource_is_custom(resource));
		if (is_meant)
			tree_visit(store, resource->root, paths[i].path, paths[i].creates,
				   set_pairs, (void *)(uintptr_t)pairs);
	}
}

void transform_labels(struct tree_store *store, struct resource_list *list,
		      const struct yaml_node *pairs, enum label_reach reach)
{
	static const struct field_path own[] = {{NULL, "metadata/labels", true}};

	for (size_t i = 0; i < list->count; i++) {
		struct resource *resource = &list->items[i];
		set_in(store, resource, own, ARRAY_SIZE(own), pairs);
		if (reach >= LABELS_TEMPLATES)
			set_in(store, resource, template_labels, ARRAY_SIZE(template_labels),
			       pairs);
		if (reach >= LABELS_SELECTORS)
			set_in(store, resource, selector_labels, ARRAY_SIZE(selector_labels),
			       pairs);
	}
}

void transform_annotations(struct tree_store *store, struct resource_list *list,
			   const struct yaml_node *pairs)
{
	for (size_t i = 0; i < list->count; i++)
		set_in(store, &list->items[i], annotations, ARRAY_SIZE(annotations), pairs);
}

/* Subjects of a binding are in the namespace, too, if nothing else is said of `default`. */
static void move_subjects(struct tree_store *store, struct resource *resource, const char *space)
{
	struct yaml_node *subjects = tree_get(resource->root, "subjects");

	for (size_t i = 0; subjects != NULL && i < subjects->item_count; i++) {
		struct yaml_node *subject = subjects->items[i];
		const char *kind = tree_get_text(subject, "kind");
		const char *name = tree_get_text(subject, "name");
		if (kind != NULL && name != NULL && strcmp(kind, "ServiceAccount") == 0 &&
		    strcmp(name, "default") == 0)
			tree_set_text(store, subject, "namespace", space);
	}
}

void transform_namespace(struct tree_store *store, struct resource_list *list, const char *space)
{
	for (size_t i = 0; i < list->count; i++) {
		struct resource *resource = &list->items[i];
		const char *kind = resource_kind(resource);
		if (strcmp(kind, "Namespace") == 0)
			resource_rename(store, resource, space);
		else if (!kind_is_cluster_wide(kind))
			resource_move(store, resource, space);
		if (strcmp(kind, "RoleBinding") == 0 || strcmp(kind, "ClusterRoleBinding") == 0)
			move_subjects(store, resource, space);
	}
}

void transform_names(struct tree_store *store, struct resource_list *list, const char *prefix,
		     const char *suffix)
{
	for (size_t i = 0; i < list->count; i++) {
		struct resource *resource = &list->items[i];
		if (is_one_of(resource_kind(resource),
			      "CustomResourceDefinition APIService Namespace"))
			continue;
		AUTO_FREE char *name = xasprintf("%s%s%s", prefix, resource_name(resource), suffix);
		resource_rename(store, resource, name);
	}
}

/* Where a reference's name ends: before its tag or digest. */
static size_t image_name_length(const char *image)
{
	const char *digest = strchr(image, '@');
	size_t length = digest != NULL ? (size_t)(digest - image) : strlen(image);
	for (size_t i = length; i > 0 && image[i - 1] != '/'; i--) {
		if (image[i - 1] == ':')
			return i - 1;
	}
	return length;
}

static char *changed_image(const char *image, const struct yaml_node *change)
{
	const char *name = tree_get_text(change, "name");
	const char *new_name = tree_get_text(change, "newName");
	const char *tag = tree_get_text(change, "newTag");
	const char *digest = tree_get_text(change, "digest");
	const char *suffix = tree_get_text(change, "tagSuffix");
	size_t length = image_name_length(image);

	if (name == NULL || strlen(name) != length || strncmp(name, image, length) != 0)
		return NULL;
	AUTO_FREE char *old_name = xstrndup(image, length);
	const char *base = new_name != NULL && new_name[0] != '\0' ? new_name : old_name;
	if (digest != NULL && digest[0] != '\0' && tag != NULL && tag[0] != '\0')
		return xasprintf("%s:%s@%s", base, tag, digest);
	if (digest != NULL && digest[0] != '\0')
		return xasprintf("%s@%s", base, digest);
	if (tag != NULL && tag[0] != '\0')
		return xasprintf("%s:%s", base, tag);
	if (suffix != NULL && image[length] == ':')
		return xasprintf("%s%.*s%s", base, (int)strcspn(image + length, "@"),
				 image + length, suffix);
	return xasprintf("%s%s", base, image + length);
}

/* The text of a key, where the change is of it. */
static void change_image(struct tree_store *store, struct yaml_node *map, const char *key,
			 const struct yaml_node *change)
{
	const char *image = tree_get_text(map, key);
	AUTO_FREE char *changed = image != NULL ? changed_image(image, change) : NULL;
	if (changed != NULL)
		tree_set_text(store, map, key, changed);
}

static void change_images(struct tree_store *store, struct yaml_node *node,
			  const struct yaml_node *change)
{
	for (size_t i = 0; i < node->item_count; i++)
		change_images(store, node->items[i], change);
	for (size_t i = 0; i < node->pair_count; i++) {
		struct yaml_node *value = node->pairs[i].value;
		const char *key = node->pairs[i].key->text;
		bool is_containers = is_one_of(key, "containers initContainers");
		bool is_volumes = strcmp(key, "volumes") == 0;
		for (size_t k = 0; is_containers && k < value->item_count; k++)
			change_image(store, value->items[k], "image", change);
		for (size_t k = 0; is_volumes && k < value->item_count; k++) {
			struct yaml_node *image = tree_get(value->items[k], "image");
			if (image != NULL)
				change_image(store, image, "reference", change);
		}
		change_images(store, value, change);
	}
}

void transform_image(struct tree_store *store, struct resource_list *list,
		     const struct yaml_node *change)
{
	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(resource_kind(&list->items[i]), "CustomResourceDefinition") != 0)
			change_images(store, list->items[i].root, change);
	}
}

bool transform_replicas(struct tree_store *store, struct resource_list *list,
			const struct yaml_node *change)
{
	const char *name = tree_get_text(change, "name");
	struct yaml_node *count = tree_get(change, "count");
	bool is_found = false;

	for (size_t i = 0; name != NULL && count != NULL && i < list->count; i++) {
		struct resource *resource = &list->items[i];
		bool is_named = strcmp(resource_name(resource), name) == 0 ||
				string_list_has(&resource->old_names, name);
		if (!is_named || !is_one_of(resource_kind(resource),
					    "Deployment ReplicationController ReplicaSet "
					    "StatefulSet"))
			continue;
		struct yaml_node *spec = tree_get_map(store, resource->root, "spec");
		if (spec != NULL)
			tree_set(store, spec, "replicas", tree_copy(store, count));
		is_found = true;
	}
	return is_found;
}
