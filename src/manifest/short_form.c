/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two forms of i2kit's own: the paper's and the later service form. One document is one pod.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/parse.h"
#include "manifest/loader.h"

/* The document being read. Ports of the short forms are published, so they make a service. */
struct short_pod {
	struct pod_spec *pod;
	struct service service;
};

/* Set while the containers of one document are read; read_short_ports() finds its service here. */
struct short_container {
	struct container_spec container;
	struct short_pod *owner;
};

static bool protocol_word(const char *word, enum service_protocol *ret)
{
	static const char *const words[] = {"tcp", "udp", "http", "https", "ssl"};
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strcmp(words[i], word) == 0) {
			*ret = (enum service_protocol)i;
			return true;
		}
	}
	return false;
}

/* http→http; https→https|http; tcp→tcp; udp→udp; ssl→ssl|tcp */
static bool pair_is_allowed(enum service_protocol outer, enum service_protocol inner)
{
	return outer == inner || (outer == SERVICE_HTTPS && inner == SERVICE_HTTP) ||
	       (outer == SERVICE_SSL && inner == SERVICE_TCP);
}

/* PROTO:PORT:PROTO:PORT[:CERTIFICATE] */
static bool parse_long_port(const struct string_list *parts, const char *text,
			    struct service_port *port)
{
	if (parts->count < 4 || !protocol_word(parts->items[0], &port->outer) ||
	    !parse_port(parts->items[1], &port->port) ||
	    !protocol_word(parts->items[2], &port->inner) ||
	    !parse_port(parts->items[3], &port->target_port))
		return false;
	port->protocol = port->outer == SERVICE_UDP ? PROTOCOL_UDP : PROTOCOL_TCP;
	if (parts->count > 4) { /* an ARN has colons of its own */
		const char *certificate = text;
		for (int i = 0; i < 4; i++)
			certificate = strchr(certificate, ':') + 1;
		port->certificate = xstrdup(certificate);
	}
	return pair_is_allowed(port->outer, port->inner);
}

/* 80, "80/udp", "8080:80", "8080:80/udp" */
static bool parse_short_port(const char *text, struct service_port *port)
{
	AUTO_FREE char *copy = xstrdup(text);
	char *slash = strchr(copy, '/');
	char *colon = NULL;

	port->outer = SERVICE_TCP;
	if (slash != NULL) {
		*slash = '\0';
		if (strcmp(slash + 1, "udp") == 0)
			port->outer = SERVICE_UDP;
		else if (strcmp(slash + 1, "tcp") != 0)
			return false;
	}
	port->inner = port->outer;
	port->protocol = port->outer == SERVICE_UDP ? PROTOCOL_UDP : PROTOCOL_TCP;
	colon = strchr(copy, ':');
	if (colon == NULL) {
		if (!parse_port(copy, &port->port))
			return false;
		port->target_port = port->port;
		return true;
	}
	*colon = '\0';
	return parse_port(copy, &port->port) && parse_port(colon + 1, &port->target_port);
}

static void read_short_port(struct loader *loader, const struct yaml_node *node,
			    struct short_container *container)
{
	struct service_port port = {0};
	AUTO(string_list_clear) struct string_list parts = STRING_LIST_INIT;

	if (node->kind != YAML_SCALAR) {
		loader_error(loader, node, "80, \"8080:80\" or \"https:443:http:80\"", "no port");
		return;
	}
	string_list_split(&parts, node->text, ':');
	bool is_read = parts.count >= 4 ? parse_long_port(&parts, node->text, &port)
					: parse_short_port(node->text, &port);
	if (!is_read) {
		free(port.certificate);
		loader_error(loader, node,
			     "80, \"80/udp\", \"8080:80\" or \"https:443:http:80[:CERTIFICATE]\" "
			     "(http→http, https→https|http, tcp→tcp, ssl→ssl|tcp)",
			     "'%.80s' is no port", node->text);
		return;
	}
	struct service *service = &container->owner->service;
	*ARRAY_APPEND(service->ports, service->port_count) = port;
	struct container_spec *spec = &container->container;
	struct container_port *inner = ARRAY_APPEND(spec->ports, spec->port_count);
	inner->port = port.target_port;
	inner->protocol = port.protocol;
}

static void read_short_ports(struct loader *loader, const struct yaml_node *node, void *target)
{
	if (node->kind != YAML_LIST) {
		read_short_port(loader, node, target);
		return;
	}
	for (size_t i = 0; i < node->item_count; i++)
		read_short_port(loader, node->items[i], target);
}

/* [K=V], {K: V} or Kubernetes' own list */
static void read_environment(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct container_spec *container = target;

	if (node->kind == YAML_LIST && node->item_count > 0 && node->items[0]->kind == YAML_MAP) {
		read_env(loader, node, target);
		return;
	}
	size_t count = node->kind == YAML_MAP ? node->pair_count : node->item_count;
	for (size_t i = 0; i < count; i++) {
		const struct yaml_node *item =
			node->kind == YAML_MAP ? node->pairs[i].key : node->items[i];
		const char *equals = item->text ? strchr(item->text, '=') : NULL;
		if (item->kind != YAML_SCALAR || (node->kind == YAML_LIST && equals == NULL)) {
			loader_error(loader, item, "as in KEY=value", "no environment variable");
			continue;
		}
		struct env_var *env = ARRAY_APPEND(container->env, container->env_count);
		env->mark = loader_mark(loader, item);
		if (node->kind == YAML_MAP) {
			const struct yaml_node *value = node->pairs[i].value;
			env->name = xstrdup(item->text);
			env->value = xstrdup(value->text ? value->text : "");
		} else {
			env->name = xstrndup(item->text, (size_t)(equals - item->text));
			env->value = xstrdup(equals + 1);
		}
	}
}

/* A text is split at blanks, as the service form's command was. */
static void read_words(struct loader *loader, const struct yaml_node *node,
		       struct string_list *words)
{
	if (node->kind != YAML_SCALAR) {
		read_text_list(loader, node, words);
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
static const struct field own_field_list[] = {
	{"args", FIELD_USED, read_args, 0, NULL, "list, or one line split at blanks"},
	{"command", FIELD_USED, read_command, 0, NULL, "list, or one line split at blanks"},
	{"env", FIELD_USED, read_environment, 0, NULL, "[K=V], {K: V} or Kubernetes' list"},
	{"environment", FIELD_USED, read_environment, 0, NULL, "[K=V], {K: V} or Kubernetes' list"},
	{"ports", FIELD_USED, read_short_ports, 0, NULL,
	 "80, \"8080:80\", \"80/udp\", \"https:443:http:80[:CERTIFICATE]\"; published"},
};
static const struct field_set own_fields = {"container", own_field_list,
					    ARRAY_SIZE(own_field_list)};

static const struct field *own_field(const char *name)
{
	for (size_t i = 0; i < own_fields.count; i++) {
		if (strcmp(own_fields.fields[i].name, name) == 0)
			return &own_fields.fields[i];
	}
	return NULL;
}

static void read_one_container(struct loader *loader, const struct yaml_node *node,
			       const char *name, struct short_pod *owner)
{
	struct short_container reader = {.owner = owner};
	struct yaml_node rest = *node; /* the pairs that Kubernetes' table reads; borrowed */
	AUTO_FREE struct yaml_pair *pairs = NULL;

	if (node->kind != YAML_MAP) {
		loader_error(loader, node, "name: {image: …}",
			     "a container must be a map of fields");
		return;
	}
	pairs = xcalloc(node->pair_count, sizeof(*pairs));
	rest.pairs = pairs;
	rest.pair_count = 0;
	reader.container.mark = loader_mark(loader, node);
	reader.container.name = xstrdup_or_null(name);
	for (size_t i = 0; i < node->pair_count; i++) {
		const struct field *field = own_field(node->pairs[i].key->text);
		if (field == NULL)
			pairs[rest.pair_count++] = node->pairs[i];
		else if (!yaml_is_null(node->pairs[i].value))
			field->read(loader, node->pairs[i].value, &reader);
	}
	loader_read_map(loader, &rest, &container_fields, &reader.container);
	if (reader.container.name == NULL) {
		loader_error(loader, node, NULL, "a container needs a name");
		reader.container.name = xstrdup("");
	} else if (!name_is_valid(reader.container.name)) {
		loader_error(loader, node, "lower-case letters, digits and '-' (RFC 1123)",
			     "'%.80s' is no valid name", reader.container.name);
	}
	if (reader.container.image == NULL) {
		loader_error(loader, node, NULL, "container '%s' needs an image",
			     reader.container.name);
		reader.container.image = xstrdup("");
	}
	*ARRAY_APPEND(owner->pod->containers, owner->pod->container_count) = reader.container;
}

static void read_short_containers(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct short_pod *owner = target;
	if (node->kind == YAML_MAP) {
		for (size_t i = 0; i < node->pair_count; i++)
			read_one_container(loader, node->pairs[i].value, node->pairs[i].key->text,
					   owner);
		return;
	}
	for (size_t i = 0; node->kind == YAML_LIST && i < node->item_count; i++)
		read_one_container(loader, node->items[i], NULL, owner);
}

static void read_short_name(struct loader *loader, const struct yaml_node *node, void *target)
{
	read_name(loader, node, &((struct short_pod *)target)->pod->name);
}

static void read_short_replicas(struct loader *loader, const struct yaml_node *node, void *target)
{
	read_u32(loader, node, &((struct short_pod *)target)->pod->replicas);
}

static void read_stateful(struct loader *loader, const struct yaml_node *node, void *target)
{
	read_bool(loader, node, &((struct short_pod *)target)->pod->is_stateful);
}

static void read_public(struct loader *loader, const struct yaml_node *node, void *target)
{
	read_bool(loader, node, &((struct short_pod *)target)->pod->is_public);
}

static void read_instance_type(struct loader *loader, const struct yaml_node *node, void *target)
{
	read_text(loader, node, &((struct short_pod *)target)->pod->instance_type);
}

static void read_short_volumes(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct pod_spec *pod = ((struct short_pod *)target)->pod;
	read_volumes(loader, node, &pod->volumes, &pod->volume_count);
}

static const struct field short_field_list[] = {
	{"containers", FIELD_USED, read_short_containers, 0, &container_fields, "map or list"},
	{"instance_type", FIELD_USED, read_instance_type, 0, NULL, "cloud only"},
	{"name", FIELD_USED, read_short_name, 0, NULL, NULL},
	{"public", FIELD_USED, read_public, 0, NULL, "reachable from outside in the cloud"},
	{"replicas", FIELD_USED, read_short_replicas, 0, NULL, "default 1"},
	{"stateful", FIELD_USED, read_stateful, 0, NULL, "one replica that keeps its disk"},
	{"volumes", FIELD_USED, read_short_volumes, 0, NULL, "as in Kubernetes"},
};
static const struct field_set short_fields = {"pod", short_field_list,
					      ARRAY_SIZE(short_field_list)};

bool read_short_form(struct loader *loader, const struct yaml_node *root)
{
	if (yaml_get(root, "containers") == NULL || yaml_get(root, "apiVersion") != NULL)
		return false;
	struct pod_spec *pod = ARRAY_APPEND(loader->app->pods, loader->app->pod_count);
	struct short_pod reader = {.pod = pod};

	pod_spec_init(loader, pod, root);
	pod->workload = WORKLOAD_DEPLOYMENT;
	pod->kind_name = xstrdup("i2kit");
	loader_read_map(loader, root, &short_fields, &reader);
	if (pod->name == NULL) {
		loader_error(loader, root, NULL, "the pod needs a name");
		pod->name = xstrdup("");
	}
	pod_complete(loader, pod);
	if (reader.service.port_count > 0) {
		struct service *service =
			ARRAY_APPEND(loader->app->services, loader->app->service_count);
		*service = reader.service;
		service->name = xstrdup(pod->name);
		service->namespace_name = xstrdup(pod->namespace_name);
		service->kind = SERVICE_LOAD_BALANCER;
		service->is_implied = true;
		service->mark = pod->mark;
		string_list_add(&service->pods, pod->name);
	}
	return true;
}
