/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/volume.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/suggest.h"
#include "manifest/claim.h"
#include "manifest/container.h"
#include "manifest/loader.h"
#include "manifest/name_rules.h"
#include "manifest/read_value.h"
#include "manifest/yaml_node.h"

#define AT(member) offsetof(struct volume, member)

static void read_medium(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct volume *volume = target;
	volume->is_memory = node->kind == YAML_SCALAR && strcmp(node->text, "Memory") == 0;
	if (!volume->is_memory && (node->kind != YAML_SCALAR || node->text[0] != '\0'))
		loader_error(loader, node, NULL, "medium is Memory or empty");
}

static const struct field empty_dir_list[] = {
	{"medium", FIELD_USED, read_medium, 0, NULL, "Memory; or empty: the pod's scratch disk",
	 .takes = "text"},
	{"sizeLimit", FIELD_USED, read_bytes, AT(size_limit_bytes), NULL,
	 "writing more fails, nothing is evicted"}};
static const struct field_set empty_dir_fields = {"emptyDir", empty_dir_list,
						  ARRAY_SIZE(empty_dir_list)};

static void read_empty_dir(struct loader *loader, const struct yaml_node *node, void *target)
{
	((struct volume *)target)->kind = VOLUME_EMPTY_DIR;
	loader_read_map(loader, node, &empty_dir_fields, target);
}

static void read_item_mode(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct volume_item *item = target;
	item->has_mode = true;
	read_mode(loader, node, &item->mode);
}

static const struct field items_list[] = {
	{"key", FIELD_USED, read_text, offsetof(struct volume_item, key), NULL, NULL},
	{"mode", FIELD_USED, read_item_mode, 0, NULL, NULL, .takes = "mode"},
	{"path", FIELD_USED, read_text, offsetof(struct volume_item, path), NULL, NULL}};
static const struct field_set items_fields = {"item", items_list, ARRAY_SIZE(items_list)};

static void read_items(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct volume *volume = target;
	for (size_t i = 0; i < node->item_count; i++) {
		struct volume_item *item = ARRAY_APPEND(volume->items, volume->item_count);
		item->mark = loader_mark_of(loader, node->items[i], "key");
		loader_read_map(loader, node->items[i], &items_fields, item);
		loader_wants_text(loader, node->items[i], "key", "key: one of its keys");
		loader_wants_text(loader, node->items[i], "path", "path: a file below the mount");
		item->key = item->key ? item->key : xstrdup("");
		item->path = item->path ? item->path : xstrdup("");
	}
}

/* Where the name of what the volume shows stands; without one it shows nothing. */
static void want_reference(struct loader *loader, const struct yaml_node *node,
			   struct volume *volume, const char *key)
{
	AUTO_FREE char *hint = xasprintf("%s: …", key);
	volume->ref_mark = loader_mark_of(loader, node, key);
	if (volume->ref_name == NULL && node->kind == YAML_MAP)
		loader_missing(loader, node, key, hint);
}

static const struct field config_map_list[] = {
	{"defaultMode", FIELD_USED, read_mode, AT(default_mode), NULL, NULL},
	{"items", FIELD_USED, read_items, 0, &items_fields, NULL, .is_list = true},
	{"name", FIELD_USED, read_text, AT(ref_name), NULL, NULL},
	{"optional", FIELD_USED, read_bool, AT(is_optional), NULL, NULL}};
static const struct field_set config_map_fields = {"configMap volume", config_map_list,
						   ARRAY_SIZE(config_map_list)};

static void read_config_map(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct volume *volume = target;
	volume->kind = VOLUME_CONFIG_MAP;
	loader_read_map(loader, node, &config_map_fields, target);
	want_reference(loader, node, volume, "name");
}

static const struct field secret_list[] = {
	{"defaultMode", FIELD_USED, read_mode, AT(default_mode), NULL, NULL},
	{"items", FIELD_USED, read_items, 0, &items_fields, NULL, .is_list = true},
	{"name", FIELD_USED, read_text, AT(ref_name), NULL, "in projected volumes"},
	{"optional", FIELD_USED, read_bool, AT(is_optional), NULL, NULL},
	{"secretName", FIELD_USED, read_text, AT(ref_name), NULL, NULL}};
static const struct field_set secret_fields = {"secret volume", secret_list,
					       ARRAY_SIZE(secret_list)};

static void read_secret(struct loader *loader, const struct yaml_node *node, void *target)
{
	/* A projected source says name, a volume secretName. */
	struct volume *volume = target;
	volume->kind = VOLUME_SECRET;
	loader_read_map(loader, node, &secret_fields, target);
	want_reference(loader, node, volume,
		       yaml_get(node, "name") != NULL ? "name" : "secretName");
}

static const struct field host_path_list[] = {
	{"path", FIELD_USED, read_text, AT(host_path), NULL, "relative ones start at the manifest"},
	{"type", FIELD_USED, read_text, AT(host_path_type), NULL,
	 "as in Kubernetes; sockets and devices are refused: they do not reach into a VM"}};
static const struct field_set host_path_fields = {"hostPath", host_path_list,
						  ARRAY_SIZE(host_path_list)};

static void check_host_path_type(struct loader *loader, const struct yaml_node *type)
{
	static const char *const known[] = {"",		  "Directory",	  "DirectoryOrCreate",
					    "File",	  "FileOrCreate", "Socket",
					    "CharDevice", "BlockDevice"};
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;

	if (type == NULL || type->kind != YAML_SCALAR)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		if (strcmp(type->text, known[i]) == 0)
			return;
		string_list_add(&names, known[i]);
	}
	const char *nearest = suggest_nearest(type->text, &names);
	loader_error(loader, type,
		     nearest != NULL ? nearest
				     : "Directory, DirectoryOrCreate, File or FileOrCreate",
		     "type: '%.40s' is no type of a hostPath", type->text);
}

static void read_host_path(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct volume *volume = target;
	volume->kind = VOLUME_HOST_PATH;
	loader_read_map(loader, node, &host_path_fields, target);
	if (volume->host_path == NULL && node->kind == YAML_MAP)
		loader_missing(loader, node, "path", "path: ./data");
	check_host_path_type(loader, yaml_get(node, "type"));
}

static const struct field claim_list[] = {
	{"claimName", FIELD_USED, read_text, AT(ref_name), NULL, NULL},
	{"readOnly", FIELD_USED, read_bool, AT(is_read_only), NULL, NULL}};
static const struct field_set claim_fields = {"persistentVolumeClaim volume", claim_list,
					      ARRAY_SIZE(claim_list)};

static void read_claim(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct volume *volume = target;
	volume->kind = VOLUME_CLAIM;
	loader_read_map(loader, node, &claim_fields, target);
	want_reference(loader, node, volume, "claimName");
}

static const struct field field_path_list[] = {
	{"apiVersion", FIELD_USED, read_field_version, 0, NULL, NULL, .takes = "v1"},
	{"fieldPath", FIELD_USED, read_text, offsetof(struct volume_item, key), NULL, NULL}};
static const struct field_set field_path_fields = {"fieldRef", field_path_list,
						   ARRAY_SIZE(field_path_list)};

static void read_field_path(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct volume_item *item = target;
	loader_read_map(loader, node, &field_path_fields, item);
	if (item->key == NULL) {
		if (node->kind == YAML_MAP)
			loader_missing(loader, node, "fieldPath", "fieldPath: metadata.labels");
		return;
	}
	/* A file, other than a variable, can hold all of them. */
	bool is_all = strcmp(item->key, "metadata.labels") == 0 ||
		      strcmp(item->key, "metadata.annotations") == 0;
	if (!is_all && !field_path_is_known(item->key))
		loader_error(loader, yaml_get(node, "fieldPath"),
			     "metadata.name, metadata.labels, status.podIP …",
			     "fieldPath: '%.80s' is not known", item->key);
}

static const struct field resource_path_list[] = {
	{"containerName", FIELD_USED, read_text, offsetof(struct volume_item, container), NULL,
	 NULL},
	{"divisor", FIELD_USED, read_scalar, offsetof(struct volume_item, divisor), NULL, NULL},
	{"resource", FIELD_USED, read_text, offsetof(struct volume_item, key), NULL, NULL}};
static const struct field_set resource_path_fields = {"resourceFieldRef", resource_path_list,
						      ARRAY_SIZE(resource_path_list)};

static void read_resource_path(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct volume_item *item = target;
	loader_read_map(loader, node, &resource_path_fields, item);
	if (node->kind != YAML_MAP)
		return;
	/* A volume belongs to no container that could be meant. */
	loader_wants_text(loader, node, "containerName", "containerName: one of this pod");
	loader_wants_text(loader, node, "resource", "resource: limits.memory");
	check_divisor(loader, node, item->key, item->divisor);
}

static const struct field downward_items_list[] = {
	{"fieldRef", FIELD_USED, read_field_path, 0, &field_path_fields, NULL},
	{"mode", FIELD_USED, read_item_mode, 0, NULL, NULL, .takes = "mode"},
	{"path", FIELD_USED, read_text, offsetof(struct volume_item, path), NULL, NULL},
	{"resourceFieldRef", FIELD_USED, read_resource_path, 0, &resource_path_fields, NULL}};
static const struct field_set downward_items_fields = {"downwardAPI item", downward_items_list,
						       ARRAY_SIZE(downward_items_list)};

static void check_downward_source(struct loader *loader, const struct yaml_node *node)
{
	bool has_field = !yaml_is_null(yaml_get(node, "fieldRef"));
	bool has_resource = !yaml_is_null(yaml_get(node, "resourceFieldRef"));
	if (node->kind == YAML_MAP && has_field == has_resource)
		loader_error(loader, node,
			     has_field ? "keep one of them"
				       : "fieldRef: {fieldPath: metadata.labels}",
			     has_field ? "the item has both fieldRef and resourceFieldRef"
				       : "the item has neither fieldRef nor resourceFieldRef");
}

static void read_downward_items(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct volume *volume = target;
	for (size_t i = 0; i < node->item_count; i++) {
		struct volume_item *item = ARRAY_APPEND(volume->items, volume->item_count);
		item->mark = loader_mark_of(loader, node->items[i], "path");
		loader_read_map(loader, node->items[i], &downward_items_fields, item);
		loader_wants_text(loader, node->items[i], "path", "path: a file below the mount");
		check_downward_source(loader, node->items[i]);
		item->key = item->key ? item->key : xstrdup("");
		item->path = item->path ? item->path : xstrdup("");
	}
}

static const struct field downward_list[] = {
	{"defaultMode", FIELD_USED, read_mode, AT(default_mode), NULL, NULL},
	{"items", FIELD_USED, read_downward_items, 0, &downward_items_fields, NULL,
	 .is_list = true}};
static const struct field_set downward_fields = {"downwardAPI", downward_list,
						 ARRAY_SIZE(downward_list)};

static void read_downward(struct loader *loader, const struct yaml_node *node, void *target)
{
	((struct volume *)target)->kind = VOLUME_DOWNWARD;
	loader_read_map(loader, node, &downward_fields, target);
}

static const struct field sources_list[] = {
	{"clusterTrustBundle", FIELD_REFUSED, NULL, 0, NULL, "there is no cluster to ask"},
	{"configMap", FIELD_USED, read_config_map, 0, &config_map_fields, NULL},
	{"downwardAPI", FIELD_USED, read_downward, 0, &downward_fields, NULL},
	{"secret", FIELD_USED, read_secret, 0, &secret_fields, NULL},
	{"serviceAccountToken", FIELD_REFUSED, NULL, 0, NULL, "there is no API server to ask"}};
static const struct field_set sources_fields = {"projected source", sources_list,
						ARRAY_SIZE(sources_list)};

static void read_sources(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct volume *volume = target;
	for (size_t i = 0; i < node->item_count; i++) {
		struct volume *source = ARRAY_APPEND(volume->sources, volume->source_count);
		source->mark = loader_mark(loader, node->items[i]);
		source->default_mode = 0644;
		loader_read_map(loader, node->items[i], &sources_fields, source);
	}
}

static const struct field projected_list[] = {
	{"defaultMode", FIELD_USED, read_mode, AT(default_mode), NULL, NULL},
	{"sources", FIELD_USED, read_sources, 0, &sources_fields, NULL, .is_list = true}};
static const struct field_set projected_fields = {"projected volume", projected_list,
						  ARRAY_SIZE(projected_list)};

static void read_projected(struct loader *loader, const struct yaml_node *node, void *target)
{
	((struct volume *)target)->kind = VOLUME_PROJECTED;
	loader_read_map(loader, node, &projected_fields, target);
}

static const struct field image_list[] = {
	{"pullPolicy", FIELD_USED, read_choice, AT(pull_policy), NULL,
	 "default IfNotPresent, also for :latest: up --pull asks again",
	 "not asked: the image is in the disk", .choices = "IfNotPresent|Always|Never"},
	{"reference", FIELD_USED, read_text, AT(image), NULL,
	 "as the image of a container; layers that both have are in the disk once"}};
static const struct field_set image_fields = {"image volume", image_list, ARRAY_SIZE(image_list)};

static void read_image(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct volume *volume = target;
	volume->kind = VOLUME_IMAGE;
	loader_read_map(loader, node, &image_fields, target);
	volume->ref_mark = loader_mark_of(loader, node, "reference");
	loader_wants_text(loader, node, "reference", "reference: registry.example/assets:1");
	if (volume->image == NULL)
		volume->image = xstrdup("");
}

static const char host_only[] = "use persistentVolumeClaim, emptyDir or hostPath";

static const struct field volume_field_list[] = {
	{"awsElasticBlockStore", FIELD_REFUSED, NULL, 0, NULL, host_only},
	{"azureDisk", FIELD_REFUSED, NULL, 0, NULL, host_only},
	{"azureFile", FIELD_REFUSED, NULL, 0, NULL, host_only},
	{"cephfs", FIELD_REFUSED, NULL, 0, NULL, host_only},
	{"cinder", FIELD_REFUSED, NULL, 0, NULL, host_only},
	{"configMap", FIELD_USED, read_config_map, 0, &config_map_fields,
	 "configuration: files, never in the image"},
	{"csi", FIELD_REFUSED, NULL, 0, NULL, host_only},
	{"downwardAPI", FIELD_USED, read_downward, 0, &downward_fields, NULL},
	{"emptyDir", FIELD_USED, read_empty_dir, 0, &empty_dir_fields,
	 "inside the VM; gone with it"},
	{"ephemeral", FIELD_USED, read_ephemeral, 0, &ephemeral_fields,
	 "a part of the pod's scratch disk, as large as its claim says; gone with the VM"},
	{"fc", FIELD_REFUSED, NULL, 0, NULL, host_only},
	{"flexVolume", FIELD_REFUSED, NULL, 0, NULL, host_only},
	{"flocker", FIELD_REFUSED, NULL, 0, NULL, host_only},
	{"gcePersistentDisk", FIELD_REFUSED, NULL, 0, NULL, host_only},
	{"gitRepo", FIELD_REFUSED, NULL, 0, NULL, "use an init container that clones"},
	{"glusterfs", FIELD_REFUSED, NULL, 0, NULL, host_only},
	{"hostPath", FIELD_USED, read_host_path, 0, &host_path_fields,
	 "a live mount; makes the pod dirty for promote"},
	{"image", FIELD_USED, read_image, 0, &image_fields,
	 "an image's files, in the pod's disk: read only, nothing in it is run"},
	{"iscsi", FIELD_REFUSED, NULL, 0, NULL, host_only},
	{"name", FIELD_USED, read_name, AT(name), NULL, NULL},
	{"nfs", FIELD_REFUSED, NULL, 0, NULL, host_only},
	{"persistentVolumeClaim", FIELD_USED, read_claim, 0, &claim_fields,
	 "a disk that survives down"},
	{"photonPersistentDisk", FIELD_REFUSED, NULL, 0, NULL, host_only},
	{"portworxVolume", FIELD_REFUSED, NULL, 0, NULL, host_only},
	{"projected", FIELD_USED, read_projected, 0, &projected_fields, NULL},
	{"quobyte", FIELD_REFUSED, NULL, 0, NULL, host_only},
	{"rbd", FIELD_REFUSED, NULL, 0, NULL, host_only},
	{"scaleIO", FIELD_REFUSED, NULL, 0, NULL, host_only},
	{"secret", FIELD_USED, read_secret, 0, &secret_fields,
	 "configuration: files, never in the image"},
	{"storageos", FIELD_REFUSED, NULL, 0, NULL, host_only},
	{"vsphereVolume", FIELD_REFUSED, NULL, 0, NULL, host_only},
};
const struct field_set volume_fields = {"volume", volume_field_list, ARRAY_SIZE(volume_field_list)};

/* All keys but the name say what the volume is; there is one of them. */
static void check_source(struct loader *loader, const struct yaml_node *node)
{
	size_t count = 0;
	for (size_t i = 0; node->kind == YAML_MAP && i < node->pair_count; i++) {
		const struct yaml_pair *pair = &node->pairs[i];
		count += strcmp(pair->key->text, "name") != 0 && !yaml_is_null(pair->value) ? 1 : 0;
	}
	/* As API servers do; "emptyDir:" with nothing after it is the common case. */
	if (count == 0 && node->kind == YAML_MAP && node->pair_count < 2)
		loader_warn(loader, node, "the volume does not say what it is: an emptyDir");
	if (count > 1)
		loader_error(loader, node, "keep one of them", "the volume is two things at once");
}

void read_volumes(struct loader *loader, const struct yaml_node *node, struct volume **array,
		  size_t *count)
{
	for (size_t i = 0; i < node->item_count; i++) {
		struct volume *volume = ARRAY_APPEND(*array, *count);
		volume->mark = loader_mark(loader, node->items[i]);
		volume->default_mode = 0644;
		loader_read_map(loader, node->items[i], &volume_fields, volume);
		check_source(loader, node->items[i]);
		loader_wants_text(loader, node->items[i], "name", "name: data");
		if (volume->name == NULL) {
			volume->name = xstrdup("");
		}
	}
}
#undef AT
