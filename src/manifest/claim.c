/* SPDX-License-Identifier: Apache-2.0 */
/* PersistentVolumeClaim, alone or as a template in a StatefulSet. */
#include "manifest/claim.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "manifest/loader.h"
#include "manifest/metadata.h"
#include "manifest/read_value.h"
#include "manifest/yaml_node.h"

static void read_access_modes(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct claim *claim = target;
	AUTO(string_list_clear) struct string_list modes = STRING_LIST_INIT;
	read_text_list(loader, node, &modes);
	for (size_t i = 0; i < modes.count; i++) {
		const char *mode = modes.items[i];
		if (strcmp(mode, "ReadWriteOnce") != 0 && strcmp(mode, "ReadOnlyMany") != 0 &&
		    strcmp(mode, "ReadWriteMany") != 0 && strcmp(mode, "ReadWriteOncePod") != 0)
			loader_error(loader, node->items[i], "ReadWriteOnce",
				     "accessModes: '%.60s' is not known", mode);
	}
	claim->is_many = string_list_has(&modes, "ReadWriteMany");
	claim->is_read_only = modes.count == 1 && strcmp(modes.items[0], "ReadOnlyMany") == 0;
}

static const struct field storage_list[] = {
	{"storage", FIELD_USED, read_bytes, offsetof(struct claim, size_bytes), NULL,
	 "size of the disk, which survives down", "size of the EBS volume"}};
static const struct field_set storage_fields = {"storage request", storage_list,
						ARRAY_SIZE(storage_list)};

static void read_storage(struct loader *loader, const struct yaml_node *node, void *target)
{
	loader_read_map(loader, node, &storage_fields, target);
}

static const struct field claim_resources_list[] = {
	{"limits", FIELD_NO_EFFECT, NULL, 0, NULL, "the disk has the size of the request"},
	{"requests", FIELD_USED, read_storage, 0, &storage_fields, NULL}};
static const struct field_set claim_resources_fields = {"claim resources", claim_resources_list,
							ARRAY_SIZE(claim_resources_list),
							.type = "VolumeResourceRequirements"};

static void read_claim_resources(struct loader *loader, const struct yaml_node *node, void *target)
{
	loader_read_map(loader, node, &claim_resources_fields, target);
}

static const struct field claim_spec_list[] = {
	{"accessModes", FIELD_USED, read_access_modes, 0, NULL,
	 "ReadWriteMany in several VMs: a folder that they share (virtiofs); ReadOnlyMany: mounted "
	 "read-only; else a disk of one pod",
	 "ReadWriteMany in several: promote refuses it", .is_list = true},
	{"dataSource", FIELD_REFUSED, NULL, 0, NULL, "volumes start empty"},
	{"dataSourceRef", FIELD_REFUSED, NULL, 0, NULL, "volumes start empty"},
	{"resources", FIELD_USED, read_claim_resources, 0, &claim_resources_fields, NULL},
	{"selector", FIELD_NO_EFFECT, NULL, 0, NULL, "each claim gets a disk of its own"},
	{"storageClassName", FIELD_NO_EFFECT, read_text, offsetof(struct claim, storage_class),
	 NULL, "a claim is a plain disk; gp3 in AWS"},
	{"volumeAttributesClassName", FIELD_NO_EFFECT, NULL, 0, NULL, "the disk is a plain one"},
	{"volumeMode", FIELD_NO_EFFECT, NULL, 0, NULL, "always a file system"},
	{"volumeName", FIELD_NO_EFFECT, NULL, 0, NULL, "each claim gets a disk of its own"}};
static const struct field_set claim_spec_fields = {"persistentVolumeClaim", claim_spec_list,
						   ARRAY_SIZE(claim_spec_list),
						   .type = "PersistentVolumeClaimSpec"};

static void read_claim_spec(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct claim *claim = target;
	loader_read_map(loader, node, &claim_spec_fields, claim);
	const struct yaml_node *resources = yaml_get(node, "resources");
	const struct yaml_node *modes = yaml_get(node, "accessModes");
	if (node->kind == YAML_MAP && yaml_is_null(modes))
		loader_missing(loader, node, "accessModes", "accessModes: [ReadWriteOnce]");
	else if (modes != NULL && modes->kind == YAML_LIST && modes->item_count == 0)
		loader_error_as(loader, PROBLEM_MISSING, modes, "accessModes: [ReadWriteOnce]",
				"accessModes: it is empty");
	enum { LEAST_BYTES = 1 << 20 };
	if (claim->size_bytes > 0 && claim->size_bytes < LEAST_BYTES)
		loader_error(loader, yaml_get(yaml_get(resources, "requests"), "storage"),
			     "as in 1Gi", "storage: a disk of %llu bytes holds no file system",
			     (unsigned long long)claim->size_bytes);
	if (claim->size_bytes > 0 || node->kind != YAML_MAP)
		return;
	if (yaml_is_null(resources))
		loader_missing(loader, node, "resources", "resources: {requests: {storage: 1Gi}}");
	else
		loader_error(loader, resources, "requests: {storage: 1Gi}",
			     "the claim does not say how large it is");
}

/* A claim that begins and ends with its pod is a limited part of what begins and ends so anyway. */
static void read_ephemeral_spec(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct volume *volume = target;
	struct claim claim = {0};

	read_claim_spec(loader, node, &claim);
	volume->size_limit_bytes = claim.size_bytes;
	free(claim.storage_class);
}

static const struct field ephemeral_template_list[] = {
	{"metadata", FIELD_NO_EFFECT, NULL, 0, NULL, "there is no object of the claim"},
	{"spec", FIELD_USED, read_ephemeral_spec, 0, &claim_spec_fields, NULL}};
static const struct field_set ephemeral_template_fields = {
	"ephemeral claim", ephemeral_template_list, ARRAY_SIZE(ephemeral_template_list),
	.type = "PersistentVolumeClaimTemplate"};

static void read_ephemeral_template(struct loader *loader, const struct yaml_node *node,
				    void *target)
{
	loader_read_map(loader, node, &ephemeral_template_fields, target);
	if (node->kind == YAML_MAP && yaml_is_null(yaml_get(node, "spec")))
		loader_missing(loader, node, "spec",
			       "spec: {accessModes: [ReadWriteOnce], resources: {requests: "
			       "{storage: 1Gi}}}");
}

static const struct field ephemeral_list[] = {{"volumeClaimTemplate", FIELD_USED,
					       read_ephemeral_template, 0,
					       &ephemeral_template_fields, NULL}};
const struct field_set ephemeral_fields = {"ephemeral", ephemeral_list, ARRAY_SIZE(ephemeral_list),
					   .type = "EphemeralVolumeSource"};

void read_ephemeral(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct volume *volume = target;

	volume->kind = VOLUME_EMPTY_DIR;
	volume->is_claimed = true;
	loader_read_map(loader, node, &ephemeral_fields, volume);
	if (node->kind == YAML_MAP && yaml_is_null(yaml_get(node, "volumeClaimTemplate")))
		loader_missing(loader, node, "volumeClaimTemplate",
			       "volumeClaimTemplate: {spec: {accessModes: [ReadWriteOnce], "
			       "resources: {requests: {storage: 1Gi}}}}");
}

static const struct field claim_object_list[] = {
	{"apiVersion", FIELD_USED, NULL, 0, NULL, NULL},
	{"kind", FIELD_USED, NULL, 0, NULL, NULL},
	{"metadata", FIELD_USED, NULL, 0, &metadata_fields, NULL},
	{"spec", FIELD_USED, read_claim_spec, 0, &claim_spec_fields, NULL},
	{"status", FIELD_NO_EFFECT, NULL, 0, NULL, "written by API servers"}};
const struct field_set claim_object_fields = {"PersistentVolumeClaim", claim_object_list,
					      ARRAY_SIZE(claim_object_list)};

void read_claim_template(struct loader *loader, const struct yaml_node *root, struct claim *claim)
{
	AUTO(metadata_clear) struct metadata metadata = {0};
	read_metadata(loader, root, &metadata, true);
	claim->name = TAKE_PTR(metadata.name);
	claim->mark = loader_mark(loader, root);
	loader_read_map(loader, root, &claim_object_fields, claim);
	if (root->kind == YAML_MAP && yaml_is_null(yaml_get(root, "spec")))
		loader_missing(loader, root, "spec",
			       "spec: {accessModes: [ReadWriteOnce], resources: {requests: "
			       "{storage: 1Gi}}}");
}

void read_claim_object(struct loader *loader, const struct yaml_node *root)
{
	read_claim_template(loader, root,
			    ARRAY_APPEND(loader->app->claims, loader->app->claim_count));
}
