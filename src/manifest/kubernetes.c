/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/cleanup.h"
#include "manifest/loader.h"

/* metadata of an object, or of a template inside one */
struct metadata {
	char *name;
	char *namespace_name;
	struct key_value *labels;
	size_t label_count;
	struct key_value *annotations;
	size_t annotation_count;
};

static void read_labels(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct metadata *metadata = target;
	read_key_values(loader, node, &metadata->labels, &metadata->label_count);
}

static void read_annotations(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct metadata *metadata = target;
	read_key_values(loader, node, &metadata->annotations, &metadata->annotation_count);
}

static const struct field metadata_field_list[] = {
	{"annotations", FIELD_USED, read_annotations, 0, NULL, NULL},
	{"creationTimestamp", FIELD_NO_EFFECT, NULL, 0, NULL, NULL},
	{"finalizers", FIELD_NO_EFFECT, NULL, 0, NULL, NULL},
	{"generateName", FIELD_REFUSED, NULL, 0, NULL, "give it a name"},
	{"generation", FIELD_NO_EFFECT, NULL, 0, NULL, NULL},
	{"labels", FIELD_USED, read_labels, 0, NULL, NULL},
	{"managedFields", FIELD_NO_EFFECT, NULL, 0, NULL, NULL},
	{"name", FIELD_USED, read_text, offsetof(struct metadata, name), NULL, NULL},
	{"namespace", FIELD_USED, read_name, offsetof(struct metadata, namespace_name), NULL, NULL},
	{"ownerReferences", FIELD_NO_EFFECT, NULL, 0, NULL, NULL},
	{"resourceVersion", FIELD_NO_EFFECT, NULL, 0, NULL, NULL},
	{"selfLink", FIELD_NO_EFFECT, NULL, 0, NULL, NULL},
	{"uid", FIELD_NO_EFFECT, NULL, 0, NULL, NULL},
};
static const struct field_set metadata_fields = {"metadata", metadata_field_list,
						 ARRAY_SIZE(metadata_field_list)};

static void free_pairs(struct key_value *pairs, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(pairs[i].key);
		free(pairs[i].value);
	}
	free(pairs);
}

static void metadata_clear(struct metadata *metadata)
{
	free(metadata->name);
	free(metadata->namespace_name);
	free_pairs(metadata->labels, metadata->label_count);
	free_pairs(metadata->annotations, metadata->annotation_count);
}

static void read_metadata(struct loader *loader, const struct yaml_node *root,
			  struct metadata *metadata, bool wants_name)
{
	const struct yaml_node *node = yaml_get(root, "metadata");
	if (node != NULL)
		loader_read_map(loader, node, &metadata_fields, metadata);
	if (!wants_name)
		return;
	if (metadata->name == NULL)
		loader_error(loader, node ? node : root, NULL, "metadata.name is missing");
	else if (!name_is_valid(metadata->name) && strchr(metadata->name, '.') == NULL)
		loader_error(loader, yaml_get(node, "name"),
			     "lower-case letters, digits and '-', at most 63 (RFC 1123)",
			     "'%.80s' is no valid name", metadata->name);
	if (metadata->namespace_name == NULL)
		metadata->namespace_name = xstrdup("default");
}

/* A workload being read: the pod, and what stands around its template. */
struct workload {
	struct pod_spec *pod;
	const struct yaml_node *selector;
};

static void read_template(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct workload *workload = target;
	struct pod_spec *pod = workload->pod;
	AUTO(metadata_clear) struct metadata metadata = {0};

	read_metadata(loader, node, &metadata, false);
	pod->labels = metadata.labels;
	pod->label_count = metadata.label_count;
	pod->annotations = metadata.annotations;
	pod->annotation_count = metadata.annotation_count;
	metadata.labels = NULL;
	metadata.annotations = NULL;
	metadata.label_count = metadata.annotation_count = 0;
	for (size_t i = 0; node->kind == YAML_MAP && i < node->pair_count; i++) {
		const struct yaml_node *key = node->pairs[i].key;
		if (strcmp(key->text, "spec") == 0)
			loader_read_map(loader, node->pairs[i].value, &pod_fields, pod);
		else if (strcmp(key->text, "metadata") != 0)
			loader_error(loader, key, "metadata and spec",
				     "unknown field '%.80s' in a template", key->text);
	}
}

static void read_replicas(struct loader *loader, const struct yaml_node *node, void *target)
{
	read_u32(loader, node, &((struct workload *)target)->pod->replicas);
}

static void read_selector(struct loader *loader, const struct yaml_node *node, void *target)
{
	(void)loader;
	((struct workload *)target)->selector = node;
}

static void read_strategy(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct pod_spec *pod = ((struct workload *)target)->pod;
	const struct yaml_node *type = yaml_get(node, "type");
	(void)loader;
	pod->is_recreate =
		type != NULL && type->text != NULL && strcmp(type->text, "Recreate") == 0;
}

static void read_service_name(struct loader *loader, const struct yaml_node *node, void *target)
{
	read_text(loader, node, &((struct workload *)target)->pod->service_name);
}

static void read_backoff(struct loader *loader, const struct yaml_node *node, void *target)
{
	read_u32(loader, node, &((struct workload *)target)->pod->job_backoff_limit);
}

static void read_deadline(struct loader *loader, const struct yaml_node *node, void *target)
{
	read_u64(loader, node, &((struct workload *)target)->pod->active_deadline_s);
}

static void read_one_claim(struct loader *loader, const struct yaml_node *root, struct claim *claim)
{
	AUTO(metadata_clear) struct metadata metadata = {0};
	read_metadata(loader, root, &metadata, true);
	claim->name = metadata.name ? TAKE_PTR(metadata.name) : xstrdup("");
	claim->mark = loader_mark(loader, root);
	const struct yaml_node *spec = yaml_get(root, "spec");
	if (spec == NULL)
		loader_error(loader, root, NULL, "the claim has no spec");
	else
		read_claim_spec(loader, spec, claim);
}

static void read_claim_templates(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct pod_spec *pod = ((struct workload *)target)->pod;
	for (size_t i = 0; node->kind == YAML_LIST && i < node->item_count; i++)
		read_one_claim(loader, node->items[i],
			       ARRAY_APPEND(pod->claim_templates, pod->claim_template_count));
}

/* All workloads share one table; what a kind does not have is not told apart yet. */
static const struct field workload_field_list[] = {
	{"activeDeadlineSeconds", FIELD_USED, read_deadline, 0, NULL, "Job"},
	{"backoffLimit", FIELD_USED, read_backoff, 0, NULL, "Job; default 6"},
	{"completionMode", FIELD_NO_EFFECT, NULL, 0, NULL, NULL},
	{"completions", FIELD_NO_EFFECT, NULL, 0, NULL, "a Job runs once"},
	{"minReadySeconds", FIELD_NO_EFFECT, NULL, 0, NULL, NULL},
	{"ordinals", FIELD_NO_EFFECT, NULL, 0, NULL, NULL},
	{"parallelism", FIELD_NO_EFFECT, NULL, 0, NULL, "a Job runs once"},
	{"paused", FIELD_NO_EFFECT, NULL, 0, NULL, NULL},
	{"persistentVolumeClaimRetentionPolicy", FIELD_NO_EFFECT, NULL, 0, NULL,
	 "volumes go with down --volumes"},
	{"podManagementPolicy", FIELD_NO_EFFECT, NULL, 0, NULL, NULL},
	{"progressDeadlineSeconds", FIELD_NO_EFFECT, NULL, 0, NULL, NULL},
	{"replicas", FIELD_USED, read_replicas, 0, NULL, "VMs that boot the same image"},
	{"revisionHistoryLimit", FIELD_NO_EFFECT, NULL, 0, NULL, NULL},
	{"selector", FIELD_USED, read_selector, 0, NULL, "must match the template's labels"},
	{"serviceName", FIELD_USED, read_service_name, 0, NULL, "gives db-0.db names"},
	{"strategy", FIELD_USED, read_strategy, 0, NULL, NULL},
	{"suspend", FIELD_NO_EFFECT, NULL, 0, NULL, NULL},
	{"template", FIELD_USED, read_template, 0, &pod_fields, NULL},
	{"ttlSecondsAfterFinished", FIELD_NO_EFFECT, NULL, 0, NULL, NULL},
	{"updateStrategy", FIELD_USED, read_strategy, 0, NULL, NULL},
	{"volumeClaimTemplates", FIELD_USED, read_claim_templates, 0, NULL, NULL},
};
static const struct field_set workload_fields = {"workload spec", workload_field_list,
						 ARRAY_SIZE(workload_field_list)};

static const char *label(const struct pod_spec *pod, const char *key)
{
	for (size_t i = 0; i < pod->label_count; i++) {
		if (strcmp(pod->labels[i].key, key) == 0)
			return pod->labels[i].value;
	}
	return NULL;
}

static void check_selector(struct loader *loader, const struct workload *workload)
{
	const struct yaml_node *labels = yaml_get(workload->selector, "matchLabels");
	if (labels == NULL)
		labels = workload->selector; /* ReplicationController: a plain map */
	for (size_t i = 0; labels != NULL && labels->kind == YAML_MAP && i < labels->pair_count;
	     i++) {
		const struct yaml_node *key = labels->pairs[i].key;
		const struct yaml_node *value = labels->pairs[i].value;
		const char *has = label(workload->pod, key->text);
		if (value->kind != YAML_SCALAR)
			continue;
		if (has == NULL || strcmp(has, value->text) != 0)
			loader_error(loader, key, "give the template the same label",
				     "the selector '%s: %s' does not match the template's labels",
				     key->text, value->text);
	}
}

static void read_workload(struct loader *loader, const struct yaml_node *root, const char *kind,
			  enum workload_kind workload_kind)
{
	struct pod_spec *pod = ARRAY_APPEND(loader->app->pods, loader->app->pod_count);
	struct workload workload = {.pod = pod};
	AUTO(metadata_clear) struct metadata metadata = {0};
	const struct yaml_node *spec = yaml_get(root, "spec");

	pod_spec_init(loader, pod, root);
	read_metadata(loader, root, &metadata, true);
	pod->name = metadata.name ? TAKE_PTR(metadata.name) : xstrdup("");
	pod->namespace_name = TAKE_PTR(metadata.namespace_name);
	pod->workload = workload_kind;
	pod->kind_name = xstrdup(kind);
	if (spec == NULL) {
		loader_error(loader, root, NULL, "the %s has no spec", kind);
		return;
	}
	if (strcmp(kind, "Pod") == 0) {
		pod->labels = metadata.labels;
		pod->label_count = metadata.label_count;
		pod->annotations = metadata.annotations;
		pod->annotation_count = metadata.annotation_count;
		metadata.labels = metadata.annotations = NULL;
		metadata.label_count = metadata.annotation_count = 0;
		loader_read_map(loader, spec, &pod_fields, pod);
	} else {
		loader_read_map(loader, spec, &workload_fields, &workload);
		check_selector(loader, &workload);
	}
	pod->is_stateful = workload_kind == WORKLOAD_STATEFUL_SET;
	pod_complete(loader, pod);
}

static void add_entry(struct config_map *map, const char *key, char *bytes, size_t size)
{
	struct config_entry *entry = ARRAY_APPEND(map->entries, map->entry_count);
	entry->key = xstrdup(key);
	entry->bytes = bytes;
	entry->size = size;
}

static void read_data(struct loader *loader, const struct yaml_node *node, struct config_map *map,
		      bool is_base64)
{
	for (size_t i = 0; node != NULL && node->kind == YAML_MAP && i < node->pair_count; i++) {
		const struct yaml_node *key = node->pairs[i].key;
		const struct yaml_node *value = node->pairs[i].value;
		char *bytes = NULL;
		size_t size = 0;
		if (value->kind != YAML_SCALAR && value->kind != YAML_NULL) {
			loader_error(loader, value, "quote it, or use a block: key: |",
				     "data must be text");
			continue;
		}
		const char *text = value->text ? value->text : "";
		if (!is_base64) {
			add_entry(map, key->text, xstrdup(text), strlen(text));
			continue;
		}
		uint8_t *raw = NULL;
		if (base64_decode(text, strlen(text), &raw, &size)) {
			bytes = xmalloc(size + 1);
			memcpy(bytes, raw, size);
			bytes[size] = '\0';
			add_entry(map, key->text, bytes, size);
		} else {
			loader_error(loader, value, "plain text goes under stringData",
				     "the value of '%s' is not base64", key->text);
		}
		free(raw);
	}
}

static void read_config(struct loader *loader, const struct yaml_node *root, bool is_secret)
{
	struct config_map *map =
		ARRAY_APPEND(loader->app->config_maps, loader->app->config_map_count);
	AUTO(metadata_clear) struct metadata metadata = {0};

	read_metadata(loader, root, &metadata, true);
	map->name = metadata.name ? TAKE_PTR(metadata.name) : xstrdup("");
	map->namespace_name = TAKE_PTR(metadata.namespace_name);
	map->is_secret = is_secret;
	map->mark = loader_mark(loader, root);
	for (size_t i = 0; i < root->pair_count; i++) {
		const char *key = root->pairs[i].key->text;
		const struct yaml_node *value = root->pairs[i].value;
		if (strcmp(key, "data") == 0)
			read_data(loader, value, map, is_secret);
		else if (strcmp(key, is_secret ? "stringData" : "binaryData") == 0)
			read_data(loader, value, map, !is_secret);
		else if (is_secret && strcmp(key, "type") == 0)
			map->secret_type = xstrdup_or_null(value->text);
		else if (strcmp(key, "immutable") != 0 && strcmp(key, "apiVersion") != 0 &&
			 strcmp(key, "kind") != 0 && strcmp(key, "metadata") != 0)
			loader_error(loader, root->pairs[i].key, NULL, "unknown field '%.80s'",
				     key);
	}
}

static void read_list(struct loader *loader, const struct yaml_node *root)
{
	const struct yaml_node *items = yaml_get(root, "items");
	for (size_t i = 0; items != NULL && items->kind == YAML_LIST && i < items->item_count;
	     i++) {
		if (!read_kubernetes(loader, items->items[i]))
			loader_error(loader, items->items[i], NULL, "not a Kubernetes object");
	}
}

static void refuse_kind(struct loader *loader, const struct yaml_node *kind)
{
	static const struct {
		const char *kind;
		const char *hint;
	} known[] = {
		{"Ingress", "give the Service type: LoadBalancer, or promote with a certificate"},
		{"HorizontalPodAutoscaler", "set replicas; the cloud's group can be scaled there"},
		{"CronJob", "use a Job and your own scheduler"},
		{"NetworkPolicy", "pods reach each other only over declared Services"},
		{"PersistentVolume", "a PersistentVolumeClaim gets a disk by itself"},
		{"Role", "there is no API server to guard"},
		{"ClusterRole", "there is no API server to guard"},
		{"RoleBinding", "there is no API server to guard"},
		{"ClusterRoleBinding", "there is no API server to guard"},
		{"CustomResourceDefinition", "there is no API server to extend"},
	};
	const char *hint = "--skip-unsupported leaves such documents out";
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		if (strcmp(known[i].kind, kind->text) == 0)
			hint = known[i].hint;
	}
	if (loader->options->skip_unsupported)
		loader_note(loader, kind, "%.80s is left out: %s", kind->text, hint);
	else
		loader_error(loader, kind, hint, "kind %.80s is not supported", kind->text);
}

bool read_kubernetes(struct loader *loader, const struct yaml_node *root)
{
	static const struct {
		const char *kind;
		enum workload_kind workload;
	} workloads[] = {
		{"Deployment", WORKLOAD_DEPLOYMENT},
		{"ReplicaSet", WORKLOAD_DEPLOYMENT},
		{"DaemonSet", WORKLOAD_DEPLOYMENT},
		{"ReplicationController", WORKLOAD_DEPLOYMENT},
		{"StatefulSet", WORKLOAD_STATEFUL_SET},
		{"Pod", WORKLOAD_POD},
		{"Job", WORKLOAD_JOB},
	};
	const struct yaml_node *kind = yaml_get(root, "kind");

	if (kind == NULL || kind->kind != YAML_SCALAR || yaml_get(root, "apiVersion") == NULL)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(workloads); i++) {
		if (strcmp(workloads[i].kind, kind->text) == 0) {
			read_workload(loader, root, kind->text, workloads[i].workload);
			return true;
		}
	}
	if (strcmp(kind->text, "Service") == 0)
		read_service(loader, root);
	else if (strcmp(kind->text, "ConfigMap") == 0)
		read_config(loader, root, false);
	else if (strcmp(kind->text, "Secret") == 0)
		read_config(loader, root, true);
	else if (strcmp(kind->text, "PersistentVolumeClaim") == 0)
		read_one_claim(loader, root,
			       ARRAY_APPEND(loader->app->claims, loader->app->claim_count));
	else if (strcmp(kind->text, "List") == 0)
		read_list(loader, root);
	else if (strcmp(kind->text, "Namespace") == 0 || strcmp(kind->text, "ServiceAccount") == 0)
		loader_note(loader, kind, "%s has no effect here", kind->text);
	else
		refuse_kind(loader, kind);
	return true;
}
