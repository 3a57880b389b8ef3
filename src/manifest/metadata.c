/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/metadata.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "manifest/loader.h"
#include "manifest/name_rules.h"
#include "manifest/read_value.h"
#include "manifest/yaml_node.h"

static void check_labels(struct loader *loader, const struct yaml_node *node)
{
	for (size_t i = 0; node->kind == YAML_MAP && i < node->pair_count; i++) {
		const struct yaml_node *key = node->pairs[i].key;
		const struct yaml_node *value = node->pairs[i].value;
		if (!label_key_is_valid(key->text))
			loader_error(loader, key,
				     "[example.com/]name: letters, digits, '-', '_', '.'",
				     "'%.80s' is not a valid label name", key->text);
		if (value->kind == YAML_SCALAR && !label_value_is_valid(value->text))
			loader_error(loader, value,
				     "letters, digits, '-', '_', '.', at most 63 characters",
				     "'%.80s' is not a valid label value", value->text);
	}
}

static void read_labels(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct metadata *metadata = target;
	read_key_values(loader, node, &metadata->labels, &metadata->label_count);
	check_labels(loader, node);
}

static void read_annotations(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct metadata *metadata = target;
	read_key_values(loader, node, &metadata->annotations, &metadata->annotation_count);
}

static void read_object_name(struct loader *loader, const struct yaml_node *node, void *target)
{
	read_text(loader, node, target);
	if (node->kind == YAML_SCALAR && node->type == YAML_TEXT && !name_is_subdomain(node->text))
		loader_error(loader, node, name_hint(node->text),
			     "name: '%.80s' is not a valid name", node->text);
}

static const char server_field[] = "written by API servers";

static const struct field metadata_field_list[] = {
	{"annotations", FIELD_USED, read_annotations, 0, NULL, "of a pod: for the downward API",
	 .takes = "map of texts"},
	{"creationTimestamp", FIELD_NO_EFFECT, NULL, 0, NULL, server_field},
	{"deletionGracePeriodSeconds", FIELD_NO_EFFECT, NULL, 0, NULL, server_field},
	{"deletionTimestamp", FIELD_NO_EFFECT, NULL, 0, NULL, server_field},
	{"finalizers", FIELD_NO_EFFECT, NULL, 0, NULL, server_field},
	{"generateName", FIELD_REFUSED, NULL, 0, NULL, "give it a name"},
	{"generation", FIELD_NO_EFFECT, NULL, 0, NULL, server_field},
	{"labels", FIELD_USED, read_labels, 0, NULL, "what selectors select by",
	 .takes = "map of texts"},
	{"managedFields", FIELD_NO_EFFECT, NULL, 0, NULL, server_field},
	{"name", FIELD_USED, read_object_name, offsetof(struct metadata, name), NULL,
	 "of the object; a workload's is the pod's name in every verb", .takes = "name"},
	{"namespace", FIELD_USED, read_name, offsetof(struct metadata, namespace_name), NULL,
	 "part of DNS names; names are unique over all namespaces"},
	{"ownerReferences", FIELD_NO_EFFECT, NULL, 0, NULL, server_field},
	{"resourceVersion", FIELD_NO_EFFECT, NULL, 0, NULL, server_field},
	{"selfLink", FIELD_NO_EFFECT, NULL, 0, NULL, server_field},
	{"uid", FIELD_NO_EFFECT, NULL, 0, NULL, server_field},
};
const struct field_set metadata_fields = {"metadata", metadata_field_list,
					  ARRAY_SIZE(metadata_field_list), .type = "ObjectMeta"};

static void free_pairs(struct key_value *pairs, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(pairs[i].key);
		free(pairs[i].value);
	}
	free(pairs);
}

void metadata_clear(struct metadata *metadata)
{
	free(metadata->name);
	free(metadata->namespace_name);
	free_pairs(metadata->labels, metadata->label_count);
	free_pairs(metadata->annotations, metadata->annotation_count);
}

void read_metadata(struct loader *loader, const struct yaml_node *root, struct metadata *metadata,
		   bool wants_name)
{
	const struct yaml_node *node = yaml_get(root, "metadata");
	if (node != NULL)
		loader_read_map(loader, node, &metadata_fields, metadata);
	if (!wants_name)
		return;
	if (metadata->name == NULL && node != NULL && node->kind == YAML_MAP)
		loader_missing(loader, node, "name", "metadata: {name: web}");
	else if (metadata->name == NULL)
		loader_missing(loader, root, "metadata", "metadata: {name: web}");
	if (metadata->name == NULL)
		metadata->name = xstrdup("");
	if (metadata->namespace_name == NULL)
		metadata->namespace_name = xstrdup(loader_namespace(loader));
}

void metadata_move_to_pod(struct metadata *metadata, struct pod_spec *pod)
{
	pod->labels = TAKE_PTR(metadata->labels);
	pod->label_count = metadata->label_count;
	pod->annotations = TAKE_PTR(metadata->annotations);
	pod->annotation_count = metadata->annotation_count;
	metadata->label_count = 0;
	metadata->annotation_count = 0;
}
