/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/service.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/parse.h"
#include "manifest/annotation.h"
#include "manifest/endpoints.h"
#include "manifest/loader.h"
#include "manifest/metadata.h"
#include "manifest/name_rules.h"
#include "manifest/read_value.h"
#include "manifest/yaml_node.h"

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
	uint16_t port = 0;
	bool is_name = node->kind == YAML_SCALAR && node->type == YAML_TEXT;
	/* As in clusters: the same as port. */
	if (node->kind == YAML_SCALAR && node->type == YAML_INTEGER && node->integer == 0)
		return;
	if (is_name && node->text[0] != '\0' && !port_name_is_valid(node->text))
		loader_error(loader, node,
			     parse_port(node->text, &port)
				     ? "without quotes"
				     : "1 to 65535, or the name of a container port",
			     "targetPort: '%.40s' is neither a port number nor a name", node->text);
	port = 0;
	if (!is_name)
		read_port_number(loader, node, &port);
	/* As it is meant, which its text may not say: 0120 is 80. */
	if (is_name)
		read_scalar(loader, node, target);
	else if (port != 0)
		*(char **)target = xasprintf("%u", (unsigned)port);
}

/* 0 asks for any, as leaving it out does. */
static void read_node_port(struct loader *loader, const struct yaml_node *node, void *target)
{
	bool is_zero =
		node->kind == YAML_SCALAR && node->type == YAML_INTEGER && node->integer == 0;
	if (!is_zero)
		read_port_number(loader, node, target);
}

struct port_reader {
	struct service_port port;
	char *target;
	char *app_protocol;
};

#define AT(member) (offsetof(struct port_reader, port) + offsetof(struct service_port, member))
static const struct field ports_list[] = {
	{"appProtocol", FIELD_USED, read_text, offsetof(struct port_reader, app_protocol), NULL,
	 "http and https choose the cloud's load balancer"},
	{"name", FIELD_USED, read_text, AT(name), NULL, NULL},
	{"nodePort", FIELD_USED, read_node_port, AT(node_port), NULL,
	 "published under this number too", .takes = "port"},
	{"port", FIELD_USED, read_port_number, AT(port), NULL, "what clients connect to"},
	{"protocol", FIELD_USED, read_choice, AT(protocol), NULL, "default TCP",
	 .choices = "TCP|UDP"},
	{"targetPort", FIELD_USED, read_target, offsetof(struct port_reader, target), NULL,
	 "number or name of a container port; default: port", .takes = "port or name"},
};
#undef AT
static const struct field_set ports_fields = {"service port", ports_list, ARRAY_SIZE(ports_list)};

static void read_ports(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct pending_service *pending = target;
	for (size_t i = 0; i < node->item_count; i++) {
		struct port_reader reader = {0};
		loader_read_map(loader, node->items[i], &ports_fields, &reader);
		AUTO_FREE char *target_name = reader.target;
		AUTO_FREE char *app_protocol = reader.app_protocol;
		struct service_port *port = &reader.port;
		port->mark = loader_mark_of(loader, node->items[i], "port");
		port->target_mark = loader_mark_of(loader, node->items[i], "targetPort");
		if (port->port == 0)
			loader_missing(loader, node->items[i], "port", "port: 80");
		if (port->name != NULL && port->name[0] != '\0' && !name_is_valid(port->name))
			loader_error(loader, yaml_get(node->items[i], "name"),
				     "a-z, 0-9 and '-' inside, at most 63 characters",
				     "'%.80s' is not a valid name of a port", port->name);
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
	/* {} selects nothing by itself, as leaving it out does. */
	pending->has_selector = node->kind != YAML_MAP || node->pair_count > 0;
	pending->service.selector_mark = loader_mark(loader, node);
	read_key_values(loader, node, &pending->selector, &pending->selector_count);
}

static void read_type(struct loader *loader, const struct yaml_node *node, void *target)
{
	unsigned choice = 0;
	struct service *service = target;
	if (yaml_is_text(node, "ExternalName")) {
		service->kind = SERVICE_EXTERNAL_NAME;
		return;
	}
	read_choice(loader, node, &choice);
	/* Whatever comes first in the file, clusterIP: None wins. */
	if (service->kind != SERVICE_HEADLESS)
		service->kind = (enum service_kind)choice;
}

static void read_cluster_ip(struct loader *loader, const struct yaml_node *node, void *target)
{
	AUTO_FREE char *text = NULL;
	struct in_addr four;
	struct in6_addr six;
	read_text(loader, node, &text);
	if (yaml_is_text(node, "None") && ((struct service *)target)->kind != SERVICE_EXTERNAL_NAME)
		((struct service *)target)->kind = SERVICE_HEADLESS;
	else if (text != NULL && text[0] != '\0' && inet_pton(AF_INET, text, &four) != 1 &&
		 inet_pton(AF_INET6, text, &six) != 1)
		loader_error(loader, node, "None, an address, or leave it out",
			     "clusterIP: '%.60s' is not an IP address", text);
}

static void read_external_name(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct service *service = target;
	struct in_addr four;
	char **name = &service->outside.external_name;

	read_text(loader, node, name);
	if (*name == NULL)
		return;
	size_t size = strlen(*name);
	if (size > 1 && (*name)[size - 1] == '.')
		(*name)[size - 1] = '\0';
	if (!name_is_subdomain(*name))
		loader_error(loader, node, "as in db.example.com",
			     "externalName: '%.80s' is not a name of DNS", *name);
	else if (inet_pton(AF_INET, *name, &four) == 1)
		loader_warn(
			loader, node,
			"externalName: '%.40s' is taken for a name, which nobody has; an address "
			"wants a Service without selector, and Endpoints",
			*name);
}

static void read_affinity(struct loader *loader, const struct yaml_node *node, void *target)
{
	unsigned choice = 0;
	read_choice(loader, node, &choice);
	((struct service *)target)->has_client_ip_affinity = choice == 1;
}

#define AT(member) (offsetof(struct pending_service, service) + offsetof(struct service, member))
static const char one_host[] = "there are no nodes between";

static const struct field service_field_list[] = {
	{"allocateLoadBalancerNodePorts", FIELD_NO_EFFECT, NULL, 0, NULL, one_host},
	{"clusterIP", FIELD_USED, read_cluster_ip, 0, NULL,
	 "None makes it headless; others are not kept", .takes = "text"},
	{"clusterIPs", FIELD_NO_EFFECT, NULL, 0, NULL, one_host},
	{"externalIPs", FIELD_REFUSED, NULL, 0, NULL,
	 "ports are published on this machine; up --bind names the address"},
	{"externalName", FIELD_USED, read_external_name, 0, NULL,
	 "with type: ExternalName: pods that ask for the Service get this name (a CNAME)",
	 .takes = "text"},
	{"externalTrafficPolicy", FIELD_NO_EFFECT, NULL, 0, NULL, one_host},
	{"healthCheckNodePort", FIELD_NO_EFFECT, NULL, 0, NULL, one_host},
	{"internalTrafficPolicy", FIELD_NO_EFFECT, NULL, 0, NULL, one_host},
	{"ipFamilies", FIELD_NO_EFFECT, NULL, 0, NULL, "IPv4"},
	{"ipFamilyPolicy", FIELD_NO_EFFECT, NULL, 0, NULL, "IPv4"},
	{"loadBalancerClass", FIELD_NO_EFFECT, NULL, 0, NULL, one_host},
	{"loadBalancerIP", FIELD_NO_EFFECT, NULL, 0, NULL, one_host},
	{"loadBalancerSourceRanges", FIELD_REFUSED, NULL, 0, NULL,
	 "locally only this machine connects; restrict the cloud's by security_groups in "
	 "environment.yml"},
	{"ports", FIELD_USED, read_ports, 0, &ports_fields,
	 "published on 127.0.0.1 under the same number", .is_list = true},
	{"publishNotReadyAddresses", FIELD_USED, read_bool, AT(publish_not_ready), NULL, NULL},
	{"selector", FIELD_USED, read_service_selector, 0, NULL, "chooses pods by their labels",
	 .takes = "map of texts"},
	{"sessionAffinity", FIELD_USED, read_affinity, 0, NULL,
	 "ClientIP: a client stays with its pod", .choices = "None|ClientIP"},
	{"sessionAffinityConfig", FIELD_NO_EFFECT, NULL, 0, NULL, one_host},
	{"trafficDistribution", FIELD_NO_EFFECT, NULL, 0, NULL, one_host},
	{"type", FIELD_USED, read_type, 0, NULL,
	 "ClusterIP: published on this machine, elsewhere if the number is taken",
	 "LoadBalancer and NodePort: reachable from outside",
	 .choices = "ClusterIP|NodePort|LoadBalancer|ExternalName"},
};
#undef AT
static const struct field_set service_fields = {
	"service spec", service_field_list, ARRAY_SIZE(service_field_list), .type = "ServiceSpec"};

static const struct field service_object_list[] = {
	{"apiVersion", FIELD_USED, NULL, 0, NULL, NULL},
	{"kind", FIELD_USED, NULL, 0, NULL, NULL},
	{"metadata", FIELD_USED, NULL, 0, &metadata_fields, NULL},
	{"spec", FIELD_USED, NULL, 0, &service_fields, NULL},
	{"status", FIELD_NO_EFFECT, NULL, 0, NULL, "written by API servers"}};
const struct field_set service_object_fields = {"Service", service_object_list,
						ARRAY_SIZE(service_object_list)};

static void check_service_name(struct loader *loader, const struct service *service)
{
	if (strchr(service->name, '.') != NULL && name_is_subdomain(service->name))
		loader_error_at(
			loader, &service->mark, "use '-'",
			"Service '%.80s': its name becomes a host name and cannot have dots",
			service->name);
}

static void want_external_fields(struct loader *loader, const struct yaml_node *spec,
				 const struct service *service)
{
	const struct yaml_node *address = yaml_get(spec, "clusterIP");

	if (service->outside.external_name == NULL && yaml_is_null(yaml_get(spec, "externalName")))
		loader_missing(loader, spec, "externalName", "externalName: db.example.com");
	if (!yaml_is_null(address) && !yaml_is_text(address, ""))
		loader_error(loader, address, "remove it",
			     "clusterIP: Service '%.80s' is a name (type: ExternalName) and has no "
			     "address",
			     service->name);
	check_service_name(loader, service);
}

static void want_service_fields(struct loader *loader, const struct yaml_node *spec,
				const struct pending_service *pending)
{
	const struct service *service = &pending->service;
	const struct yaml_node *ports = yaml_get(spec, "ports");
	bool may_have_node_ports =
		service->kind == SERVICE_NODE_PORT || service->kind == SERVICE_LOAD_BALANCER;
	for (size_t i = 0; i < service->port_count && !may_have_node_ports; i++) {
		if (service->ports[i].node_port != 0)
			loader_error_at(loader, &service->ports[i].mark, "type: NodePort",
					"Service '%.80s': a nodePort wants type: NodePort or "
					"LoadBalancer",
					service->name);
	}
	bool has_none = yaml_is_null(ports) || (ports->kind == YAML_LIST && ports->item_count == 0);
	const struct yaml_node *selector = yaml_get(spec, "selector");
	if (!pending->has_selector && !yaml_is_null(selector))
		loader_warn(loader, selector,
			    "an empty selector selects nothing: nobody answers for Service '%.80s'",
			    service->name);
	if (has_none && service->kind != SERVICE_HEADLESS)
		loader_missing(loader, spec, "ports", "ports: [{port: 80}]");
	if (service->outside.external_name != NULL)
		loader_warn(loader, yaml_get(spec, "externalName"),
			    "externalName: it has no effect without type: ExternalName");
	check_service_name(loader, service);
}

void read_service(struct loader *loader, const struct yaml_node *root)
{
	struct pending_service pending = {0};
	AUTO(metadata_clear) struct metadata metadata = {0};
	const struct yaml_node *spec = yaml_get(root, "spec");
	struct service *service = &pending.service;

	loader_read_map(loader, root, &service_object_fields, NULL); /* names alone */
	read_metadata(loader, root, &metadata, true);
	service->mark = loader_mark(loader, root);
	service->name = TAKE_PTR(metadata.name);
	service->namespace_name = TAKE_PTR(metadata.namespace_name);
	if (!yaml_is_null(spec))
		loader_read_map(loader, spec, &service_fields, &pending);
	else
		loader_missing(loader, root, "spec", "spec: {selector: …, ports: […]}");
	service->is_published =
		service->kind != SERVICE_HEADLESS && service->kind != SERVICE_EXTERNAL_NAME;
	read_service_annotations(loader, root, service);
	/* What waits for the pods goes along with the service until services_complete(). */
	service->selector = pending.selector;
	service->selector_count = pending.selector_count;
	service->target_names = pending.target_names;
	if (spec != NULL && spec->kind == YAML_MAP && service->kind == SERVICE_EXTERNAL_NAME)
		want_external_fields(loader, spec, service);
	else if (spec != NULL && spec->kind == YAML_MAP)
		want_service_fields(loader, spec, &pending);
	*ARRAY_APPEND(loader->app->services, loader->app->service_count) = *service;
}

/* Labels that clusters give to pods by themselves. */
static bool has_given_label(const struct pod_spec *pod, const struct key_value *wanted)
{
	bool is_job = strcmp(wanted->key, "job-name") == 0 ||
		      strcmp(wanted->key, "batch.kubernetes.io/job-name") == 0;
	if (pod->workload == WORKLOAD_JOB && is_job)
		return strcmp(wanted->value, pod->name) == 0;
	/* Of one instance of a StatefulSet; with one replica that is the pod. */
	AUTO_FREE char *first = xasprintf("%s-0", pod->name);
	return pod->workload == WORKLOAD_STATEFUL_SET && pod->replicas == 1 &&
	       strcmp(wanted->key, "statefulset.kubernetes.io/pod-name") == 0 &&
	       strcmp(wanted->value, first) == 0;
}

static const char *pod_label(const struct pod_spec *pod, const char *key)
{
	for (size_t i = 0; i < pod->label_count; i++) {
		if (strcmp(pod->labels[i].key, key) == 0)
			return pod->labels[i].value;
	}
	return NULL;
}

static bool labels_match(const struct pod_spec *pod, const struct service *service)
{
	for (size_t i = 0; i < service->selector_count; i++) {
		bool is_there = false;
		const struct key_value *wanted = &service->selector[i];
		for (size_t k = 0; k < pod->label_count && !is_there; k++)
			is_there = strcmp(pod->labels[k].key, wanted->key) == 0 &&
				   strcmp(pod->labels[k].value, wanted->value) == 0;
		if (!is_there && !has_given_label(pod, wanted))
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

static void unnamed_target(struct loader *loader, const struct service *service,
			   const struct service_port *port, const char *name)
{
	const struct pod_spec *pod = app_find_pod(loader->app, service->pods.items[0]);
	AUTO(string_list_clear) struct string_list known = STRING_LIST_INIT;
	for (size_t c = 0; c < pod->container_count; c++) {
		const struct container_spec *container = &pod->containers[c];
		for (size_t i = 0; i < container->port_count; i++) {
			if (container->ports[i].name != NULL)
				string_list_add(&known, container->ports[i].name);
		}
	}
	AUTO_FREE char *list = string_list_join(&known, ", ");
	AUTO_FREE char *hint = known.count > 0 ? xasprintf("its ports are called %.200s", list)
					       : xasprintf("ports: [{name: %.40s, containerPort: "
							   "8080}] in the container, or "
							   "the number here",
							   name);
	loader_error_at(loader, &port->target_mark, hint,
			"Service '%s': pod '%s' has no port named '%s'", service->name, pod->name,
			name);
}

static void resolve_targets(struct loader *loader, struct service *service)
{
	for (size_t i = 0; i < service->port_count && service->pods.count > 0; i++) {
		struct service_port *port = &service->ports[i];
		const char *name = service->target_names.items[i];
		/* The first pod that knows the name; the others are behind the Service all the
		 * same. */
		for (size_t p = 0; name[0] != '\0' && p < service->pods.count; p++) {
			const struct pod_spec *pod =
				app_find_pod(loader->app, service->pods.items[p]);
			if (port->target_port == 0)
				port->target_port = port_by_name(pod, name);
		}
		if (port->target_port == 0 && name[0] != '\0')
			unnamed_target(loader, service, port, name);
	}
}

/* How many of the selector's labels the pod has; *ret_first is the first that it has not. */
static size_t labels_matching(const struct pod_spec *pod, const struct service *service,
			      const struct key_value **ret_first)
{
	size_t count = 0;
	*ret_first = NULL;
	for (size_t i = 0; i < service->selector_count; i++) {
		const struct key_value *wanted = &service->selector[i];
		const char *has = pod_label(pod, wanted->key);
		bool is_there = (has != NULL && strcmp(has, wanted->value) == 0) ||
				has_given_label(pod, wanted);
		count += is_there ? 1 : 0;
		if (!is_there && *ret_first == NULL)
			*ret_first = wanted;
	}
	return count;
}

/* The pod that comes nearest to what the selector wants, and what keeps it out. */
struct nearest_pod {
	const struct pod_spec *pod;
	const struct key_value *missing; /* NULL: only the namespace differs */
	size_t matching;
};

static struct nearest_pod find_nearest(const struct app *app, const struct service *service)
{
	struct nearest_pod nearest = {0};
	for (size_t p = 0; p < app->pod_count; p++) {
		const struct key_value *missing = NULL;
		size_t matching = labels_matching(&app->pods[p], service, &missing);
		if (nearest.pod == NULL || matching > nearest.matching)
			nearest = (struct nearest_pod){&app->pods[p], missing, matching};
	}
	return nearest;
}

static bool any_pod_has_key(const struct app *app, const char *key)
{
	for (size_t p = 0; p < app->pod_count; p++) {
		if (pod_label(&app->pods[p], key) != NULL)
			return true;
	}
	return false;
}

/* Says the label, or the namespace, that differs. */
static void selects_nothing(struct loader *loader, const struct service *service)
{
	const struct nearest_pod nearest = find_nearest(loader->app, service);
	const struct key_value *wanted =
		nearest.missing != NULL ? nearest.missing : &service->selector[0];
	if (nearest.pod == NULL || (nearest.missing != NULL && nearest.matching == 0 &&
				    !any_pod_has_key(loader->app, wanted->key))) {
		loader_error_at_as(loader, PROBLEM_UNRESOLVED, &service->selector_mark,
				   "give it the labels of a pod's template, or read the pods' "
				   "manifests too (-f)",
				   "Service '%s' selects no pod (%s: %s)", service->name,
				   wanted->key, wanted->value);
		return;
	}
	if (nearest.missing == NULL) {
		AUTO_FREE char *hint = xasprintf("pod '%.60s' has its labels, in namespace '%.60s'",
						 nearest.pod->name, nearest.pod->namespace_name);
		loader_error_at_as(loader, PROBLEM_UNRESOLVED, &service->selector_mark, hint,
				   "Service '%s' selects no pod of namespace '%.60s'",
				   service->name, service->namespace_name);
		return;
	}
	/* Vault and Patroni label their leader themselves, through an API server. */
	if (!any_pod_has_key(loader->app, wanted->key)) {
		loader_warn_at(
			loader, &service->selector_mark,
			"Service '%s' has no pods: none has the label '%s', and nothing here "
			"sets labels at run time",
			service->name, wanted->key);
		return;
	}
	const char *has = pod_label(nearest.pod, wanted->key);
	AUTO_FREE char *hint = has != NULL ? xasprintf("pod '%.60s' has %.60s: %.60s",
						       nearest.pod->name, wanted->key, has)
					   : xasprintf("pod '%.60s' has no label '%.60s'",
						       nearest.pod->name, wanted->key);
	loader_error_at_as(loader, PROBLEM_UNRESOLVED, &service->selector_mark, hint,
			   "Service '%s' selects no pod (%s: %s)", service->name, wanted->key,
			   wanted->value);
}

/* It leads out of the project, by a name or by addresses, and nobody comes in by it. */
static void complete_outside(struct loader *loader, struct service *service)
{
	for (size_t i = 0; i < service->port_count; i++) {
		struct service_port *port = &service->ports[i];
		port->target_port = port->target_port != 0 ? port->target_port : port->port;
	}
	if (service->kind == SERVICE_EXTERNAL_NAME)
		return;
	free(service->outside.external_name);
	service->outside.external_name = NULL;
	service_take_endpoints(loader, service);
	if (service->kind == SERVICE_NODE_PORT || service->kind == SERVICE_LOAD_BALANCER)
		loader_warn_at(loader, &service->mark,
			       "Service '%.80s' leads out of the project: it is for the pods, and "
			       "not published",
			       service->name);
	service->is_published = false;
}

static void complete_service(struct loader *loader, struct service *service)
{
	struct app *app = loader->app;

	if (service->kind == SERVICE_EXTERNAL_NAME || service->selector_count == 0) {
		complete_outside(loader, service);
		string_list_clear(&service->target_names);
		return;
	}
	free(service->outside.external_name);
	service->outside.external_name = NULL;
	for (size_t p = 0; p < app->pod_count; p++) {
		struct pod_spec *pod = &app->pods[p];
		if (strcmp(pod->namespace_name, service->namespace_name) != 0 ||
		    !labels_match(pod, service))
			continue;
		string_list_add(&service->pods, pod->name);
	}
	if (service->pods.count == 0 && service->selector_count > 0 && !loader->has_lost &&
	    name_is_valid(service->name))
		selects_nothing(loader, service);
	resolve_targets(loader, service);
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
				service->kind = SERVICE_CLUSTER_IP;
				service->is_implied = true;
				service->is_published = true;
				service->mark = pod->mark;
				string_list_add(&service->pods, pod->name);
			}
			struct service_port *port =
				ARRAY_APPEND(service->ports, service->port_count);
			port->name = xstrdup_or_null(from->name);
			port->mark = from->mark;
			port->port = from->host_port;
			port->host_ip = xstrdup_or_null(from->host_ip);
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
	endpoints_complete(loader);
	for (size_t i = 0; i < loader->app->pod_count; i++) {
		if (app_find_service(loader->app, loader->app->pods[i].name) == NULL)
			imply_host_ports(loader, &loader->app->pods[i]);
	}
}
