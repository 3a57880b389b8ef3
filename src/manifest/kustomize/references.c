/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/kustomize/references.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "manifest/yaml_node.h"

/* A field that names another object. */
struct reference {
	const char *kind;  /* of what is named */
	const char *owner; /* of the object it stands in; NULL: any that has pods */
	const char *path;  /* of an owner NULL: in the pod's spec */
};

static const struct reference pod_references[] = {
	{"ConfigMap", NULL, "volumes/configMap/name"},
	{"ConfigMap", NULL, "volumes/projected/sources/configMap/name"},
	{"ConfigMap", NULL, "containers/env/valueFrom/configMapKeyRef/name"},
	{"ConfigMap", NULL, "initContainers/env/valueFrom/configMapKeyRef/name"},
	{"ConfigMap", NULL, "containers/envFrom/configMapRef/name"},
	{"ConfigMap", NULL, "initContainers/envFrom/configMapRef/name"},
	{"Secret", NULL, "volumes/secret/secretName"},
	{"Secret", NULL, "volumes/projected/sources/secret/name"},
	{"Secret", NULL, "containers/env/valueFrom/secretKeyRef/name"},
	{"Secret", NULL, "initContainers/env/valueFrom/secretKeyRef/name"},
	{"Secret", NULL, "containers/envFrom/secretRef/name"},
	{"Secret", NULL, "initContainers/envFrom/secretRef/name"},
	{"Secret", NULL, "imagePullSecrets/name"},
	{"ServiceAccount", NULL, "serviceAccountName"},
	{"ServiceAccount", NULL, "serviceAccount"},
	{"PersistentVolumeClaim", NULL, "volumes/persistentVolumeClaim/claimName"},
	{"PriorityClass", NULL, "priorityClassName"},
	{"RuntimeClass", NULL, "runtimeClassName"},
};

static const struct reference references[] = {
	{"Secret", "ServiceAccount", "imagePullSecrets/name"},
	{"Secret", "Ingress", "spec/tls/secretName"},
	{"Service", "StatefulSet", "spec/serviceName"},
	{"Service", "Ingress", "spec/rules/http/paths/backend/serviceName"},
	{"Service", "Ingress", "spec/rules/http/paths/backend/service/name"},
	{"Service", "Ingress", "spec/backend/serviceName"},
	{"Service", "Ingress", "spec/defaultBackend/service/name"},
	{"IngressClass", "Ingress", "spec/ingressClassName"},
	{"Service", "APIService", "spec/service/name"},
	{"Service", "MutatingWebhookConfiguration", "webhooks/clientConfig/service/name"},
	{"Service", "ValidatingWebhookConfiguration", "webhooks/clientConfig/service/name"},
	{"Deployment", "HorizontalPodAutoscaler", "spec/scaleTargetRef/name"},
	{"StatefulSet", "HorizontalPodAutoscaler", "spec/scaleTargetRef/name"},
	{"ReplicaSet", "HorizontalPodAutoscaler", "spec/scaleTargetRef/name"},
	{"ReplicationController", "HorizontalPodAutoscaler", "spec/scaleTargetRef/name"},
	{"Role", "RoleBinding", "roleRef/name"},
	{"ClusterRole", "RoleBinding", "roleRef/name"},
	{"ClusterRole", "ClusterRoleBinding", "roleRef/name"},
	{"ServiceAccount", "RoleBinding", "subjects/name"},
	{"ServiceAccount", "ClusterRoleBinding", "subjects/name"},
	{"PersistentVolume", "PersistentVolumeClaim", "spec/volumeName"},
	{"StorageClass", "PersistentVolumeClaim", "spec/storageClassName"},
	{"StorageClass", "PersistentVolume", "spec/storageClassName"},
	{"StorageClass", "StatefulSet", "spec/volumeClaimTemplates/spec/storageClassName"},
};

struct follow {
	const struct resource_list *list;
	const struct resource *owner;
	const char *kind; /* of what is named */
};

/* Of what a map beside the name says: `kind` of a roleRef, `namespace` of a subject. */
static bool is_other_kind(const struct yaml_node *map, const char *kind)
{
	const char *said = tree_get_text(map, "kind");
	return said != NULL && strcmp(said, kind) != 0;
}

static void follow_one(struct tree_store *store, struct yaml_node *map, const char *key,
		       void *context)
{
	const struct follow *follow = context;
	const char *name = tree_get_text(map, key);
	const char *said = tree_get_text(map, "namespace");
	bool is_subject =
		strcmp(follow->kind, "ServiceAccount") == 0 && tree_get(map, "kind") != NULL;
	bool is_spaced = said != NULL && (is_subject || strcmp(follow->kind, "Service") == 0);
	const char *space = is_spaced ? said : resource_namespace(follow->owner);

	if (name == NULL || is_other_kind(map, follow->kind))
		return;
	const struct resource *named =
		resource_find_ever(follow->list, follow->kind, NULL, space, name);
	if (named == NULL && is_subject && !is_spaced)
		named = resource_find_ever(follow->list, follow->kind, NULL, NULL, name);
	if (named == NULL)
		return;
	if (strcmp(resource_name(named), name) != 0)
		tree_set_text(store, map, key, resource_name(named));
	if (is_spaced && strcmp(resource_namespace(named), said) != 0)
		tree_set_text(store, map, "namespace", resource_namespace(named));
}

static const char *pod_spec_of(const char *kind)
{
	if (strcmp(kind, "Pod") == 0)
		return "spec";
	return strcmp(kind, "CronJob") == 0 ? "spec/jobTemplate/spec/template/spec"
					    : "spec/template/spec";
}

static void follow_all(struct tree_store *store, struct resource_list *list, struct resource *owner)
{
	const char *kind = resource_kind(owner);
	struct follow follow = {.list = list, .owner = owner};

	for (size_t i = 0; i < ARRAY_SIZE(pod_references); i++) {
		AUTO_FREE char *path =
			xasprintf("%s/%s", pod_spec_of(kind), pod_references[i].path);
		follow.kind = pod_references[i].kind;
		tree_visit(store, owner->root, path, false, follow_one, &follow);
	}
	for (size_t i = 0; i < ARRAY_SIZE(references); i++) {
		if (strcmp(references[i].owner, kind) != 0)
			continue;
		follow.kind = references[i].kind;
		tree_visit(store, owner->root, references[i].path, false, follow_one, &follow);
	}
}

/* resourceNames of a rule, where its resources are of one kind that is here. */
static void follow_rules(struct tree_store *store, const struct resource_list *list,
			 struct resource *owner)
{
	static const char *const kinds[][2] = {{"configmaps", "ConfigMap"}, {"secrets", "Secret"}};
	struct yaml_node *rules = tree_get(owner->root, "rules");

	for (size_t r = 0; rules != NULL && r < rules->item_count; r++) {
		const struct yaml_node *resources = tree_get(rules->items[r], "resources");
		struct yaml_node *names = tree_get(rules->items[r], "resourceNames");
		for (size_t k = 0; resources != NULL && k < ARRAY_SIZE(kinds); k++) {
			bool is_meant = false;
			for (size_t i = 0; i < resources->item_count; i++)
				is_meant =
					is_meant || yaml_is_text(resources->items[i], kinds[k][0]);
			for (size_t i = 0; is_meant && names != NULL && i < names->item_count;
			     i++) {
				const struct yaml_node *name = names->items[i];
				const struct resource *named = resource_find_ever(
					list, kinds[k][1], NULL, NULL, name->text);
				if (named != NULL)
					names->items[i] =
						tree_text(store, resource_name(named), name);
			}
		}
	}
}

void references_follow(struct tree_store *store, struct resource_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		struct resource *owner = &list->items[i];
		follow_all(store, list, owner);
		if (strcmp(resource_kind(owner), "Role") == 0 ||
		    strcmp(resource_kind(owner), "ClusterRole") == 0)
			follow_rules(store, list, owner);
	}
}
