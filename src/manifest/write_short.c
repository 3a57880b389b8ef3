/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/write_short.h"
#include "manifest/cron_job.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/strbuf.h"
#include "manifest/egress.h"
#include "manifest/metadata_access.h"
#include "manifest/pod_networks.h"
#include "manifest/start_wait.h"
#include "manifest/write_container.h"
#include "manifest/write_objects.h"
#include "manifest/write_pod.h"
#include "manifest/yaml_writer.h"

static void write_metadata_access(struct yaml_writer *writer, const struct pod_spec *pod)
{
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;
	bool is_all = metadata_access_names(pod, &names);
	if (names.count > 0 && is_all)
		yaml_write_bool(writer, "metadata", true);
	else
		yaml_write_texts(writer, "metadata", &names);
}

static const struct container_port *find_container_port(const struct pod_spec *pod,
							const struct service_port *port)
{
	for (size_t c = 0; c < pod->container_count; c++) {
		const struct container_spec *container = &pod->containers[c];
		for (size_t i = 0; i < container->port_count; i++) {
			if (container->ports[i].port == port->target_port &&
			    container->ports[i].protocol == port->protocol)
				return &container->ports[i];
		}
	}
	return NULL;
}

static bool is_same_name(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* NULL for the names that ports get when they are written as a Service's. */
static const char *said_name(const struct service *service, const struct service_port *port)
{
	if (port->name == NULL || service->port_count < 2)
		return port->name;
	AUTO_FREE char *given = service_port_name(port);
	return strcmp(given, port->name) == 0 ? NULL : port->name;
}

/* A named port is written in Kubernetes' words, which have one number and one name for both. */
static bool can_say_port(const struct pod_spec *pod, const struct service *service,
			 const struct service_port *port)
{
	const struct container_port *inner = find_container_port(pod, port);
	const char *name = said_name(service, port);
	bool is_plain = (port->outer == SERVICE_TCP || port->outer == SERVICE_UDP) &&
			port->outer == port->inner && port->port == port->target_port;
	return port->node_port == 0 && is_same_name(name, inner ? inner->name : NULL) &&
	       (name == NULL || is_plain);
}

/*
 * The service whose ports the pod's own `ports:` can say: named as the pod, in front of it alone,
 * and with nothing that only a Service object has words for.
 */
static const struct service *own_service(const struct app *app, const struct pod_spec *pod)
{
	const struct service *service = app_find_service(app, pod->name);
	if (service == NULL || service->pods.count != 1 ||
	    strcmp(service->pods.items[0], pod->name) != 0 || service->has_client_ip_affinity ||
	    service->publish_not_ready || service->port_count == 0 ||
	    (service->kind != SERVICE_LOAD_BALANCER && service->kind != SERVICE_CLUSTER_IP))
		return NULL;
	for (size_t i = 0; i < service->port_count; i++) {
		if (!can_say_port(pod, service, &service->ports[i]))
			return NULL;
	}
	return service;
}

/* In the short form every port is one of the service. */
static bool has_other_ports(const struct pod_spec *pod, const struct service *service)
{
	for (size_t c = 0; c < pod->container_count; c++) {
		for (size_t i = 0; i < pod->containers[c].port_count; i++) {
			const struct container_port *port = &pod->containers[c].ports[i];
			bool is_there = false;
			for (size_t k = 0; service != NULL && k < service->port_count; k++)
				is_there = is_there ||
					   find_container_port(pod, &service->ports[k]) == port;
			if (!is_there || port->host_port != 0 || port->host_ip != NULL)
				return true;
		}
	}
	return false;
}

/*
 * Jobs, bare Pods and StatefulSets are other kinds of thing, and some of what Deployments say has
 * no short word. All of them stay Kubernetes objects, so that nothing is lost.
 */
static bool is_short(const struct app *app, const struct pod_spec *pod)
{
	bool is_deployment = strcmp(pod->kind_name, "Deployment") == 0;
	if ((!is_deployment && !is_short_pod(pod)) || pod->claim_template_count > 0)
		return false;
	/* `stateful` is Recreate, and a Deployment that keeps a disk need not be. */
	if (is_deployment && pod->is_stateful && !pod->is_recreate)
		return false;
	bool is_one = pod->is_recreate || pod->is_stateful;
	bool has_strategy = pod->max_surge != 1 || pod->max_unavailable != 0;
	if (is_one ? pod->replicas > 1 : has_strategy)
		return false;
	return !has_other_ports(pod, own_service(app, pod));
}

void append_long_port(struct strbuf *text, const struct service_port *port)
{
	static const char *const words[] = {[SERVICE_TCP] = "tcp",
					    [SERVICE_UDP] = "udp",
					    [SERVICE_HTTP] = "http",
					    [SERVICE_HTTPS] = "https",
					    [SERVICE_SSL] = "ssl"};
	strbuf_appendf(text, "%s:%u:%s:%u%s%s", words[port->outer], (unsigned)port->port,
		       words[port->inner], (unsigned)port->target_port,
		       port->certificate ? ":" : "", port->certificate ? port->certificate : "");
}

void append_host_ip(struct strbuf *text, const struct service_port *port)
{
	bool is_v6 = strchr(port->host_ip, ':') != NULL;

	strbuf_appendf(text, "%s%s%s:", is_v6 ? "[" : "", port->host_ip, is_v6 ? "]" : "");
}

static void write_short_port(struct yaml_writer *writer, const struct service *service,
			     const struct service_port *port)
{
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;

	if (said_name(service, port) != NULL) {
		yaml_write_item(writer);
		yaml_write_text(writer, "name", port->name);
		yaml_write_number(writer, "containerPort", port->port);
		yaml_write_text(writer, "protocol", port->protocol == PROTOCOL_UDP ? "UDP" : NULL);
		yaml_write_end(writer);
		return;
	}
	const char *end = port->outer == SERVICE_UDP ? "/udp" : "";
	if (port->host_ip != NULL) /* said as "IP:PORT:PORT", whatever follows */
		append_host_ip(&text, port);
	bool is_long = (port->outer != SERVICE_TCP && port->outer != SERVICE_UDP) ||
		       port->certificate != NULL;
	if (is_long)
		append_long_port(&text, port);
	else if (port->port == port->target_port && port->host_ip == NULL)
		strbuf_appendf(&text, "%u%s", (unsigned)port->port, end);
	else
		strbuf_appendf(&text, "%u:%u%s", (unsigned)port->port, (unsigned)port->target_port,
			       end);
	if (strpbrk(strbuf_text(&text), ":/") == NULL)
		yaml_write_item_number(writer, strbuf_text(&text));
	else
		yaml_write_item_text(writer, strbuf_text(&text));
}

static bool container_has(const struct container_spec *container, const struct service_port *port)
{
	for (size_t i = 0; i < container->port_count; i++) {
		if (container->ports[i].port == port->target_port &&
		    container->ports[i].protocol == port->protocol)
			return true;
	}
	return false;
}

/* Each port of the service below the container that has it, or else below the first. */
static void write_short_ports(struct yaml_writer *writer, const struct pod_spec *pod, size_t index,
			      const struct service *service)
{
	yaml_write_map(writer, "ports");
	for (size_t i = 0; service != NULL && i < service->port_count; i++) {
		size_t owner = 0;
		for (size_t c = pod->container_count; c > 0; c--) {
			if (container_has(&pod->containers[c - 1], &service->ports[i]))
				owner = c - 1;
		}
		if (owner == index)
			write_short_port(writer, service, &service->ports[i]);
	}
	yaml_write_end(writer);
}

static void write_environment(struct yaml_writer *writer, const struct container_spec *container)
{
	for (size_t i = 0; i < container->env_count; i++) {
		if (container->env[i].source != ENV_VALUE) {
			write_env(writer, container);
			return;
		}
	}
	yaml_write_map(writer, "environment");
	for (size_t i = 0; i < container->env_count; i++)
		yaml_write_text(writer, container->env[i].name, container->env[i].value);
	yaml_write_end(writer);
}

/* The label that a pod without any gets when it is written as a Deployment. */
static bool has_given_labels(const struct app *app, const struct pod_spec *pod,
			     const struct service *own)
{
	for (size_t i = 0; i < app->service_count; i++) {
		const struct service *service = &app->services[i];
		if (service != own && string_list_has(&service->pods, pod->name))
			return false; /* an object that selects by them */
	}
	return pod->label_count == 1 && strcmp(pod->labels[0].key, "app") == 0 &&
	       strcmp(pod->labels[0].value, pod->name) == 0;
}

static void write_network(struct yaml_writer *writer, const struct egress_policy *egress)
{
	AUTO(string_list_clear) struct string_list words = STRING_LIST_INIT;

	egress_words(egress, &words);
	yaml_write_map(writer, "network");
	yaml_write_texts(writer, "egress", &words);
	yaml_write_end(writer);
}

static const struct route_tls *find_tls(const struct app *app, const struct route *route)
{
	for (size_t i = 0; i < app->route_tls_count; i++) {
		const struct route_tls *tls = &app->route_tls[i];
		bool is_its = tls->hosts.count == 0
				      ? route->host == NULL
				      : route->host != NULL &&
						strcmp(tls->hosts.items[0], route->host) == 0;
		if (strcmp(tls->owner, route->owner) == 0 && is_its)
			return tls;
	}
	return NULL;
}

/* What the short form said; an Ingress stays one. */
static void write_routes(struct yaml_writer *writer, const struct app *app,
			 const struct pod_spec *pod)
{
	AUTO_FREE char *owner = xasprintf("pod '%s'", pod->name);

	yaml_write_map(writer, "routes");
	for (size_t i = 0; i < app->route_count; i++) {
		const struct route *route = &app->routes[i];
		const struct route_tls *tls = find_tls(app, route);
		if (strcmp(route->owner, owner) != 0)
			continue;
		yaml_write_item(writer);
		yaml_write_text(writer, "host", route->host);
		yaml_write_text(writer, "path", route->path);
		if (route->path_type == ROUTE_EXACT)
			yaml_write_text(writer, "pathType", "Exact");
		yaml_write_number(writer, "port", route->backends[0].port);
		if (tls != NULL && tls->secret == NULL)
			yaml_write_bool(writer, "tls", true);
		else if (tls != NULL)
			yaml_write_text(writer, "tls", tls->secret);
		yaml_write_end(writer);
	}
	yaml_write_end(writer);
}

static void write_depends_on(struct yaml_writer *writer, const struct pod_spec *pod)
{
	yaml_write_map(writer, "depends_on");
	for (size_t i = 0; i < pod->wait_count; i++) {
		const struct start_wait *wait = &pod->waits[i];
		yaml_write_map(writer, wait->pod);
		yaml_write_text(writer, "condition", start_condition_words[wait->condition]);
		if (wait->restarts)
			yaml_write_bool(writer, "restart", true);
		if (wait->is_optional)
			yaml_write_bool(writer, "required", false);
		yaml_write_end(writer);
	}
	yaml_write_end(writer);
}

static bool is_internal(const struct app *app, const char *network)
{
	for (size_t i = 0; i < app->network_count; i++) {
		if (strcmp(app->networks[i].name, network) == 0)
			return app->networks[i].is_internal;
	}
	return false;
}

static void write_networks(struct yaml_writer *writer, const struct app *app,
			   const struct pod_spec *pod)
{
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;
	bool has_more = false;

	yaml_write_text(writer, "networks", pod->has_no_network ? "none" : NULL);
	for (size_t i = 0; i < pod->network_count; i++) {
		string_list_add(&names, pod->networks[i].name);
		has_more = has_more || pod->networks[i].aliases.count > 0 ||
			   is_internal(app, pod->networks[i].name);
	}
	if (!has_more) {
		yaml_write_texts(writer, "networks", &names);
		return;
	}
	yaml_write_map(writer, "networks");
	for (size_t i = 0; i < pod->network_count; i++) {
		yaml_write_map(writer, pod->networks[i].name);
		if (is_internal(app, pod->networks[i].name))
			yaml_write_bool(writer, "internal", true);
		else if (pod->networks[i].aliases.count == 0)
			yaml_write_bool(writer, "internal", false);
		yaml_write_texts(writer, "aliases", &pod->networks[i].aliases);
		yaml_write_end(writer);
	}
	yaml_write_end(writer);
}

static void write_schedule(struct yaml_writer *writer, const struct cron_spec *cron)
{
	bool is_plain = cron->time_zone == NULL && !cron->has_deadline && !cron->is_suspended &&
			cron->concurrency == CRON_ALLOW &&
			cron->successful_kept == CRON_SUCCESSFUL_KEPT &&
			cron->failed_kept == CRON_FAILED_KEPT;

	if (cron->schedule == NULL)
		return;
	if (is_plain) {
		yaml_write_text(writer, "schedule", cron->schedule);
		return;
	}
	yaml_write_map(writer, "schedule");
	yaml_write_text(writer, "at", cron->schedule);
	write_cron_rules(writer, cron);
	yaml_write_end(writer);
}

static void write_short_pod(struct yaml_writer *writer, const struct app *app,
			    const struct pod_spec *pod)
{
	const struct service *service = own_service(app, pod);

	yaml_write_document(writer);
	yaml_write_text(writer, "name", pod->name);
	if (strcmp(pod->namespace_name, "default") != 0)
		yaml_write_text(writer, "namespace", pod->namespace_name);
	write_schedule(writer, &pod->cron);
	if (pod->replicas != 1)
		yaml_write_number(writer, "replicas", pod->replicas);
	if (pod->is_stateful || pod->is_recreate)
		yaml_write_bool(writer, "stateful", true);
	/* Another Service may make the pod public; that one says so itself. */
	if (service != NULL && service->kind == SERVICE_LOAD_BALANCER)
		yaml_write_bool(writer, "public", true);
	if (service != NULL && service->kind == SERVICE_CLUSTER_IP && !service->is_published)
		yaml_write_bool(writer, "publish", false);
	yaml_write_text(writer, "instance_type", pod->instance_type);
	write_metadata_access(writer, pod);
	write_depends_on(writer, pod);
	write_network(writer, &pod->egress);
	write_routes(writer, app, pod);
	write_networks(writer, app, pod);
	if (!has_given_labels(app, pod, service))
		yaml_write_pairs(writer, "labels", pod->labels, pod->label_count);
	yaml_write_pairs(writer, "annotations", pod->annotations, pod->annotation_count);
	write_container_list(writer, "initContainers", pod->init_containers,
			     pod->init_container_count);
	yaml_write_map(writer, "containers");
	for (size_t i = 0; i < pod->container_count; i++) {
		yaml_write_map(writer, pod->containers[i].name);
		write_container_body(writer, &pod->containers[i]);
		write_short_ports(writer, pod, i, service);
		write_environment(writer, &pod->containers[i]);
		yaml_write_end(writer);
	}
	yaml_write_end(writer);
	write_pod_rest(writer, pod);
}

static bool is_said_by_pod(const struct app *app, const struct service *service)
{
	const struct pod_spec *pod = app_find_pod(app, service->name);
	return pod != NULL && is_short(app, pod) && own_service(app, pod) == service;
}

bool is_said_short(const struct app *app, const struct source_object *object)
{
	if (strcmp(object->kind, "Service") == 0) {
		const struct service *service = app_find_service(app, object->name);
		return service != NULL && is_said_by_pod(app, service);
	}
	const struct pod_spec *pod = app_find_pod(app, object->name);
	return pod != NULL && strcmp(pod->kind_name, object->kind) == 0 && is_short(app, pod);
}

static void write_other_objects(struct yaml_writer *writer, const struct app *app)
{
	for (size_t i = 0; i < app->object_count; i++) {
		if (!is_said_short(app, &app->objects[i]))
			write_source_object(writer, &app->objects[i]);
	}
}

static void write_other_services(struct yaml_writer *writer, const struct app *app)
{
	for (size_t i = 0; i < app->service_count; i++) {
		if (!is_said_by_pod(app, &app->services[i]) &&
		    is_service_generated(app, &app->services[i]))
			write_service(writer, app, &app->services[i]);
	}
}

char *app_write_short(const struct app *app)
{
	struct yaml_writer writer = {0};
	bool is_kept = is_source_kept(app);

	if (app->is_named) {
		yaml_write_document(&writer);
		yaml_write_text(&writer, "name", app->project);
	}
	for (size_t i = 0; i < app->pod_count; i++) {
		if (is_short(app, &app->pods[i]))
			write_short_pod(&writer, app, &app->pods[i]);
		else if (!is_kept || is_short_pod(&app->pods[i]))
			write_workload(&writer, app, &app->pods[i]);
		if (!is_short(app, &app->pods[i]))
			write_pod_ingress(&writer, app, &app->pods[i]);
	}
	write_other_objects(&writer, app);
	write_other_services(&writer, app);
	for (size_t i = 0; !is_kept && i < app->config_map_count; i++)
		write_config_map(&writer, &app->config_maps[i]);
	for (size_t i = 0; !is_kept && i < app->claim_count; i++)
		write_claim(&writer, &app->claims[i]);
	return strbuf_take(&writer.text);
}
