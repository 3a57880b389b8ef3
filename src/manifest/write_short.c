/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "manifest/write.h"

/*
 * The service whose ports the pod's own `ports:` can say: named as the pod, in front of it alone.
 * NodePorts, names of ports and affinity are said by a Service object only.
 */
static const struct service *own_service(const struct app *app, const struct pod_spec *pod)
{
	const struct service *service = app_find_service(app, pod->name);
	if (service == NULL || service->pods.count != 1 ||
	    strcmp(service->pods.items[0], pod->name) != 0 || service->has_client_ip_affinity ||
	    service->publish_not_ready || service->kind == SERVICE_HEADLESS ||
	    service->kind == SERVICE_NODE_PORT)
		return NULL;
	return service;
}

/* Jobs, bare Pods and StatefulSets have no short form: they are other kinds of thing. */
static bool is_short(const struct pod_spec *pod)
{
	return pod->workload == WORKLOAD_DEPLOYMENT && pod->claim_template_count == 0;
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

static void write_short_port(struct yaml_writer *writer, const struct service_port *port)
{
	static const char *const words[] = {[SERVICE_TCP] = "tcp",
					    [SERVICE_UDP] = "udp",
					    [SERVICE_HTTP] = "http",
					    [SERVICE_HTTPS] = "https",
					    [SERVICE_SSL] = "ssl"};
	char text[64];
	struct strbuf long_form = STRBUF_INIT;

	if (port->outer == SERVICE_TCP && port->port == port->target_port) {
		(void)snprintf(text, sizeof(text), "%u", (unsigned)port->port);
		yaml_write_item_number(writer, text);
		return;
	}
	if (port->outer == SERVICE_TCP || port->outer == SERVICE_UDP) {
		strbuf_appendf(&long_form, "%u:%u%s", (unsigned)port->port,
			       (unsigned)port->target_port,
			       port->outer == SERVICE_UDP ? "/udp" : "");
	} else {
		strbuf_appendf(&long_form, "%s:%u:%s:%u%s%s", words[port->outer],
			       (unsigned)port->port, words[port->inner],
			       (unsigned)port->target_port, port->certificate ? ":" : "",
			       port->certificate ? port->certificate : "");
	}
	yaml_write_item_text(writer, strbuf_text(&long_form));
	strbuf_clear(&long_form);
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
			write_short_port(writer, &service->ports[i]);
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

static void write_short_pod(struct yaml_writer *writer, const struct app *app,
			    const struct pod_spec *pod)
{
	const struct service *service = own_service(app, pod);

	yaml_write_document(writer);
	yaml_write_text(writer, "name", pod->name);
	if (strcmp(pod->namespace_name, "default") != 0)
		yaml_write_text(writer, "namespace", pod->namespace_name);
	if (pod->replicas != 1)
		yaml_write_number(writer, "replicas", pod->replicas);
	if (pod->is_stateful || pod->is_recreate)
		yaml_write_bool(writer, "stateful", true);
	if (pod->is_public && service != NULL)
		yaml_write_bool(writer, "public", true);
	yaml_write_text(writer, "instance_type", pod->instance_type);
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
	return pod != NULL && is_short(pod) && own_service(app, pod) == service;
}

char *app_write_short(const struct app *app)
{
	struct yaml_writer writer = {0};

	for (size_t i = 0; i < app->pod_count; i++) {
		if (is_short(&app->pods[i]))
			write_short_pod(&writer, app, &app->pods[i]);
		else
			write_workload(&writer, &app->pods[i]);
	}
	for (size_t i = 0; i < app->service_count; i++) {
		if (!is_said_by_pod(app, &app->services[i]))
			write_service(&writer, app, &app->services[i]);
	}
	for (size_t i = 0; i < app->config_map_count; i++)
		write_config_map(&writer, &app->config_maps[i]);
	for (size_t i = 0; i < app->claim_count; i++)
		write_claim(&writer, &app->claims[i]);
	return strbuf_take(&writer.text);
}
