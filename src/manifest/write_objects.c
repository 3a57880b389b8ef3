/* SPDX-License-Identifier: Apache-2.0 */
/* Kubernetes objects around the pods. */
#include "manifest/write_objects.h"
#include "manifest/annotation.h"
#include "manifest/metadata_access.h"

#include <string.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/cleanup.h"
#include "base/utf8.h"
#include "manifest/annotation.h"
#include "manifest/cron_job.h"
#include "manifest/egress.h"
#include "manifest/pod_networks.h"
#include "manifest/start_wait.h"
#include "manifest/write_container.h"
#include "manifest/write_job.h"
#include "manifest/write_pod.h"
#include "manifest/write_short.h"
#include "manifest/yaml_writer.h"

/* Metadata stays open, for annotations. */
static void begin_head(struct yaml_writer *writer, const char *version, const char *kind,
		       const char *name, const char *namespace_name)
{
	yaml_write_document(writer);
	yaml_write_text(writer, "apiVersion", version);
	yaml_write_text(writer, "kind", kind);
	yaml_write_map(writer, "metadata");
	yaml_write_text(writer, "name", name);
	if (namespace_name != NULL && strcmp(namespace_name, "default") != 0)
		yaml_write_text(writer, "namespace", namespace_name);
}

static void write_head(struct yaml_writer *writer, const char *version, const char *kind,
		       const char *name, const char *namespace_name)
{
	begin_head(writer, version, kind, name, namespace_name);
	yaml_write_end(writer);
}

void write_claim_spec(struct yaml_writer *writer, const struct claim *claim)
{
	yaml_write_map(writer, "spec");
	yaml_write_map(writer, "accessModes");
	yaml_write_item_text(writer, claim->is_read_only ? "ReadOnlyMany"
				     : claim->is_many	 ? "ReadWriteMany"
							 : "ReadWriteOnce");
	yaml_write_end(writer);
	yaml_write_text(writer, "storageClassName", claim->storage_class);
	yaml_write_map(writer, "resources");
	yaml_write_map(writer, "requests");
	write_bytes(writer, "storage", claim->size_bytes);
	yaml_write_end(writer);
	yaml_write_end(writer);
	yaml_write_end(writer);
}

void write_claim(struct yaml_writer *writer, const struct claim *claim)
{
	write_head(writer, "v1", "PersistentVolumeClaim", claim->name, NULL);
	write_claim_spec(writer, claim);
}

/* Whether the bytes can stand in YAML as text. */
static bool is_text(const struct config_entry *entry)
{
	if (!utf8_is_valid(entry->bytes, entry->size, NULL))
		return false;
	return memchr(entry->bytes, '\0', entry->size) == NULL;
}

static void write_entries(struct yaml_writer *writer, const char *key, const struct config_map *map,
			  bool wants_text)
{
	yaml_write_map(writer, key);
	for (size_t i = 0; i < map->entry_count; i++) {
		const struct config_entry *entry = &map->entries[i];
		if (is_text(entry) != wants_text)
			continue;
		if (wants_text) {
			yaml_write_text(writer, entry->key, entry->bytes);
			continue;
		}
		AUTO_FREE char *text = base64_encode(entry->bytes, entry->size);
		yaml_write_text(writer, entry->key, text);
	}
	yaml_write_end(writer);
}

void write_config_map(struct yaml_writer *writer, const struct config_map *map)
{
	write_head(writer, "v1", map->is_secret ? "Secret" : "ConfigMap", map->name,
		   map->namespace_name);
	yaml_write_text(writer, "type", map->secret_type);
	write_entries(writer, map->is_secret ? "stringData" : "data", map, true);
	write_entries(writer, map->is_secret ? "data" : "binaryData", map, false);
}

char *service_port_name(const struct service_port *port)
{
	return xasprintf("%s-%u", port->protocol == PROTOCOL_UDP ? "udp" : "tcp",
			 (unsigned)port->port);
}

static void write_service_ports(struct yaml_writer *writer, const struct service *service)
{
	yaml_write_map(writer, "ports");
	for (size_t i = 0; i < service->port_count; i++) {
		const struct service_port *port = &service->ports[i];
		bool wants_name = port->name == NULL && service->port_count > 1;
		yaml_write_item(writer);
		yaml_write_text(writer, "name", port->name);
		/* Kubernetes wants names where there are several. */
		AUTO_FREE char *given = wants_name ? service_port_name(port) : NULL;
		yaml_write_text(writer, "name", given);
		if (port->protocol == PROTOCOL_UDP)
			yaml_write_text(writer, "protocol", "UDP");
		yaml_write_number(writer, "port", port->port);
		if (port->target_port != port->port)
			yaml_write_number(writer, "targetPort", port->target_port);
		if (port->node_port != 0)
			yaml_write_number(writer, "nodePort", port->node_port);
		if (port->outer == SERVICE_HTTP || port->outer == SERVICE_HTTPS)
			yaml_write_text(writer, "appProtocol",
					port->outer == SERVICE_HTTP ? "http" : "https");
		yaml_write_end(writer);
	}
	yaml_write_end(writer);
}

static void write_service_annotations(struct yaml_writer *writer, const struct service *service)
{
	AUTO(strbuf_clear) struct strbuf ports = STRBUF_INIT;
	for (size_t i = 0; i < service->port_count; i++) {
		const struct service_port *port = &service->ports[i];
		bool is_plain = port->outer == port->inner && port->outer != SERVICE_SSL &&
				port->certificate == NULL;
		if (is_plain && port->host_ip == NULL)
			continue;
		strbuf_append(&ports, ports.size > 0 ? " " : "");
		if (port->host_ip != NULL)
			append_host_ip(&ports, port);
		append_long_port(&ports, port);
	}
	yaml_write_map(writer, "annotations");
	yaml_write_text(writer, "i2kit/ports", ports.size > 0 ? strbuf_text(&ports) : NULL);
	yaml_write_text(writer, "i2kit/published",
			service->is_published || service->kind != SERVICE_CLUSTER_IP ||
					outside_is_given(&service->outside)
				? NULL
				: "false");
	yaml_write_end(writer);
}

/* One subset for each address, since each may have ports of its own. */
static void write_endpoints(struct yaml_writer *writer, const struct service *service)
{
	begin_head(writer, "v1", "Endpoints", service->name, service->namespace_name);
	yaml_write_end(writer);
	yaml_write_map(writer, "subsets");
	for (size_t i = 0; i < service->outside.endpoint_count; i++) {
		const struct outside_endpoint *one = &service->outside.endpoints[i];
		yaml_write_item(writer);
		yaml_write_map(writer, "addresses");
		yaml_write_item(writer);
		yaml_write_text(writer, "ip", one->ip);
		yaml_write_text(writer, "hostname", one->hostname);
		yaml_write_end(writer);
		yaml_write_end(writer);
		yaml_write_map(writer, "ports");
		for (size_t p = 0; p < one->port_count; p++) {
			const struct service_port *port = &service->ports[p];
			if (one->ports[p] == 0)
				continue;
			yaml_write_item(writer);
			yaml_write_text(writer, "name", port->name);
			if (port->protocol == PROTOCOL_UDP)
				yaml_write_text(writer, "protocol", "UDP");
			yaml_write_number(writer, "port", one->ports[p]);
			yaml_write_end(writer);
		}
		yaml_write_end(writer);
		yaml_write_end(writer);
	}
	yaml_write_end(writer);
}

void write_service(struct yaml_writer *writer, const struct app *app, const struct service *service)
{
	static const char *const types[] = {[SERVICE_CLUSTER_IP] = NULL,
					    [SERVICE_NODE_PORT] = "NodePort",
					    [SERVICE_LOAD_BALANCER] = "LoadBalancer",
					    [SERVICE_HEADLESS] = NULL,
					    [SERVICE_EXTERNAL_NAME] = "ExternalName"};
	const struct pod_spec *pod =
		service->pods.count > 0 ? app_find_pod(app, service->pods.items[0]) : NULL;

	begin_head(writer, "v1", "Service", service->name, service->namespace_name);
	write_service_annotations(writer, service);
	yaml_write_end(writer);
	yaml_write_map(writer, "spec");
	yaml_write_text(writer, "type", types[service->kind]);
	yaml_write_text(writer, "externalName", service->outside.external_name);
	if (service->kind == SERVICE_HEADLESS)
		yaml_write_text(writer, "clusterIP", "None");
	if (service->has_client_ip_affinity)
		yaml_write_text(writer, "sessionAffinity", "ClientIP");
	if (service->publish_not_ready)
		yaml_write_bool(writer, "publishNotReadyAddresses", true);
	if (service->selector_count > 0)
		yaml_write_pairs(writer, "selector", service->selector, service->selector_count);
	else if (pod != NULL)
		write_pod_selector(writer, "selector", pod);
	write_service_ports(writer, service);
	yaml_write_end(writer);
	if (service->outside.endpoint_count > 0)
		write_endpoints(writer, service);
}

/* A pod without labels gets one, so that something can select it. */
void write_pod_selector(struct yaml_writer *writer, const char *key, const struct pod_spec *pod)
{
	if (pod->label_count > 0) {
		yaml_write_pairs(writer, key, pod->labels, pod->label_count);
		return;
	}
	yaml_write_map(writer, key);
	yaml_write_text(writer, "app", pod->name);
	yaml_write_end(writer);
}

/* What the short form and Compose say; not where it is said by an annotation already. */
static void write_own(struct yaml_writer *writer, const struct pod_spec *pod, const char *key,
		      const char *value)
{
	for (size_t i = 0; i < pod->annotation_count; i++) {
		if (pod->workload == WORKLOAD_POD && strcmp(pod->annotations[i].key, key) == 0)
			return;
	}
	yaml_write_text(writer, key, value);
}

static void write_own_list(struct yaml_writer *writer, const struct pod_spec *pod, const char *key,
			   const struct string_list *words)
{
	AUTO_FREE char *joined = string_list_join(words, " ");

	write_own(writer, pod, key, words->count > 0 ? joined : NULL);
}

static void write_own_annotations(struct yaml_writer *writer, const struct app *app,
				  const struct pod_spec *pod)
{
	AUTO(string_list_clear) struct string_list egress = STRING_LIST_INIT;
	AUTO(string_list_clear) struct string_list networks = STRING_LIST_INIT;
	AUTO(string_list_clear) struct string_list waits = STRING_LIST_INIT;

	egress_words(&pod->egress, &egress);
	pod_network_words(app, pod, &networks);
	start_wait_words(pod, &waits);
	write_own(writer, pod, ANNOTATION_INSTANCE_TYPE, pod->instance_type);
	write_own_list(writer, pod, ANNOTATION_EGRESS, &egress);
	write_own_list(writer, pod, ANNOTATION_NETWORKS, &networks);
	write_own_list(writer, pod, ANNOTATION_DEPENDS_ON, &waits);
	AUTO(string_list_clear) struct string_list open = STRING_LIST_INIT;
	(void)metadata_access_names(pod, &open);
	AUTO_FREE char *open_names = string_list_join(&open, ", ");
	write_own(writer, pod, ANNOTATION_METADATA, open.count > 0 ? open_names : NULL);
}

/* app NULL: of a template, inside of its workload. */
static void write_pod_metadata(struct yaml_writer *writer, const struct app *app,
			       const struct pod_spec *pod)
{
	bool has_name = app != NULL;

	yaml_write_map(writer, "metadata");
	if (has_name)
		yaml_write_text(writer, "name", pod->name);
	if (has_name && strcmp(pod->namespace_name, "default") != 0)
		yaml_write_text(writer, "namespace", pod->namespace_name);
	write_pod_selector(writer, "labels", pod);
	yaml_write_map(writer, "annotations");
	for (size_t i = 0; i < pod->annotation_count; i++)
		yaml_write_text(writer, pod->annotations[i].key, pod->annotations[i].value);
	if (app != NULL)
		write_own_annotations(writer, app, pod);
	yaml_write_end(writer);
	yaml_write_end(writer);
}

static void write_pod_spec(struct yaml_writer *writer, const struct pod_spec *pod)
{
	yaml_write_map(writer, "spec");
	write_container_list(writer, "initContainers", pod->init_containers,
			     pod->init_container_count);
	write_container_list(writer, "containers", pod->containers, pod->container_count);
	write_pod_rest(writer, pod);
	yaml_write_end(writer);
}

/* Here it is one pod on the one machine; elsewhere it is again what was written. */
static bool is_daemon_set(const struct pod_spec *pod)
{
	return pod->workload == WORKLOAD_DEPLOYMENT && strcmp(pod->kind_name, "DaemonSet") == 0;
}

static const char *workload_name(const struct pod_spec *pod)
{
	switch (pod->workload) {
	case WORKLOAD_STATEFUL_SET:
		return "StatefulSet";
	case WORKLOAD_JOB:
		return pod->cron.schedule != NULL ? "CronJob" : "Job";
	case WORKLOAD_POD:
		return "Pod";
	case WORKLOAD_DEPLOYMENT:
		break;
	}
	return is_daemon_set(pod) ? "DaemonSet" : "Deployment";
}

static void write_claim_templates(struct yaml_writer *writer, const struct pod_spec *pod)
{
	yaml_write_map(writer, "volumeClaimTemplates");
	for (size_t i = 0; i < pod->claim_template_count; i++) {
		yaml_write_item(writer);
		yaml_write_map(writer, "metadata");
		yaml_write_text(writer, "name", pod->claim_templates[i].name);
		yaml_write_end(writer);
		write_claim_spec(writer, &pod->claim_templates[i]);
		yaml_write_end(writer);
	}
	yaml_write_end(writer);
}

static void write_set_order(struct yaml_writer *writer, const struct pod_spec *pod)
{
	if (pod->start_order == START_PARALLEL)
		yaml_write_text(writer, "podManagementPolicy", "Parallel");
	yaml_write_map(writer, "updateStrategy");
	yaml_write_map(writer, "rollingUpdate");
	if (pod->partition > 0)
		yaml_write_number(writer, "partition", pod->partition);
	if (pod->max_unavailable > 0)
		yaml_write_number(writer, "maxUnavailable", pod->max_unavailable);
	yaml_write_end(writer);
	yaml_write_end(writer);
}

/* What of the workload is not of its template. */
static void write_workload_rest(struct yaml_writer *writer, const struct pod_spec *pod)
{
	if (pod->workload == WORKLOAD_JOB) {
		write_job(writer, &pod->job);
		return;
	}
	if (!is_daemon_set(pod))
		yaml_write_number(writer, "replicas", pod->replicas);
	yaml_write_text(writer, "serviceName", pod->service_name);
	if (pod->workload == WORKLOAD_STATEFUL_SET)
		write_set_order(writer, pod);
	yaml_write_map(writer, "selector");
	write_pod_selector(writer, "matchLabels", pod);
	yaml_write_end(writer);
	if (is_daemon_set(pod))
		return;
	bool is_recreate =
		(pod->is_recreate || pod->is_stateful) && pod->workload == WORKLOAD_DEPLOYMENT;
	yaml_write_map(writer, "strategy");
	if (is_recreate) {
		yaml_write_text(writer, "type", "Recreate");
	} else if (pod->workload == WORKLOAD_DEPLOYMENT &&
		   (pod->max_surge != 1 || pod->max_unavailable != 0)) {
		yaml_write_map(writer, "rollingUpdate");
		yaml_write_number(writer, "maxSurge", pod->max_surge);
		yaml_write_number(writer, "maxUnavailable", pod->max_unavailable);
		yaml_write_end(writer);
	}
	yaml_write_end(writer);
}

void write_workload(struct yaml_writer *writer, const struct app *app, const struct pod_spec *pod)
{
	if (pod->workload == WORKLOAD_POD) {
		yaml_write_document(writer);
		yaml_write_text(writer, "apiVersion", "v1");
		yaml_write_text(writer, "kind", "Pod");
		write_pod_metadata(writer, app, pod);
		write_pod_spec(writer, pod);
		return;
	}
	begin_head(writer, pod->workload == WORKLOAD_JOB ? "batch/v1" : "apps/v1",
		   workload_name(pod), pod->name, pod->namespace_name);
	yaml_write_map(writer, "annotations");
	write_own_annotations(writer, app, pod);
	yaml_write_end(writer);
	yaml_write_end(writer);
	yaml_write_map(writer, "spec");
	if (pod->cron.schedule != NULL) {
		yaml_write_text(writer, "schedule", pod->cron.schedule);
		write_cron_rules(writer, &pod->cron);
		yaml_write_map(writer, "jobTemplate");
		yaml_write_map(writer, "spec");
	}
	write_workload_rest(writer, pod);
	yaml_write_map(writer, "template");
	write_pod_metadata(writer, NULL, pod);
	write_pod_spec(writer, pod);
	yaml_write_end(writer);
	write_claim_templates(writer, pod);
	yaml_write_end(writer);
	if (pod->cron.schedule != NULL) {
		yaml_write_end(writer);
		yaml_write_end(writer);
	}
}

bool is_host_port_service(const struct app *app, const struct service *service)
{
	const struct pod_spec *pod =
		service->pods.count > 0 ? app_find_pod(app, service->pods.items[0]) : NULL;
	return service->is_implied && pod != NULL && strcmp(pod->kind_name, "i2kit") != 0;
}

bool is_source_kept(const struct app *app)
{
	return app->object_count > 0;
}

void write_source_object(struct yaml_writer *writer, const struct source_object *object)
{
	yaml_write_document(writer);
	strbuf_append(&writer->text, object->text);
}

bool is_short_pod(const struct pod_spec *pod)
{
	return strcmp(pod->kind_name, "i2kit") == 0;
}

/* What is not among app->objects: the short form's, or all where none were kept. */
bool is_service_generated(const struct app *app, const struct service *service)
{
	return (service->is_implied || !is_source_kept(app)) && !is_host_port_service(app, service);
}

static void write_path(struct yaml_writer *writer, const struct route *route)
{
	const struct route_backend *backend = &route->backends[0];

	yaml_write_item(writer);
	yaml_write_text(writer, "path", route->path);
	yaml_write_text(writer, "pathType", route_path_words[route->path_type]);
	yaml_write_map(writer, "backend");
	yaml_write_map(writer, "service");
	yaml_write_text(writer, "name", backend->service);
	yaml_write_map(writer, "port");
	yaml_write_number(writer, "number", backend->port);
	yaml_write_end(writer);
	yaml_write_end(writer);
	yaml_write_end(writer);
	yaml_write_end(writer);
}

static void write_rules(struct yaml_writer *writer, const struct app *app, const char *owner)
{
	yaml_write_map(writer, "rules");
	for (size_t i = 0; i < app->route_count; i++) {
		const struct route *route = &app->routes[i];
		if (strcmp(route->owner, owner) != 0)
			continue;
		yaml_write_item(writer);
		yaml_write_text(writer, "host", route->host);
		yaml_write_map(writer, "http");
		yaml_write_map(writer, "paths");
		write_path(writer, route);
		yaml_write_end(writer);
		yaml_write_end(writer);
		yaml_write_end(writer);
	}
	yaml_write_end(writer);
}

static void write_route_tls(struct yaml_writer *writer, const struct app *app, const char *owner)
{
	yaml_write_map(writer, "tls");
	for (size_t i = 0; i < app->route_tls_count; i++) {
		const struct route_tls *tls = &app->route_tls[i];
		if (strcmp(tls->owner, owner) != 0)
			continue;
		yaml_write_item(writer);
		yaml_write_texts(writer, "hosts", &tls->hosts);
		/* In a cluster somebody has to make it: kubectl create secret tls. */
		AUTO_FREE char *made =
			xasprintf("%.*s-tls", (int)strcspn(owner + 5, "'"), owner + 5);
		yaml_write_text(writer, "secretName", tls->secret != NULL ? tls->secret : made);
		yaml_write_end(writer);
	}
	yaml_write_end(writer);
}

void write_pod_ingress(struct yaml_writer *writer, const struct app *app,
		       const struct pod_spec *pod)
{
	AUTO_FREE char *owner = xasprintf("pod '%s'", pod->name);
	bool is_any = false;

	for (size_t i = 0; i < app->route_count; i++)
		is_any = is_any || strcmp(app->routes[i].owner, owner) == 0;
	if (!is_any)
		return;
	write_head(writer, "networking.k8s.io/v1", "Ingress", pod->name, pod->namespace_name);
	yaml_write_map(writer, "spec");
	write_route_tls(writer, app, owner);
	write_rules(writer, app, owner);
	yaml_write_end(writer);
}

char *app_write_kubernetes(const struct app *app)
{
	struct yaml_writer writer = {0};
	bool is_kept = is_source_kept(app);

	for (size_t i = 0; i < app->object_count; i++)
		write_source_object(&writer, &app->objects[i]);
	for (size_t i = 0; !is_kept && i < app->config_map_count; i++)
		write_config_map(&writer, &app->config_maps[i]);
	for (size_t i = 0; !is_kept && i < app->claim_count; i++)
		write_claim(&writer, &app->claims[i]);
	for (size_t i = 0; i < app->pod_count; i++) {
		if (!is_kept || is_short_pod(&app->pods[i]))
			write_workload(&writer, app, &app->pods[i]);
	}
	for (size_t i = 0; i < app->service_count; i++) {
		if (is_service_generated(app, &app->services[i]))
			write_service(&writer, app, &app->services[i]);
	}
	for (size_t i = 0; i < app->pod_count; i++)
		write_pod_ingress(&writer, app, &app->pods[i]);
	return strbuf_take(&writer.text);
}
