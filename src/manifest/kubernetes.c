/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/kubernetes.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/suggest.h"
#include "manifest/claim.h"
#include "manifest/config_object.h"
#include "manifest/endpoints.h"
#include "manifest/gateway_object.h"
#include "manifest/http_route.h"
#include "manifest/ingress.h"
#include "manifest/loader.h"
#include "manifest/metadata.h"
#include "manifest/network_policy.h"
#include "manifest/schema.h"
#include "manifest/service.h"
#include "manifest/workload.h"
#include "manifest/yaml_node.h"
#include "manifest/yaml_writer.h"

static const struct field list_list[] = {
	{"apiVersion", FIELD_USED, NULL, 0, NULL, NULL},
	{"items", FIELD_USED, NULL, 0, NULL, "objects, read one by one", .is_list = true},
	{"kind", FIELD_USED, NULL, 0, NULL, NULL},
	{"metadata", FIELD_USED, NULL, 0, NULL, NULL}};
static const struct field_set list_fields = {"List", list_list, ARRAY_SIZE(list_list)};

static void read_list(struct loader *loader, const struct yaml_node *root)
{
	const struct yaml_node *items = yaml_get(root, "items");
	loader_read_map(loader, root, &list_fields, NULL);
	for (size_t i = 0; items != NULL && i < items->item_count; i++) {
		if (yaml_is_text(yaml_get(items->items[i], "kind"), "List"))
			loader_error(loader, items->items[i], NULL, "a List inside a List");
		else if (!read_kubernetes(loader, items->items[i]))
			loader_error_as(loader, PROBLEM_NOT_A_MANIFEST, items->items[i],
					"apiVersion: v1, kind: …",
					"an item that is not a Kubernetes object");
	}
}

static const char no_server[] = "no API server here has anything to guard";
static const char no_nodes[] = "there are no nodes to schedule on";
static const char one_proxy[] = "there is one proxy here, and one load balancer in the cloud";
static const char other_route[] =
	"an Ingress or HTTPRoute leads HTTP to Services; a Service publishes other ports itself";
static const char kustomize[] = "a kustomization is built from its folder: i2kit up -f FOLDER";
static const char cluster_only[] =
	"it is for the servers and nodes of a cluster, and there are none here; remove the "
	"document";
static const char one_size[] = "replicas and i2kit scale set the number";

static const struct field plain_object_list[] = {
	{"apiVersion", FIELD_USED, NULL, 0, NULL, NULL},
	{"kind", FIELD_USED, NULL, 0, NULL, NULL},
	{"metadata", FIELD_USED, NULL, 0, &metadata_fields, NULL},
	{"spec", FIELD_NO_EFFECT, NULL, 0, NULL, "there is nothing to apply it to"},
	{"status", FIELD_NO_EFFECT, NULL, 0, NULL, "written by API servers"}};
static const struct field_set plain_object_fields = {
	"Namespace", plain_object_list, ARRAY_SIZE(plain_object_list), .type = "Namespace"};

static const struct field account_list[] = {
	{"apiVersion", FIELD_USED, NULL, 0, NULL, NULL},
	{"automountServiceAccountToken", FIELD_NO_EFFECT, NULL, 0, NULL, "there is no API server"},
	{"imagePullSecrets", FIELD_NO_EFFECT, NULL, 0, NULL,
	 "credentials come from ~/.docker/config.json"},
	{"kind", FIELD_USED, NULL, 0, NULL, NULL},
	{"metadata", FIELD_USED, NULL, 0, &metadata_fields, NULL},
	{"secrets", FIELD_NO_EFFECT, NULL, 0, NULL, "there is no API server", .is_list = true}};
static const struct field_set account_fields = {"ServiceAccount", account_list,
						ARRAY_SIZE(account_list), .type = "ServiceAccount"};

const struct kind kinds[] = {
	{"Deployment", "apps/v1 apps/v1beta2 apps/v1beta1 extensions/v1beta1", FIELD_USED,
	 read_workload, &workload_object_fields, "one image; `replicas` VMs boot it"},
	{"StatefulSet", "apps/v1 apps/v1beta2 apps/v1beta1", FIELD_USED, read_workload,
	 &workload_object_fields, "one image; each instance keeps its name and disks"},
	{"ReplicaSet", "apps/v1 apps/v1beta2 extensions/v1beta1", FIELD_USED, read_workload,
	 &workload_object_fields, "as a Deployment"},
	{"ReplicationController", "v1", FIELD_USED, read_workload, &workload_object_fields,
	 "as a Deployment"},
	{"DaemonSet", "apps/v1 apps/v1beta2 extensions/v1beta1", FIELD_USED, read_workload,
	 &workload_object_fields, "as a Deployment of one replica: this machine is the only node"},
	{"Pod", "v1", FIELD_USED, read_workload, &pod_object_fields, "one image, one VM"},
	{"Job", "batch/v1", FIELD_USED, read_workload, &workload_object_fields,
	 "one VM that runs to its end"},
	{"CronJob", "batch/v1 batch/v1beta1", FIELD_USED, read_workload, &cron_object_fields,
	 "a Job at the times of a schedule, all of one image"},
	{"Service", "v1", FIELD_USED, read_service, &service_object_fields,
	 "a name and ports in front of the ready pods; published on this machine"},
	{"Endpoints", "v1", FIELD_USED, read_endpoints, &endpoints_object_fields,
	 "the addresses outside that a Service without selector leads to"},
	{"EndpointSlice", "discovery.k8s.io/v1 discovery.k8s.io/v1beta1", FIELD_USED,
	 read_endpoint_slice, &endpoint_slice_fields,
	 "the addresses outside that a Service without selector leads to"},
	{"ConfigMap", "v1", FIELD_USED, read_config_map_object, &config_map_object_fields,
	 "configuration of pods, never in an image"},
	{"Secret", "v1", FIELD_USED, read_secret_object, &secret_object_fields,
	 "configuration of pods, never in an image"},
	{"PersistentVolumeClaim", "v1", FIELD_USED, read_claim_object, &claim_object_fields,
	 "a disk that survives down"},
	{"List", "v1", FIELD_USED, read_list, &list_fields,
	 "its items, one by one; also DeploymentList, PodList …"},
	{"Namespace", "v1", FIELD_NO_EFFECT, NULL, &plain_object_fields,
	 "a project (-p) keeps applications apart"},
	{"ServiceAccount", "v1", FIELD_NO_EFFECT, NULL, &account_fields,
	 "there is no API server to log in to"},
	{"Ingress", "networking.k8s.io/v1 networking.k8s.io/v1beta1 extensions/v1beta1", FIELD_USED,
	 read_ingress, &ingress_object_fields,
	 "HTTP by host and path to Services; published on 8080, with tls on 8443"},
	{"IngressClass", NULL, FIELD_NO_EFFECT, NULL, NULL, one_proxy},
	{"Gateway", "gateway.networking.k8s.io/v1 gateway.networking.k8s.io/v1beta1", FIELD_USED,
	 read_gateway, &gateway_object_fields, "listeners that HTTPRoutes are attached to"},
	{"HTTPRoute", "gateway.networking.k8s.io/v1 gateway.networking.k8s.io/v1beta1", FIELD_USED,
	 read_http_route, &http_route_object_fields,
	 "HTTP by host, path, method and headers to Services"},
	{"GatewayClass", NULL, FIELD_NO_EFFECT, NULL, NULL, one_proxy},
	{"ReferenceGrant", NULL, FIELD_NO_EFFECT, NULL, NULL, no_server},
	{"GRPCRoute", NULL, FIELD_REFUSED, NULL, NULL, other_route},
	{"TCPRoute", NULL, FIELD_REFUSED, NULL, NULL, other_route},
	{"TLSRoute", NULL, FIELD_REFUSED, NULL, NULL, other_route},
	{"UDPRoute", NULL, FIELD_REFUSED, NULL, NULL, other_route},
	{"VirtualService", NULL, FIELD_REFUSED, NULL, NULL, other_route},
	{"HorizontalPodAutoscaler", NULL, FIELD_NO_EFFECT, NULL, NULL, one_size},
	{"VerticalPodAutoscaler", NULL, FIELD_NO_EFFECT, NULL, NULL, one_size},
	{"PodDisruptionBudget", NULL, FIELD_NO_EFFECT, NULL, NULL, no_nodes},
	{"PriorityClass", NULL, FIELD_NO_EFFECT, NULL, NULL, no_nodes},
	{"RuntimeClass", NULL, FIELD_NO_EFFECT, NULL, NULL, no_nodes},
	{"Node", NULL, FIELD_NO_EFFECT, NULL, NULL, no_nodes},
	{"NetworkPolicy", "networking.k8s.io/v1 extensions/v1beta1", FIELD_USED,
	 read_network_policy, &policy_object_fields,
	 "who may connect to pods, and what they may reach; enforced outside the VM"},
	{"PersistentVolume", NULL, FIELD_NO_EFFECT, NULL, NULL,
	 "a PersistentVolumeClaim gets a disk by itself"},
	{"StorageClass", NULL, FIELD_NO_EFFECT, NULL, NULL,
	 "a PersistentVolumeClaim gets a disk by itself"},
	{"VolumeSnapshot", NULL, FIELD_REFUSED, NULL, NULL, "volumes start empty"},
	{"Role", NULL, FIELD_NO_EFFECT, NULL, NULL, no_server},
	{"ClusterRole", NULL, FIELD_NO_EFFECT, NULL, NULL, no_server},
	{"RoleBinding", NULL, FIELD_NO_EFFECT, NULL, NULL, no_server},
	{"ClusterRoleBinding", NULL, FIELD_NO_EFFECT, NULL, NULL, no_server},
	{"ResourceQuota", NULL, FIELD_NO_EFFECT, NULL, NULL, no_server},
	{"LimitRange", NULL, FIELD_NO_EFFECT, NULL, NULL, no_server},
	{"PodSecurityPolicy", NULL, FIELD_NO_EFFECT, NULL, NULL, no_server},
	{"MutatingWebhookConfiguration", NULL, FIELD_NO_EFFECT, NULL, NULL, no_server},
	{"ValidatingWebhookConfiguration", NULL, FIELD_NO_EFFECT, NULL, NULL, no_server},
	{"APIService", NULL, FIELD_NO_EFFECT, NULL, NULL, no_server},
	{"CustomResourceDefinition", NULL, FIELD_NO_EFFECT, NULL, NULL,
	 "there is no API server to extend"},
	{"SealedSecret", NULL, FIELD_REFUSED, NULL, NULL,
	 "its key is in a cluster; write the Secret itself, outside of version control"},
	{"ExternalSecret", NULL, FIELD_REFUSED, NULL, NULL,
	 "write the Secret itself, outside of version control"},
	{"Kustomization", NULL, FIELD_REFUSED, NULL, NULL, kustomize},
	{"Component", "kustomize.config.k8s.io/v1alpha1", FIELD_REFUSED, NULL, NULL, kustomize},
};
const size_t kind_count = ARRAY_SIZE(kinds);

/* "apps" of "apps/v1"; "" of "v1". */
static char *group_of(const char *api_version)
{
	const char *slash = strchr(api_version, '/');
	return slash == NULL ? xstrdup("") : xstrndup(api_version, (size_t)(slash - api_version));
}

static bool is_word_of(const char *word, const char *words)
{
	AUTO(string_list_clear) struct string_list list = STRING_LIST_INIT;
	string_list_split(&list, words, ' ');
	return string_list_has(&list, word);
}

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text);
	size_t end_length = strlen(end);
	return length > end_length && strcmp(text + length - end_length, end) == 0;
}

/* A group with a dot that is not Kubernetes' own is somebody's extension. */
static bool is_custom(const char *group)
{
	return strchr(group, '.') != NULL && !ends_with(group, ".k8s.io");
}

static const struct kind *find_kind(const char *name)
{
	for (size_t i = 0; i < kind_count; i++) {
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	}
	return NULL;
}

static void refuse(struct loader *loader, const struct yaml_node *node, const char *what,
		   const char *hint)
{
	if (loader->options->skip_unsupported) {
		loader_note_as(loader, PROBLEM_LEFT_OUT, node, "%.80s is left out: %s", what, hint);
		return;
	}
	AUTO_FREE char *both = xasprintf("%s (--skip-unsupported leaves it out)", hint);
	loader_error_as(loader, PROBLEM_UNSUPPORTED, node, both, "%.80s is not supported", what);
}

/* Said once for each kind; --strict makes it an error. */
static void without_effect(struct loader *loader, const struct yaml_node *node, const char *what,
			   const char *help)
{
	if (loader->options->is_strict) {
		loader_error_as(loader, PROBLEM_UNSUPPORTED, node,
				"remove the document, or leave --strict out",
				"%.120s has no effect here: %s", what, help);
		return;
	}
	if (string_list_has(&loader->noted, what))
		return;
	string_list_add(&loader->noted, what);
	loader_note_as(loader, PROBLEM_NO_EFFECT, node, "%.120s has no effect here: %s", what,
		       help);
}

/* What a kind is not known for, by the group it says it is of. */
static const char *foreign_help(const char *group)
{
	if (strcmp(group, "builtin") == 0 || ends_with(group, "kustomize.config.k8s.io"))
		return kustomize;
	if (strchr(group, '.') != NULL || is_word_of(group, "policy autoscaling extensions"))
		return cluster_only;
	return group[0] == '\0' || is_word_of(group, "apps batch")
		       ? "i2kit explain lists the kinds that are known"
		       : "it is not an object of Kubernetes; leave the file out";
}

/* A file with a kind that no API server has: Skaffold's, kind's, buildpacks' … */
static bool is_other_tools(const char *group)
{
	return group[0] != '\0' && strchr(group, '.') == NULL &&
	       !is_word_of(group, "apps batch policy autoscaling extensions");
}

static void refuse_unknown(struct loader *loader, const struct yaml_node *node, const char *group)
{
	AUTO(string_list_clear) struct string_list known = STRING_LIST_INIT;
	for (size_t i = 0; i < kind_count; i++) {
		if (kinds[i].verdict == FIELD_USED)
			string_list_add(&known, kinds[i].name);
	}
	/* Pods and Secrets may have been meant to come of it. */
	loader->has_lost = true;
	bool is_ours = group[0] == '\0' || is_word_of(group, "apps batch");
	const char *nearest = is_ours ? suggest_nearest(node->text, &known) : NULL;
	if (nearest != NULL) {
		AUTO_FREE char *hint = xasprintf("did you mean %s?", nearest);
		loader_error_as(loader, PROBLEM_UNSUPPORTED, node, hint, "kind %.60s is not known",
				node->text);
		return;
	}
	AUTO_FREE char *what = group[0] != '\0'
				       ? xasprintf("kind %.60s of %.60s", node->text, group)
				       : xasprintf("kind %.60s", node->text);
	/* A cluster's operator would act on it; what stands beside it may run without. */
	bool is_other_tool = ends_with(group, "kustomize.config.k8s.io");
	if (is_custom(group) && !is_other_tool) {
		without_effect(loader, node, what,
			       "custom resources need the operator of their cluster");
		return;
	}
	if (is_other_tools(group) && loader_is_found_in_folder(loader))
		loader_note_as(loader, PROBLEM_LEFT_OUT, node, "%.200s is not a manifest, left out",
			       loader->file);
	else
		refuse(loader, node, what, foreign_help(group));
}

/* The kind is known, and its apiVersion is not one that it has or had. */
static void wrong_version(struct loader *loader, const struct yaml_node *version,
			  const struct kind *kind)
{
	AUTO_FREE char *hint =
		xasprintf("apiVersion: %.*s", (int)strcspn(kind->versions, " "), kind->versions);
	loader->has_lost = true;
	loader_error_as(loader, PROBLEM_UNSUPPORTED, version, hint,
			"there is no %s in apiVersion '%.60s'", kind->name, version->text);
}

/* Of what has no effect the head is read all the same: a typo there is one in a cluster, too. */
static void check_plain_object(struct loader *loader, const struct yaml_node *root,
			       const struct kind *kind)
{
	AUTO(metadata_clear) struct metadata metadata = {0};
	const char *outer = loader->kind;
	loader->kind = kind->name;
	AUTO_FREE char *code = xasprintf("@%s", kind->name);
	if (kind->fields != NULL)
		loader_read_map(loader, root, kind->fields, NULL);
	else
		schema_check(loader, root, code, kind->name);
	read_metadata(loader, root, &metadata, true);
	loader->kind = outer;
}

/* helm test runs those, and helm install does not. */
static bool is_helm_test(const struct yaml_node *root)
{
	const struct yaml_node *annotations = yaml_get(yaml_get(root, "metadata"), "annotations");
	const struct yaml_node *hook = yaml_get(annotations, "helm.sh/hook");
	return hook != NULL && hook->kind == YAML_SCALAR && strncmp(hook->text, "test", 4) == 0;
}

static char *text_of(const struct yaml_node *map, const char *key, const char *otherwise)
{
	const struct yaml_node *node = yaml_get(map, key);
	return xstrdup(node != NULL && node->kind == YAML_SCALAR ? node->text : otherwise);
}

static void keep_object(struct loader *loader, const struct yaml_node *root)
{
	const struct yaml_node *metadata = yaml_get(root, "metadata");
	struct yaml_writer writer = {0};
	struct app *app = loader->app;

	if (!loader->options->keeps_objects)
		return;
	yaml_write_node(&writer, root);
	if (writer.text.size > YAML_WRITTEN_MAX)
		loader_error_as(loader, PROBLEM_LIMIT, root, "write out what the aliases name",
				"larger than 64 MiB without its aliases");
	*ARRAY_APPEND(app->objects, app->object_count) = (struct source_object){
		.kind = text_of(root, "kind", ""),
		.name = text_of(metadata, "name", ""),
		.namespace_name = text_of(metadata, "namespace", loader_namespace(loader)),
		.text = strbuf_take(&writer.text),
	};
}

static void read_object(struct loader *loader, const struct yaml_node *root,
			const struct kind *kind)
{
	const char *outer = loader->kind;
	loader->kind = kind->name;
	loader->outer[0] = kind->fields;
	loader->outer_count = kind->fields != NULL ? 1 : 0;
	kind->read(loader, root);
	loader->outer_count = 0;
	loader->kind = outer;
}

static void read_kind(struct loader *loader, const struct yaml_node *root,
		      const struct yaml_node *node, const struct yaml_node *version)
{
	AUTO_FREE char *group = group_of(version->text);
	bool is_list = ends_with(node->text, "List") && yaml_get(root, "items") != NULL;
	const struct kind *kind = find_kind(is_list ? "List" : node->text);
	bool is_version = kind != NULL && (kind->versions == NULL || is_list ||
					   is_word_of(version->text, kind->versions));
	bool is_items = kind != NULL && strcmp(kind->name, "List") == 0;
	bool is_kept = !is_items && !ends_with(group, "kustomize.config.k8s.io") &&
		       (kind != NULL || !is_other_tools(group));
	if (is_kept)
		keep_object(loader, root);
	if (kind == NULL || (!is_version && is_custom(group))) {
		refuse_unknown(loader, node, group);
	} else if (!is_version) {
		wrong_version(loader, version, kind);
	} else if (kind->verdict == FIELD_REFUSED) {
		AUTO_FREE char *what = xasprintf("kind %s", kind->name);
		refuse(loader, node, what, kind->help);
	} else if (kind->verdict == FIELD_NO_EFFECT) {
		check_plain_object(loader, root, kind);
		without_effect(loader, node, kind->name, kind->help);
	} else if (is_helm_test(root)) {
		loader_note_as(loader, PROBLEM_LEFT_OUT, node, "a test of Helm's, left out");
	} else {
		read_object(loader, root, kind);
	}
}

/* Of an object whose kind is not known nothing else is read, so a mistyped key is said here. */
static void missing_head(struct loader *loader, const struct yaml_node *root, const char *name,
			 const char *hint)
{
	AUTO(string_list_clear) struct string_list known = STRING_LIST_INIT;
	string_list_add(&known, name);
	if (!yaml_is_null(yaml_get(root, name))) {
		loader_error_as(loader, PROBLEM_WRONG_TYPE, yaml_get(root, name), hint,
				"%s: text is wanted here, not %s", name,
				yaml_describe(yaml_get(root, name)));
		return;
	}
	for (size_t i = 0; i < root->pair_count; i++) {
		const struct yaml_node *key = root->pairs[i].key;
		bool is_same = strcmp(key->text, name) == 0;
		if (is_same || suggest_nearest(key->text, &known) == NULL)
			continue;
		AUTO_FREE char *nearest = xasprintf("did you mean '%s'?", name);
		loader_error_as(loader, PROBLEM_UNKNOWN_FIELD, key, nearest,
				"unknown field '%.80s', and '%s' is missing", key->text, name);
		return;
	}
	loader_error_as(loader, PROBLEM_MISSING, root, hint, "'%s' is missing", name);
}

bool read_kubernetes(struct loader *loader, const struct yaml_node *root)
{
	const struct yaml_node *kind = yaml_get(root, "kind");
	const struct yaml_node *version = yaml_get(root, "apiVersion");

	if (yaml_is_null(kind) && yaml_is_null(version))
		return false;
	if (loader_counts_too_many(loader, root))
		return true;
	if (yaml_is_null(kind) || kind->kind != YAML_SCALAR) {
		bool is_chart = yaml_get(root, "version") != NULL && yaml_get(root, "name") != NULL;
		loader->has_lost = true;
		missing_head(loader, root, "kind",
			     is_chart ? "this is a Helm chart: helm template . | i2kit up -f -"
				      : "kind: Deployment, Pod, Service …");
		return true;
	}
	if (yaml_is_null(version) || version->kind != YAML_SCALAR) {
		const struct kind *known = find_kind(kind->text);
		const char *versions = known != NULL ? known->versions : NULL;
		AUTO_FREE char *hint = versions != NULL
					       ? xasprintf("apiVersion: %.*s",
							   (int)strcspn(versions, " "), versions)
					       : xstrdup("apiVersion: v1, apps/v1 …");
		loader->has_lost = true;
		missing_head(loader, root, "apiVersion", hint);
		return true;
	}
	if (!loader_leaves_out(loader, yaml_get(yaml_get(root, "metadata"), "namespace")))
		read_kind(loader, root, kind, version);
	return true;
}
