/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/parse.h"
#include "manifest/loader.h"

/* A Service while it is read: what needs the pods waits until all documents are known. */
struct pending_service {
	struct service service;
	struct string_list target_names; /* one for each port; "" where a number was given */
	bool has_selector;
	struct key_value *selector;
	size_t selector_count;
};

static void read_target(struct loader *loader, const struct yaml_node *node, void *target)
{
	if (node->kind == YAML_SCALAR)
		read_text(loader, node, target);
	else
		loader_error(loader, node, NULL, "targetPort is a number or a name");
}

struct port_reader {
	struct service_port port;
	char *target;
	char *app_protocol;
};

static void read_service_protocol(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct service_port *port = target;
	if (node->kind == YAML_SCALAR && strcmp(node->text, "UDP") == 0)
		port->protocol = PROTOCOL_UDP;
	else if (node->kind != YAML_SCALAR || strcmp(node->text, "TCP") != 0)
		loader_error(loader, node, NULL, "protocol is TCP or UDP");
}

static void read_ports(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct pending_service *pending = target;
#define AT(member) (offsetof(struct port_reader, port) + offsetof(struct service_port, member))
	static const struct field fields[] = {
		{"appProtocol", FIELD_USED, read_text, offsetof(struct port_reader, app_protocol),
		 NULL, "http and https choose the cloud's load balancer"},
		{"name", FIELD_USED, read_text, AT(name), NULL, NULL},
		{"nodePort", FIELD_USED, read_port_number, AT(node_port), NULL, NULL},
		{"port", FIELD_USED, read_port_number, AT(port), NULL, NULL},
		{"protocol", FIELD_USED, read_service_protocol, offsetof(struct port_reader, port),
		 NULL, NULL},
		{"targetPort", FIELD_USED, read_target, offsetof(struct port_reader, target), NULL,
		 NULL},
	};
#undef AT
	static const struct field_set set = {"service port", fields, ARRAY_SIZE(fields)};
	for (size_t i = 0; node->kind == YAML_LIST && i < node->item_count; i++) {
		struct port_reader reader = {0};
		loader_read_map(loader, node->items[i], &set, &reader);
		AUTO_FREE char *target_name = reader.target;
		AUTO_FREE char *app_protocol = reader.app_protocol;
		struct service_port *port = &reader.port;
		if (port->port == 0)
			loader_error(loader, node->items[i], NULL, "a service port needs a port");
		bool is_number = target_name == NULL || parse_port(target_name, &port->target_port);
		if (target_name == NULL)
			port->target_port = port->port;
		port->outer = port->protocol == PROTOCOL_UDP ? SERVICE_UDP : SERVICE_TCP;
		if (app_protocol != NULL && strcmp(app_protocol, "http") == 0)
			port->outer = SERVICE_HTTP;
		if (app_protocol != NULL && strcmp(app_protocol, "https") == 0)
			port->outer = SERVICE_HTTPS;
		port->inner = port->outer;
		string_list_add(&pending->target_names, is_number ? "" : target_name);
		*ARRAY_APPEND(pending->service.ports, pending->service.port_count) = *port;
	}
}

static void read_service_selector(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct pending_service *pending = target;
	pending->has_selector = true;
	read_key_values(loader, node, &pending->selector, &pending->selector_count);
}

static void read_type(struct loader *loader, const struct yaml_node *node, void *target)
{
	static const char *const names[] = {"ClusterIP", "NodePort", "LoadBalancer"};
	struct service *service = target;
	for (size_t i = 0; node->kind == YAML_SCALAR && i < ARRAY_SIZE(names); i++) {
		if (strcmp(node->text, names[i]) == 0) {
			service->kind = (enum service_kind)i;
			return;
		}
	}
	loader_error(loader, node, "ClusterIP, NodePort or LoadBalancer",
		     "this type of Service is not supported");
}

static void read_cluster_ip(struct loader *loader, const struct yaml_node *node, void *target)
{
	(void)loader;
	if (node->kind == YAML_SCALAR && strcmp(node->text, "None") == 0)
		((struct service *)target)->kind = SERVICE_HEADLESS;
}

static void read_affinity(struct loader *loader, const struct yaml_node *node, void *target)
{
	(void)loader;
	if (node->kind == YAML_SCALAR && strcmp(node->text, "ClientIP") == 0)
		((struct service *)target)->has_client_ip_affinity = true;
}

#define AT(member) (offsetof(struct pending_service, service) + offsetof(struct service, member))
static const struct field service_field_list[] = {
	{"allocateLoadBalancerNodePorts", FIELD_NO_EFFECT, NULL, 0, NULL, NULL},
	{"clusterIP", FIELD_USED, read_cluster_ip, 0, NULL,
	 "None makes it headless; others are not kept"},
	{"clusterIPs", FIELD_NO_EFFECT, NULL, 0, NULL, NULL},
	{"externalIPs", FIELD_REFUSED, NULL, 0, NULL, "use --bind"},
	{"externalName", FIELD_REFUSED, NULL, 0, NULL, "use the name itself"},
	{"externalTrafficPolicy", FIELD_NO_EFFECT, NULL, 0, NULL, NULL},
	{"healthCheckNodePort", FIELD_NO_EFFECT, NULL, 0, NULL, NULL},
	{"internalTrafficPolicy", FIELD_NO_EFFECT, NULL, 0, NULL, NULL},
	{"ipFamilies", FIELD_NO_EFFECT, NULL, 0, NULL, "IPv4"},
	{"ipFamilyPolicy", FIELD_NO_EFFECT, NULL, 0, NULL, "IPv4"},
	{"loadBalancerClass", FIELD_NO_EFFECT, NULL, 0, NULL, NULL},
	{"loadBalancerIP", FIELD_NO_EFFECT, NULL, 0, NULL, NULL},
	{"loadBalancerSourceRanges", FIELD_NO_EFFECT, NULL, 0, NULL, NULL},
	{"ports", FIELD_USED, read_ports, 0, NULL, NULL},
	{"publishNotReadyAddresses", FIELD_USED, read_bool, AT(publish_not_ready), NULL, NULL},
	{"selector", FIELD_USED, read_service_selector, 0, NULL, "chooses pods by their labels"},
	{"sessionAffinity", FIELD_USED, read_affinity, 0, NULL, NULL},
	{"sessionAffinityConfig", FIELD_NO_EFFECT, NULL, 0, NULL, NULL},
	{"type", FIELD_USED, read_type, 0, NULL, NULL},
};
#undef AT
static const struct field_set service_fields = {"service spec", service_field_list,
						ARRAY_SIZE(service_field_list)};

static void free_pairs(struct key_value *pairs, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(pairs[i].key);
		free(pairs[i].value);
	}
	free(pairs);
}

void read_service(struct loader *loader, const struct yaml_node *root)
{
	struct pending_service pending = {0};
	const struct yaml_node *metadata = yaml_get(root, "metadata");
	const struct yaml_node *name = yaml_get(metadata, "name");
	const struct yaml_node *namespace_name = yaml_get(metadata, "namespace");
	const struct yaml_node *spec = yaml_get(root, "spec");
	struct service *service = &pending.service;

	service->mark = loader_mark(loader, root);
	service->namespace_name =
		xstrdup(namespace_name && namespace_name->text ? namespace_name->text : "default");
	if (name == NULL || name->kind != YAML_SCALAR || !name_is_valid(name->text))
		loader_error(loader, name ? name : root, NULL,
			     "a Service needs a valid metadata.name");
	service->name = xstrdup(name && name->text ? name->text : "");
	if (spec != NULL)
		loader_read_map(loader, spec, &service_fields, &pending);
	else
		loader_error(loader, root, NULL, "the Service has no spec");
	/* What waits for the pods goes along with the service, taken off again by
	 * services_complete(). */
	service->selector = pending.selector;
	service->selector_count = pending.selector_count;
	service->target_names = pending.target_names;
	if (!pending.has_selector && spec != NULL)
		loader_error(loader, spec, "a selector of the labels of its pods",
			     "a Service without a selector has nobody behind it");
	*ARRAY_APPEND(loader->app->services, loader->app->service_count) = *service;
}

static bool labels_match(const struct pod_spec *pod, const struct service *service)
{
	for (size_t i = 0; i < service->selector_count; i++) {
		bool is_there = false;
		for (size_t k = 0; k < pod->label_count && !is_there; k++)
			is_there = strcmp(pod->labels[k].key, service->selector[i].key) == 0 &&
				   strcmp(pod->labels[k].value, service->selector[i].value) == 0;
		if (!is_there)
			return false;
	}
	return service->selector_count > 0;
}

static uint16_t port_by_name(const struct pod_spec *pod, const char *name)
{
	for (size_t c = 0; c < pod->container_count; c++) {
		const struct container_spec *container = &pod->containers[c];
		for (size_t i = 0; i < container->port_count; i++) {
			if (container->ports[i].name != NULL &&
			    strcmp(container->ports[i].name, name) == 0)
				return container->ports[i].port;
		}
	}
	return 0;
}

static void resolve_targets(struct loader *loader, struct service *service)
{
	for (size_t i = 0; i < service->port_count && service->pods.count > 0; i++) {
		const char *name = service->target_names.items[i];
		if (name[0] == '\0')
			continue;
		const struct pod_spec *pod = app_find_pod(loader->app, service->pods.items[0]);
		service->ports[i].target_port = port_by_name(pod, name);
		if (service->ports[i].target_port == 0)
			loader_error_at(loader, &service->mark, NULL,
					"Service '%s': pod '%s' has no port named '%s'",
					service->name, pod->name, name);
	}
}

static void complete_service(struct loader *loader, struct service *service)
{
	const struct app *app = loader->app;

	for (size_t p = 0; p < app->pod_count; p++) {
		if (strcmp(app->pods[p].namespace_name, service->namespace_name) == 0 &&
		    labels_match(&app->pods[p], service))
			string_list_add(&service->pods, app->pods[p].name);
	}
	if (service->pods.count == 0 && service->selector_count > 0)
		loader_error_at(loader, &service->mark,
				"compare its selector with the pods' labels",
				"Service '%s' selects no pod", service->name);
	resolve_targets(loader, service);
	free_pairs(service->selector, service->selector_count);
	service->selector = NULL;
	service->selector_count = 0;
	string_list_clear(&service->target_names);
}

/* hostPort of a container publishes it without a Service. */
static void imply_host_ports(struct loader *loader, const struct pod_spec *pod)
{
	struct service *service = NULL;

	for (size_t c = 0; c < pod->container_count; c++) {
		for (size_t i = 0; i < pod->containers[c].port_count; i++) {
			const struct container_port *from = &pod->containers[c].ports[i];
			if (from->host_port == 0)
				continue;
			if (service == NULL) {
				service = ARRAY_APPEND(loader->app->services,
						       loader->app->service_count);
				service->name = xstrdup(pod->name);
				service->namespace_name = xstrdup(pod->namespace_name);
				service->kind = SERVICE_LOAD_BALANCER;
				service->is_implied = true;
				service->mark = pod->mark;
				string_list_add(&service->pods, pod->name);
			}
			struct service_port *port =
				ARRAY_APPEND(service->ports, service->port_count);
			port->name = xstrdup_or_null(from->name);
			port->port = from->host_port;
			port->target_port = from->port;
			port->protocol = from->protocol;
			port->outer = from->protocol == PROTOCOL_UDP ? SERVICE_UDP : SERVICE_TCP;
			port->inner = port->outer;
		}
	}
}

void services_complete(struct loader *loader)
{
	for (size_t i = 0; i < loader->app->service_count; i++) {
		if (!loader->app->services[i].is_implied)
			complete_service(loader, &loader->app->services[i]);
	}
	for (size_t i = 0; i < loader->app->pod_count; i++) {
		if (app_find_service(loader->app, loader->app->pods[i].name) == NULL)
			imply_host_ports(loader, &loader->app->pods[i]);
	}
}
