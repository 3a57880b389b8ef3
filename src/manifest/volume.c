/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "manifest/loader.h"

#define AT(member) offsetof(struct volume, member)

static void read_medium(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct volume *volume = target;
	volume->is_memory = node->kind == YAML_SCALAR && strcmp(node->text, "Memory") == 0;
	if (!volume->is_memory && (node->kind != YAML_SCALAR || node->text[0] != '\0'))
		loader_error(loader, node, NULL, "medium is Memory or empty");
}

static void read_empty_dir(struct loader *loader, const struct yaml_node *node, void *target)
{
	static const struct field fields[] = {
		{"medium", FIELD_USED, read_medium, 0, NULL, NULL},
		{"sizeLimit", FIELD_USED, read_bytes, AT(size_limit_bytes), NULL, NULL}};
	static const struct field_set set = {"emptyDir", fields, ARRAY_SIZE(fields)};
	((struct volume *)target)->kind = VOLUME_EMPTY_DIR;
	loader_read_map(loader, node, &set, target);
}

static void read_item_mode(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct volume_item *item = target;
	item->has_mode = true;
	read_mode(loader, node, &item->mode);
}

static void read_items(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct volume *volume = target;
	static const struct field fields[] = {
		{"key", FIELD_USED, read_text, offsetof(struct volume_item, key), NULL, NULL},
		{"mode", FIELD_USED, read_item_mode, 0, NULL, NULL},
		{"path", FIELD_USED, read_text, offsetof(struct volume_item, path), NULL, NULL}};
	static const struct field_set set = {"item", fields, ARRAY_SIZE(fields)};
	for (size_t i = 0; node->kind == YAML_LIST && i < node->item_count; i++) {
		struct volume_item *item = ARRAY_APPEND(volume->items, volume->item_count);
		loader_read_map(loader, node->items[i], &set, item);
		if (item->key == NULL || item->path == NULL)
			loader_error(loader, node->items[i], NULL, "an item needs key and path");
		item->key = item->key ? item->key : xstrdup("");
		item->path = item->path ? item->path : xstrdup("");
	}
}

static void read_config_map(struct loader *loader, const struct yaml_node *node, void *target)
{
	static const struct field fields[] = {
		{"defaultMode", FIELD_USED, read_mode, AT(default_mode), NULL, NULL},
		{"items", FIELD_USED, read_items, 0, NULL, NULL},
		{"name", FIELD_USED, read_text, AT(ref_name), NULL, NULL},
		{"optional", FIELD_USED, read_bool, AT(is_optional), NULL, NULL}};
	static const struct field_set set = {"configMap volume", fields, ARRAY_SIZE(fields)};
	((struct volume *)target)->kind = VOLUME_CONFIG_MAP;
	loader_read_map(loader, node, &set, target);
}

static void read_secret(struct loader *loader, const struct yaml_node *node, void *target)
{
	/* A projected source says name, a volume secretName. */
	static const struct field fields[] = {
		{"defaultMode", FIELD_USED, read_mode, AT(default_mode), NULL, NULL},
		{"items", FIELD_USED, read_items, 0, NULL, NULL},
		{"name", FIELD_USED, read_text, AT(ref_name), NULL, "in projected volumes"},
		{"optional", FIELD_USED, read_bool, AT(is_optional), NULL, NULL},
		{"secretName", FIELD_USED, read_text, AT(ref_name), NULL, NULL}};
	static const struct field_set set = {"secret volume", fields, ARRAY_SIZE(fields)};
	((struct volume *)target)->kind = VOLUME_SECRET;
	loader_read_map(loader, node, &set, target);
}

static void read_host_path(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct volume *volume = target;
	static const struct field fields[] = {
		{"path", FIELD_USED, read_text, AT(host_path), NULL,
		 "relative ones start at the manifest"},
		{"type", FIELD_USED, read_text, AT(host_path_type), NULL, NULL}};
	static const struct field_set set = {"hostPath", fields, ARRAY_SIZE(fields)};
	volume->kind = VOLUME_HOST_PATH;
	loader_read_map(loader, node, &set, target);
	if (volume->host_path == NULL)
		loader_error(loader, node, NULL, "hostPath needs a path");
}

static void read_claim(struct loader *loader, const struct yaml_node *node, void *target)
{
	static const struct field fields[] = {
		{"claimName", FIELD_USED, read_text, AT(ref_name), NULL, NULL},
		{"readOnly", FIELD_USED, read_bool, AT(is_read_only), NULL, NULL}};
	static const struct field_set set = {"persistentVolumeClaim volume", fields,
					     ARRAY_SIZE(fields)};
	((struct volume *)target)->kind = VOLUME_CLAIM;
	loader_read_map(loader, node, &set, target);
}

static void read_field_path(struct loader *loader, const struct yaml_node *node, void *target)
{
	static const struct field fields[] = {
		{"apiVersion", FIELD_USED, read_ignored, 0, NULL, NULL},
		{"fieldPath", FIELD_USED, read_text, offsetof(struct volume_item, key), NULL,
		 NULL}};
	static const struct field_set set = {"fieldRef", fields, ARRAY_SIZE(fields)};
	loader_read_map(loader, node, &set, target);
}

static void read_resource_path(struct loader *loader, const struct yaml_node *node, void *target)
{
	static const struct field fields[] = {
		{"containerName", FIELD_USED, read_text, offsetof(struct volume_item, container),
		 NULL, NULL},
		{"divisor", FIELD_USED, read_text, offsetof(struct volume_item, divisor), NULL,
		 NULL},
		{"resource", FIELD_USED, read_text, offsetof(struct volume_item, key), NULL, NULL}};
	static const struct field_set set = {"resourceFieldRef", fields, ARRAY_SIZE(fields)};
	loader_read_map(loader, node, &set, target);
}

static void read_downward_items(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct volume *volume = target;
	static const struct field fields[] = {
		{"fieldRef", FIELD_USED, read_field_path, 0, NULL, NULL},
		{"mode", FIELD_USED, read_item_mode, 0, NULL, NULL},
		{"path", FIELD_USED, read_text, offsetof(struct volume_item, path), NULL, NULL},
		{"resourceFieldRef", FIELD_USED, read_resource_path, 0, NULL, NULL}};
	static const struct field_set set = {"downwardAPI item", fields, ARRAY_SIZE(fields)};
	for (size_t i = 0; node->kind == YAML_LIST && i < node->item_count; i++) {
		struct volume_item *item = ARRAY_APPEND(volume->items, volume->item_count);
		loader_read_map(loader, node->items[i], &set, item);
		if (item->key == NULL || item->path == NULL)
			loader_error(loader, node->items[i], NULL,
				     "an item needs path and fieldRef");
		item->key = item->key ? item->key : xstrdup("");
		item->path = item->path ? item->path : xstrdup("");
	}
}

static void read_downward(struct loader *loader, const struct yaml_node *node, void *target)
{
	static const struct field fields[] = {
		{"defaultMode", FIELD_USED, read_mode, AT(default_mode), NULL, NULL},
		{"items", FIELD_USED, read_downward_items, 0, NULL, NULL}};
	static const struct field_set set = {"downwardAPI", fields, ARRAY_SIZE(fields)};
	((struct volume *)target)->kind = VOLUME_DOWNWARD;
	loader_read_map(loader, node, &set, target);
}

static void read_sources(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct volume *volume = target;
	static const struct field fields[] = {
		{"clusterTrustBundle", FIELD_REFUSED, NULL, 0, NULL, "there is no cluster to ask"},
		{"configMap", FIELD_USED, read_config_map, 0, NULL, NULL},
		{"downwardAPI", FIELD_USED, read_downward, 0, NULL, NULL},
		{"secret", FIELD_USED, read_secret, 0, NULL, NULL},
		{"serviceAccountToken", FIELD_REFUSED, NULL, 0, NULL,
		 "there is no API server to ask"}};
	static const struct field_set set = {"projected source", fields, ARRAY_SIZE(fields)};
	for (size_t i = 0; node->kind == YAML_LIST && i < node->item_count; i++) {
		struct volume *source = ARRAY_APPEND(volume->sources, volume->source_count);
		source->mark = loader_mark(loader, node->items[i]);
		source->default_mode = 0644;
		loader_read_map(loader, node->items[i], &set, source);
	}
}

static void read_projected(struct loader *loader, const struct yaml_node *node, void *target)
{
	static const struct field fields[] = {
		{"defaultMode", FIELD_USED, read_mode, AT(default_mode), NULL, NULL},
		{"sources", FIELD_USED, read_sources, 0, NULL, NULL}};
	static const struct field_set set = {"projected volume", fields, ARRAY_SIZE(fields)};
	((struct volume *)target)->kind = VOLUME_PROJECTED;
	loader_read_map(loader, node, &set, target);
}

static const char host_only[] = "use persistentVolumeClaim, emptyDir or hostPath";

static const struct field volume_field_list[] = {
	{"awsElasticBlockStore", FIELD_REFUSED, NULL, 0, NULL, host_only},
	{"configMap", FIELD_USED, read_config_map, 0, NULL,
	 "configuration: files, never in the image"},
	{"csi", FIELD_REFUSED, NULL, 0, NULL, host_only},
	{"downwardAPI", FIELD_USED, read_downward, 0, NULL, NULL},
	{"emptyDir", FIELD_USED, read_empty_dir, 0, NULL, "inside the VM; gone with it"},
	{"ephemeral", FIELD_REFUSED, NULL, 0, NULL, host_only},
	{"gcePersistentDisk", FIELD_REFUSED, NULL, 0, NULL, host_only},
	{"gitRepo", FIELD_REFUSED, NULL, 0, NULL, "use an init container that clones"},
	{"hostPath", FIELD_USED, read_host_path, 0, NULL,
	 "a live mount; makes the pod dirty for promote"},
	{"iscsi", FIELD_REFUSED, NULL, 0, NULL, host_only},
	{"name", FIELD_USED, read_name, AT(name), NULL, NULL},
	{"nfs", FIELD_REFUSED, NULL, 0, NULL, host_only},
	{"persistentVolumeClaim", FIELD_USED, read_claim, 0, NULL, "a disk that survives down"},
	{"projected", FIELD_USED, read_projected, 0, NULL, NULL},
	{"secret", FIELD_USED, read_secret, 0, NULL, "configuration: files, never in the image"},
};
static const struct field_set volume_fields = {"volume", volume_field_list,
					       ARRAY_SIZE(volume_field_list)};

void read_volumes(struct loader *loader, const struct yaml_node *node, struct volume **array,
		  size_t *count)
{
	if (node->kind != YAML_LIST) {
		loader_error(loader, node, NULL, "volumes is a list");
		return;
	}
	for (size_t i = 0; i < node->item_count; i++) {
		struct volume *volume = ARRAY_APPEND(*array, *count);
		volume->mark = loader_mark(loader, node->items[i]);
		volume->default_mode = 0644;
		loader_read_map(loader, node->items[i], &volume_fields, volume);
		if (volume->name == NULL) {
			loader_error(loader, node->items[i], NULL, "a volume needs a name");
			volume->name = xstrdup("");
		}
	}
}
#undef AT

static void read_access_modes(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct claim *claim = target;
	AUTO(string_list_clear) struct string_list modes = STRING_LIST_INIT;
	read_text_list(loader, node, &modes);
	claim->is_read_only = modes.count == 1 && strcmp(modes.items[0], "ReadOnlyMany") == 0;
}

static void read_storage(struct loader *loader, const struct yaml_node *node, void *target)
{
	static const struct field fields[] = {{"storage", FIELD_USED, read_bytes,
					       offsetof(struct claim, size_bytes), NULL, NULL}};
	static const struct field_set set = {"storage request", fields, ARRAY_SIZE(fields)};
	loader_read_map(loader, node, &set, target);
}

static void read_claim_resources(struct loader *loader, const struct yaml_node *node, void *target)
{
	static const struct field fields[] = {
		{"limits", FIELD_NO_EFFECT, NULL, 0, NULL, NULL},
		{"requests", FIELD_USED, read_storage, 0, NULL, NULL}};
	static const struct field_set set = {"claim resources", fields, ARRAY_SIZE(fields)};
	loader_read_map(loader, node, &set, target);
}

void read_claim_spec(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct claim *claim = target;
	static const struct field fields[] = {
		{"accessModes", FIELD_USED, read_access_modes, 0, NULL, NULL},
		{"dataSource", FIELD_REFUSED, NULL, 0, NULL, "volumes start empty"},
		{"resources", FIELD_USED, read_claim_resources, 0, NULL, NULL},
		{"selector", FIELD_NO_EFFECT, NULL, 0, NULL, "each claim gets a disk of its own"},
		{"storageClassName", FIELD_USED, read_text, offsetof(struct claim, storage_class),
		 NULL, "no effect locally"},
		{"volumeMode", FIELD_NO_EFFECT, NULL, 0, NULL, "always a file system"},
		{"volumeName", FIELD_NO_EFFECT, NULL, 0, NULL,
		 "each claim gets a disk of its own"}};
	static const struct field_set set = {"persistentVolumeClaim", fields, ARRAY_SIZE(fields)};
	loader_read_map(loader, node, &set, claim);
	if (claim->size_bytes == 0)
		loader_error(loader, node, "resources: {requests: {storage: 1Gi}}",
			     "the claim says no size");
}
