/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two forms of i2kit's own: the paper's and the later service form. One document is one pod.
 */
#include "manifest/short_form.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "manifest/build_form.h"
#include "manifest/container.h"
#include "manifest/cron_job.h"
#include "manifest/develop_form.h"
#include "manifest/egress.h"
#include "manifest/loader.h"
#include "manifest/metadata_access.h"
#include "manifest/pod.h"
#include "manifest/pod_networks.h"
#include "manifest/read_value.h"
#include "manifest/short_port.h"
#include "manifest/short_route.h"
#include "manifest/start_wait.h"
#include "manifest/yaml_node.h"

/* The document being read. Ports of the short forms are published, so they make a service. */
struct short_pod {
	struct pod_spec pod; /* first: Kubernetes' own fields are read into it */
	struct service service;
	bool is_unpublished;
	const struct yaml_node *routes; /* read when the ports are known; or NULL */
};

/* Set while the containers of one document are read; read_short_ports() finds its service here. */
struct short_container {
	struct container_spec container; /* first: Kubernetes' own fields are read into it */
	struct short_pod *owner;
};

/* The port as the pod and its service see it. */
static void add_port(struct short_container *container, const struct service_port *port)
{
	struct service *service = &container->owner->service;
	struct container_spec *spec = &container->container;
	*ARRAY_APPEND(service->ports, service->port_count) = *port;
	struct container_port *inner = ARRAY_APPEND(spec->ports, spec->port_count);
	inner->mark = port->mark;
	inner->port = port->target_port;
	inner->protocol = port->protocol;
}

static void read_short_port(struct loader *loader, const struct yaml_node *node,
			    struct short_container *container)
{
	struct service_port port = {0};
	if (node->kind != YAML_SCALAR) {
		loader_error(loader, node, "80, \"8080:80\" or \"https:443:http:80\"",
			     "ports: %s is not a port", yaml_describe(node));
		return;
	}
	AUTO(string_list_clear) struct string_list words = STRING_LIST_INIT;
	bool is_good = short_port_expand(node->text, &words);
	for (size_t i = 0; i < words.count && is_good; i++) {
		port = (struct service_port){0};
		is_good = short_port_parse(words.items[i], &port);
		port.mark = loader_mark(loader, node);
		if (is_good)
			add_port(container, &port);
	}
	if (is_good)
		return;
	free(port.certificate);
	free(port.host_ip);
	AUTO(string_list_clear) struct string_list parts = STRING_LIST_INIT;
	string_list_split(&parts, node->text, ':');
	loader_error(loader, node,
		     parts.count >= 4 ? short_port_hint
				      : "80, \"80/udp\", \"8080:80\", \"127.0.0.1:8080:80\", "
					"\"8000-8010:8000-8010\" or \"https:443:http:80\"",
		     "ports: '%.80s' is not a port", node->text);
}

/* Kubernetes' words for a port publish it like the others: that is what the short form is for. */
static void read_port_maps(struct loader *loader, const struct yaml_node *list,
			   struct short_container *container)
{
	const struct field *ports = loader_find_field(&container_fields, "ports");
	size_t before = container->container.port_count;
	struct service *service = &container->owner->service;
	ports->read(loader, list, &container->container);
	for (size_t i = before; i < container->container.port_count; i++) {
		const struct container_port *from = &container->container.ports[i];
		struct service_port *port = ARRAY_APPEND(service->ports, service->port_count);
		port->name = xstrdup_or_null(from->name);
		port->mark = from->mark;
		port->port = from->host_port ? from->host_port : from->port;
		port->host_ip = xstrdup_or_null(from->host_ip);
		port->target_port = from->port;
		port->protocol = from->protocol;
		port->outer = from->protocol == PROTOCOL_UDP ? SERVICE_UDP : SERVICE_TCP;
		port->inner = port->outer;
	}
}

static void read_short_ports(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct short_container *container = target;
	if (node->item_count > LIST_MAX) {
		loader_error_as(loader, PROBLEM_LIMIT, node, NULL, "ports: more than %d", LIST_MAX);
		return;
	}
	if (node->kind != YAML_LIST) {
		read_short_port(loader, node, container);
		return;
	}
	for (size_t i = 0; i < node->item_count; i++) {
		struct yaml_node one = *node;
		one.items = &node->items[i];
		one.item_count = 1;
		if (node->items[i]->kind == YAML_MAP)
			read_port_maps(loader, &one, container);
		else
			read_short_port(loader, node->items[i], container);
	}
}

static struct env_var *add_env(struct loader *loader, const struct yaml_node *node,
			       struct container_spec *container)
{
	struct env_var *env = ARRAY_APPEND(container->env, container->env_count);
	env->mark = loader_mark(loader, node);
	return env;
}

static void want_env_name(struct loader *loader, const struct yaml_node *node, const char *name)
{
	if (name[0] == '\0')
		loader_error(loader, node, "KEY: value", "a variable has no name");
}

/* {KEY: value}; numbers and booleans are taken as they are written. */
static void read_env_map(struct loader *loader, const struct yaml_node *node,
			 struct container_spec *container)
{
	const struct field *outer = loader->current;
	for (size_t i = 0; i < node->pair_count; i++) {
		const struct yaml_node *value = node->pairs[i].value;
		struct env_var *env = add_env(loader, node->pairs[i].key, container);
		const struct field entry = {.name = node->pairs[i].key->text};
		loader->current = &entry; /* what messages name */
		env->name = xstrdup(node->pairs[i].key->text);
		want_env_name(loader, node->pairs[i].key, env->name);
		if (!yaml_is_null(value))
			read_scalar(loader, value, &env->value);
		loader->current = outer;
		if (env->value == NULL)
			env->value = xstrdup("");
	}
}

static void read_env_item(struct loader *loader, const struct yaml_node *item,
			  struct container_spec *container)
{
	const char *equals = item->kind == YAML_SCALAR ? strchr(item->text, '=') : NULL;
	if (equals == NULL) {
		loader_error(loader, item, "- KEY=value, or KEY: value without the -",
			     "environment: %.80s is not KEY=value",
			     item->kind == YAML_SCALAR ? item->text : yaml_describe(item));
		return;
	}
	struct env_var *env = add_env(loader, item, container);
	env->name = xstrndup(item->text, (size_t)(equals - item->text));
	want_env_name(loader, item, env->name);
	env->value = xstrdup(equals + 1);
}

/* [K=V], {K: V} or Kubernetes' own list */
static void read_environment(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct container_spec *container = target;
	bool is_kubernetes =
		node->kind == YAML_LIST && node->item_count > 0 && node->items[0]->kind == YAML_MAP;

	if (is_kubernetes)
		read_env(loader, node, target);
	else if (node->kind == YAML_MAP)
		read_env_map(loader, node, container);
	else if (node->kind == YAML_LIST)
		for (size_t i = 0; i < node->item_count; i++)
			read_env_item(loader, node->items[i], container);
	else
		loader_error_as(loader, PROBLEM_WRONG_TYPE, node, "{KEY: value} or [KEY=value]",
				"environment: a map or a list is wanted here, not %s",
				yaml_describe(node));
}

/* A text is split at blanks, as the service form's command was; quotes want a list. */
static void read_words(struct loader *loader, const struct yaml_node *node,
		       struct string_list *words)
{
	if (node->kind != YAML_SCALAR || node->type != YAML_TEXT) {
		read_text_list(loader, node, words);
		return;
	}
	if (strpbrk(node->text, "\"'\\") != NULL) {
		loader_error(loader, node, "[\"sh\", \"-c\", \"…\"]",
			     "%s: one line is split at blanks and knows no quotes",
			     loader->current->name);
		return;
	}
	AUTO(string_list_clear) struct string_list parts = STRING_LIST_INIT;
	string_list_split(&parts, node->text, ' ');
	for (size_t i = 0; i < parts.count; i++) {
		if (parts.items[i][0] != '\0')
			string_list_add(words, parts.items[i]);
	}
}

static void read_command(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct container_spec *container = target;
	container->has_command = true;
	read_words(loader, node, &container->command);
}

static void read_args(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct container_spec *container = target;
	container->has_args = true;
	read_words(loader, node, &container->args);
}

/* What the short forms spell differently; every other field is Kubernetes' own. */
static const struct field short_container_list[] = {
	{"args", FIELD_USED, read_args, 0, NULL,
	 "replaces the image's CMD; a list, or one line split at blanks",
	 .takes = "list of texts, or text"},
	{"build", FIELD_USED, read_build_form, 0, &build_form_fields,
	 "a folder with a Dockerfile, or a map: the image is made of it", .takes = "map or text"},
	{"command", FIELD_USED, read_command, 0, NULL,
	 "replaces the image's ENTRYPOINT and CMD; a list, or one line split at blanks",
	 .takes = "list of texts, or text"},
	{"develop", FIELD_USED, read_develop_form, 0, &develop_form_fields,
	 "what `i2kit watch` does when files here change: never in the image"},
	{"env", FIELD_USED, read_environment, 0, &env_fields, "{K: V}, [K=V] or Kubernetes' list",
	 .is_named = true},
	{"environment", FIELD_USED, read_environment, 0, &env_fields,
	 "{K: V}, [K=V] or Kubernetes' list; configuration, never in the image", .is_named = true},
	{"ports", FIELD_USED, read_short_ports, 0, NULL,
	 "80, \"8080:80\", \"80/udp\", \"127.0.0.1:8080:80\", \"8000-8010\", "
	 "\"https:443:http:80[:CERTIFICATE]\"; published on localhost",
	 "ports of the pod's load balancer with public: true, else reachable for the other pods",
	 .takes = "list"}};
static const struct field_set short_container_fields = {"i2kit container", short_container_list,
							ARRAY_SIZE(short_container_list),
							&container_fields};

static void read_one_container(struct loader *loader, const struct yaml_node *node,
			       const struct yaml_node *name, struct short_pod *owner)
{
	struct short_container reader = {.owner = owner};
	struct container_spec *container = &reader.container;

	container->mark = loader_mark(loader, name ? name : node);
	container->image_mark = loader_mark_of(loader, node, "image");
	if (name != NULL)
		read_name(loader, name, &container->name);
	if (node->kind == YAML_SCALAR) {
		bool is_text = name != NULL && node->type == YAML_TEXT;
		AUTO_FREE char *hint =
			is_text ? xasprintf("%.60s: {image: %.80s}", name->text, node->text)
				: xstrdup("web: {image: nginx:1.25}");
		loader_error_as(loader, PROBLEM_WRONG_TYPE, node, hint,
				"a container is a map, not %s", yaml_describe(node));
	} else {
		loader_read_map(loader, node, &short_container_fields, &reader);
	}
	if (container->name == NULL && name == NULL && node->kind == YAML_MAP)
		loader_missing(loader, node, "name", "name: web");
	if (container->name == NULL)
		container->name = xstrdup("");
	/* What is built here needs no name; it has one in the disk. */
	if (container->image == NULL && container->build != NULL)
		container->image = xstrdup(container->name);
	if (container->image == NULL && node->kind == YAML_MAP)
		loader_missing(loader, node, "image", "image: nginx:1.25");
	if (container->image == NULL)
		container->image = xstrdup("");
	*ARRAY_APPEND(owner->pod.containers, owner->pod.container_count) = *container;
}

static void read_short_containers(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct short_pod *owner = target;
	if (node->kind == YAML_SCALAR)
		loader_error_as(loader, PROBLEM_WRONG_TYPE, node, "web: {image: nginx:1.25}",
				"containers: a map or a list is wanted here, not %s",
				yaml_describe(node));
	if (node->pair_count + node->item_count > LIST_MAX) {
		loader_error_as(loader, PROBLEM_LIMIT, node, NULL, "containers: more than %d",
				LIST_MAX);
		return;
	}
	for (size_t i = 0; i < node->pair_count; i++)
		read_one_container(loader, node->pairs[i].value, node->pairs[i].key, owner);
	for (size_t i = 0; i < node->item_count; i++)
		read_one_container(loader, node->items[i], NULL, owner);
}

static void read_short_labels(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct pod_spec *pod = target;
	read_key_values(loader, node, &pod->labels, &pod->label_count);
}

static void read_short_annotations(struct loader *loader, const struct yaml_node *node,
				   void *target)
{
	struct pod_spec *pod = target;
	read_key_values(loader, node, &pod->annotations, &pod->annotation_count);
}

static void read_publish(struct loader *loader, const struct yaml_node *node, void *target)
{
	bool is_published = true;
	read_bool(loader, node, &is_published);
	((struct short_pod *)target)->is_unpublished = !is_published;
}

static void keep_routes(struct loader *loader, const struct yaml_node *node, void *target)
{
	(void)loader;
	((struct short_pod *)target)->routes = node;
}

static void read_short_replicas(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct pod_spec *pod = target;
	pod->replicas_mark = loader_mark(loader, node);
	read_u32(loader, node, &pod->replicas);
}

#define AT(member) offsetof(struct pod_spec, member)
static const struct field short_field_list[] = {
	{"annotations", FIELD_USED, read_short_annotations, 0, NULL, "for the downward API",
	 .takes = "map of texts"},
	{"containers", FIELD_USED, read_short_containers, 0, &short_container_fields,
	 "a map NAME: {image: …}, or a list", .is_named = true},
	{"depends_on", FIELD_USED, read_depends_on, 0, &start_wait_fields,
	 "pods whose containers start first: [db], or {db: healthy}; VMs boot side by side",
	 "no effect: a note", .is_named = true},
	{"instance_type", FIELD_USED, read_text, AT(instance_type), NULL, "no effect locally",
	 "of the instances; default: environment.yml's"},
	{"labels", FIELD_USED, read_short_labels, 0, NULL, "for selectors of Services",
	 .takes = "map of texts"},
	{"metadata", FIELD_USED, read_metadata_access, 0, NULL,
	 "which containers may reach a cloud's metadata service, and so be the instance: true, or "
	 "names; the others are kept off its addresses",
	 .takes = "true or list of names"},
	{"name", FIELD_USED, read_name, AT(name), NULL, "of the pod and of its service"},
	{"namespace", FIELD_USED, read_name, AT(namespace_name), NULL, "default: default"},
	{"network", FIELD_USED, read_network, 0, &network_fields, "what the pod may reach"},
	{"networks", FIELD_USED, read_networks, 0, &pod_network_fields,
	 "pods that share none neither resolve nor reach one another: [front, back], or a map with "
	 "aliases and internal; none: nobody; default: [default]",
	 "promote refuses what it would keep apart", .is_named = true},
	{"public", FIELD_USED, read_bool, AT(is_public), NULL, "no effect locally",
	 "its ports are reachable from outside"},
	{"publish", FIELD_USED, read_publish, 0, NULL,
	 "false: its ports are for the other pods alone, not on 127.0.0.1; default true",
	 "no effect: public decides", .takes = "true or false"},
	{"replicas", FIELD_USED, read_short_replicas, 0, NULL,
	 "VMs that boot the same image; default 1", "size of the Auto Scaling group",
	 .takes = "number"},
	{"routes", FIELD_USED, keep_routes, 0, &short_route_fields,
	 "HTTP by host and path: shop.example.com, shop.localhost/api, /; published on 8080",
	 "rules of the environment's load balancer", .takes = "text, map, or a list of them"},
	{"schedule", FIELD_USED, read_short_schedule, 0, &short_schedule_fields,
	 "makes it a CronJob: \"0 3 * * *\" runs it each day at 3, until it ends; or a map with "
	 "`at`",
	 "promote refuses it", .takes = "map, or text"},
	{"stateful", FIELD_USED, read_bool, AT(is_stateful), NULL,
	 "one replica, replaced old first, that keeps its disk"}};
#undef AT
const struct field_set short_fields = {"i2kit pod", short_field_list, ARRAY_SIZE(short_field_list),
				       &pod_fields, .is_open = true};

/* What has a schedule is a Job each time: it ends, and is tried again where it failed. */
static void become_cron_job(struct loader *loader, const struct yaml_node *root,
			    struct pod_spec *pod)
{
	const struct yaml_node *replicas = yaml_get(root, "replicas");

	cron_job_check_name(loader, yaml_get(root, "name"), pod->name);
	pod->workload = WORKLOAD_JOB;
	pod->job.has_completions = true;
	pod->job.completions = 1;
	pod->job.parallelism = 1;
	if (yaml_is_null(yaml_get(root, "restartPolicy")))
		pod->restart_policy = RESTART_ON_FAILURE;
	if (!yaml_is_null(replicas))
		loader_error(loader, replicas, "kind: CronJob has parallelism",
			     "replicas: a run has one pod");
	if (pod->is_stateful)
		loader_error(loader, yaml_get(root, "stateful"), "leave it out",
			     "stateful: what has a schedule ends");
}

static void add_service(struct loader *loader, const struct pod_spec *pod, struct service *ports)
{
	struct service *service = ARRAY_APPEND(loader->app->services, loader->app->service_count);
	*service = *ports;
	service->name = xstrdup(pod->name);
	service->namespace_name = xstrdup(pod->namespace_name);
	service->kind = pod->is_public ? SERVICE_LOAD_BALANCER : SERVICE_CLUSTER_IP;
	service->is_implied = true;
	service->mark = pod->mark;
	string_list_add(&service->pods, pod->name);
}

bool read_short_form(struct loader *loader, const struct yaml_node *root)
{
	if (yaml_is_null(yaml_get(root, "containers")) && yaml_is_null(yaml_get(root, "name")))
		return false;
	if (loader_counts_too_many(loader, root) ||
	    loader_leaves_out(loader, yaml_get(root, "namespace")))
		return true;
	struct short_pod reader = {0};
	struct pod_spec *pod = &reader.pod;

	pod_spec_init(loader, pod, root);
	pod->workload = WORKLOAD_DEPLOYMENT;
	pod->kind_name = xstrdup("i2kit");
	loader_read_map(loader, root, &short_fields, &reader);
	if (pod->name == NULL) {
		loader_missing(loader, root, "name", "name: web");
		pod->name = xstrdup("");
	}
	if (yaml_is_null(yaml_get(root, "containers")))
		loader_missing(loader, root, "containers",
			       "containers: {web: {image: nginx:1.25}}");
	const struct yaml_node *list = yaml_get(root, "containers");
	if (list != NULL && (list->kind == YAML_MAP || list->kind == YAML_LIST) &&
	    list->pair_count + list->item_count == 0)
		loader_error(loader, list, "containers: {web: {image: nginx:1.25}}",
			     "containers: a pod has at least one");
	if (pod->cron.schedule != NULL)
		become_cron_job(loader, root, pod);
	pod_complete(loader, pod);
	if (reader.routes != NULL)
		read_short_routes(loader, reader.routes, pod, &reader.service);
	*ARRAY_APPEND(loader->app->pods, loader->app->pod_count) = *pod;
	if (reader.service.port_count > 0)
		reader.service.is_published = !reader.is_unpublished;
	if (reader.service.port_count > 0)
		add_service(loader, pod, &reader.service);
	return true;
}
