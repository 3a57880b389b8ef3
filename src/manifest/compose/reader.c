/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/compose/reader.h"
#include "manifest/compose/volumes_from.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "manifest/compose/project.h"
#include "manifest/compose/resources.h"
#include "manifest/compose/service_parts.h"
#include "manifest/name_rules.h"
#include "manifest/pod.h"
#include "manifest/project_name.h"
#include "manifest/read_value.h"

static const struct field top_list[] = {
	{"configs", FIELD_USED, compose_read_top_configs, 0, &compose_content_fields,
	 "files that services are given", .is_named = true},
	{"include", FIELD_USED, read_ignored, 0, NULL, "further Compose files",
	 .takes = "list of paths, or of {path, project_directory, env_file}"},
	{"models", FIELD_REFUSED, NULL, 0, NULL, "run the model as a service of its own"},
	{"name", FIELD_USED, read_ignored, 0, NULL, "of the project; -p goes before it",
	 .takes = "text"},
	{"networks", FIELD_USED, compose_read_top_networks, 0, &compose_network_fields,
	 "services that share none neither resolve nor reach one another", .is_named = true},
	{"secrets", FIELD_USED, compose_read_top_secrets, 0, &compose_content_fields,
	 "files that services are given, in memory alone", .is_named = true},
	{"services", FIELD_USED, read_ignored, 0, &compose_service_fields, "each one a pod",
	 .is_named = true},
	{"version", FIELD_USED, read_ignored, 0, NULL, "obsolete, and not looked at",
	 .takes = "text"},
	{"volumes", FIELD_USED, compose_read_top_volumes, 0, &compose_volume_fields,
	 "disks that stay", .is_named = true}};
const struct field_set compose_fields = {"Compose file", top_list, ARRAY_SIZE(top_list),
					 .is_open = true};

/* A pod that ends is one for itself; several of them are replaced as a Deployment's are. */
static enum workload_kind workload_of(const struct pod_spec *pod)
{
	bool is_single = pod->restart_policy != RESTART_ALWAYS && pod->replicas == 1;
	return is_single ? WORKLOAD_POD : WORKLOAD_DEPLOYMENT;
}

static void begin_pod(struct loader *loader, struct pod_spec *pod, const char *name,
		      const struct yaml_node *node)
{
	pod_spec_init(loader, pod, node);
	pod->name = xstrdup(name);
	pod->kind_name = xstrdup("Compose");
	pod->restart_policy = RESTART_NEVER; /* what a service is that says nothing */
	pod->termination_grace_s = 10;
}

static struct service *add_service(struct loader *loader, const struct pod_spec *pod)
{
	struct service *service = ARRAY_APPEND(loader->app->services, loader->app->service_count);
	service->namespace_name = xstrdup(pod->namespace_name);
	service->is_implied = true;
	service->mark = pod->mark;
	string_list_add(&service->pods, pod->name);
	return service;
}

/* A service's name leads to its containers, whatever port they are asked on, ready or not. */
static void add_name(struct loader *loader, const struct pod_spec *pod)
{
	struct service *service = add_service(loader, pod);
	service->name = xstrdup(pod->name);
	service->kind = SERVICE_HEADLESS;
	service->publish_not_ready = true;
	for (size_t c = 0; c < pod->container_count; c++) {
		for (size_t i = 0; i < pod->containers[c].port_count; i++) {
			const struct container_port *from = &pod->containers[c].ports[i];
			struct service_port *port =
				ARRAY_APPEND(service->ports, service->port_count);
			port->port = from->port;
			port->target_port = from->port;
			port->protocol = from->protocol;
			port->outer = from->protocol == PROTOCOL_UDP ? SERVICE_UDP : SERVICE_TCP;
			port->inner = port->outer;
			port->mark = from->mark;
		}
	}
}

/* Published ports have numbers of their own, which its name does not know. */
static void add_ports(struct loader *loader, const struct pod_spec *pod, struct service *ports)
{
	if (!pod->has_no_network)
		add_name(loader, pod);
	if (ports->port_count == 0)
		return;
	struct service *service = add_service(loader, pod);
	service->name = xasprintf("%.52s-published", pod->name);
	service->kind = pod->is_public ? SERVICE_LOAD_BALANCER : SERVICE_CLUSTER_IP;
	service->is_published = true;
	service->ports = ports->ports;
	service->port_count = ports->port_count;
}

/* All services whose pod is that of the first one, in the order of the file. pods: of each service. */
static void read_pod(struct loader *loader, const struct yaml_node *model,
		     const struct string_list *pods, size_t first)
{
	const char *name = pods->items[first];
	const struct yaml_node *services = yaml_get(model, "services");
	const struct yaml_node *project = yaml_get(model, "name");
	struct pod_spec pod = {0};
	struct service ports = {0};

	begin_pod(loader, &pod, name, services->pairs[first].value);
	/* The one that the others join goes before them. */
	for (unsigned pass = 0; pass < 2; pass++) {
		for (size_t i = first; i < services->pair_count; i++) {
			const char *key = services->pairs[i].key->text;
			if (strcmp(pods->items[i], name) != 0)
				continue;
			bool joins =
				compose_network_partner(model, services->pairs[i].value) != NULL;
			if (joins != (pass == 1))
				continue;
			struct compose_service service = {.pod = &pod,
							  .service = &ports,
							  .is_first = pod.container_count == 0,
							  .name = key,
							  .project = project->text,
							  .node = services->pairs[i].value,
							  .model = model};
			compose_read_service(loader, &service);
			*ARRAY_APPEND(pod.containers, pod.container_count) = service.container;
		}
	}
	for (size_t i = first; i < services->pair_count; i++) {
		struct compose_service service = {.pod = &pod,
						  .name = services->pairs[i].key->text,
						  .node = services->pairs[i].value,
						  .model = model};
		if (strcmp(pods->items[i], name) == 0)
			compose_take_volumes(loader, &service);
	}
	pod.workload = workload_of(&pod);
	if (!name_is_valid(pod.name))
		loader_error(loader, services->pairs[first].key, "letters and digits",
			     "service '%s': no pod can be called so",
			     services->pairs[first].key->text);
	pod_complete(loader, &pod);
	*ARRAY_APPEND(loader->app->pods, loader->app->pod_count) = pod;
	add_ports(loader, &pod, &ports);
}

static void read_services(struct loader *loader, const struct yaml_node *model)
{
	const struct yaml_node *services = yaml_get(model, "services");
	AUTO(string_list_clear) struct string_list pods = STRING_LIST_INIT;

	for (size_t i = 0; services != NULL && i < services->pair_count; i++)
		string_list_take(&pods, compose_pod_of(model, services->pairs[i].key->text));
	for (size_t i = 0; i < pods.count; i++) {
		bool is_done = false;
		for (size_t k = 0; k < i && !is_done; k++)
			is_done = strcmp(pods.items[k], pods.items[i]) == 0;
		if (loader_counts_too_many(loader, services->pairs[i].key))
			return;
		if (!is_done)
			read_pod(loader, model, &pods, i);
	}
}

/* As the other spellings' `name:` alone; what is no name here is made one. */
static void take_name(struct loader *loader, const struct yaml_node *model)
{
	const struct yaml_node *name = yaml_get(model, "name");
	if (loader->options->project != NULL || loader->app->is_named || name == NULL)
		return;
	AUTO_FREE char *made = project_name_make(name->text);
	loader->app->is_named = strcmp(made, loader->app->project) != 0;
	free(loader->app->project);
	loader->app->project = TAKE_PTR(made);
}

void compose_read_project(struct loader *loader, const struct string_list *paths, const char *text)
{
	struct compose_context context = {.problems = loader->problems,
					  .files = &loader->app->files};
	AUTO(compose_variables_clear) struct compose_variables variables = {0};
	const struct load_options *from = loader->options;
	const struct compose_options options = {.paths = paths,
						.text = text,
						.folder = loader->app->folder,
						.name = loader->app->project,
						.is_named = from->project != NULL,
						.environment = from->environment,
						.env_files = &from->env_files,
						.profiles = &from->profiles,
						.named = &from->named};
	size_t before = loader->problems->error_count;

	const struct yaml_node *model = compose_load(&context, &options, &variables);
	loader->document_count += paths->count;
	loader->has_lost = loader->has_lost || loader->problems->error_count > before;
	if (model != NULL) {
		loader->kind = NULL;
		loader->outer_count = 0;
		take_name(loader, model);
		loader_read_map(loader, model, &compose_fields, loader);
		read_services(loader, model);
	}
	compose_context_clear(&context);
}
