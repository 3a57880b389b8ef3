/* SPDX-License-Identifier: Apache-2.0 */
/* Ports, names, networks, and what a service waits for. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/parse.h"
#include "manifest/compose/service_parts.h"
#include "manifest/read_value.h"

static void read_published(struct loader *loader, const struct yaml_node *node, void *target)
{
	uint16_t *port = target;
	AUTO_FREE char *first = xstrndup(node->text, strcspn(node->text, "-"));
	if (node->text[0] != '\0' && !parse_port(first, port))
		loader_error(loader, node, "published: \"8080\"", "published: '%.40s' is no port",
			     node->text);
}

static void read_target(struct loader *loader, const struct yaml_node *node, void *target)
{
	if (!parse_port(node->text, target))
		loader_error(loader, node, "1 to 65535", "target: '%.40s' is no port", node->text);
}

static void read_protocol(struct loader *loader, const struct yaml_node *node, void *target)
{
	if (strcmp(node->text, "udp") == 0)
		*(enum protocol *)target = PROTOCOL_UDP;
	else if (strcmp(node->text, "tcp") != 0 && node->text[0] != '\0')
		loader_error(loader, node, "tcp or udp", "protocol: %.20s is not supported",
			     node->text);
}

#define AT(member) offsetof(struct service_port, member)
static const struct field port_list[] = {
	{"app_protocol", FIELD_NO_EFFECT, NULL, 0, NULL, "ports pass on what comes"},
	{"host_ip", FIELD_USED, read_text, AT(host_ip), NULL, "published there alone"},
	{"mode", FIELD_USED, read_ignored, 0, NULL, "host and ingress are the same here",
	 .takes = "host|ingress"},
	{"name", FIELD_USED, read_ignored, 0, NULL, "for people", .takes = "text"},
	{"protocol", FIELD_USED, read_protocol, AT(protocol), NULL, "default tcp",
	 .takes = "tcp|udp"},
	{"published", FIELD_USED, read_published, AT(port), NULL,
	 "of a range the first; without, the same as target", .takes = "number or text"},
	{"target", FIELD_USED, read_target, AT(target_port), NULL, "where the container listens",
	 .takes = "number or text"}};
#undef AT
const struct field_set compose_port_fields = {"port", port_list, ARRAY_SIZE(port_list),
					      .is_open = true};

static void add_container_port(struct container_spec *container, uint16_t port,
			       enum protocol protocol, struct source_mark mark)
{
	for (size_t i = 0; i < container->port_count; i++) {
		if (container->ports[i].port == port && container->ports[i].protocol == protocol)
			return;
	}
	struct container_port *own = ARRAY_APPEND(container->ports, container->port_count);
	own->port = port;
	own->protocol = protocol;
	own->mark = mark;
}

static void say_where(struct loader *loader, const struct yaml_node *node)
{
	static const char said[] = "compose ports";
	if (string_list_has(&loader->noted, said))
		return;
	string_list_add(&loader->noted, said);
	loader_note(loader, node,
		    "ports without an address are published on 127.0.0.1; up --bind 0.0.0.0 opens "
		    "them to the network, as Docker does");
}

void compose_read_ports(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct compose_service *service = target;
	for (size_t i = 0; i < node->item_count; i++) {
		struct service_port *port =
			ARRAY_APPEND(service->service->ports, service->service->port_count);
		port->mark = loader_mark(loader, node->items[i]);
		loader_read_map(loader, node->items[i], &compose_port_fields, port);
		port->outer = port->protocol == PROTOCOL_UDP ? SERVICE_UDP : SERVICE_TCP;
		port->inner = port->outer;
		if (port->target_port == 0)
			loader_missing(loader, node->items[i], "target", "target: 80");
		if (port->port == 0)
			port->port = port->target_port;
		if (port->host_ip == NULL)
			say_where(loader, node->items[i]);
		add_container_port(&service->container, port->target_port, port->protocol,
				   port->mark);
	}
}

void compose_read_expose(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct compose_service *service = target;
	for (size_t i = 0; i < node->item_count; i++) {
		const struct yaml_node *item = node->items[i];
		AUTO_FREE char *text = xstrndup(item->text, strcspn(item->text, "/"));
		bool is_udp = strstr(item->text, "/udp") != NULL;
		char *dash = strchr(text, '-');
		uint16_t first = 0;
		uint16_t last = 0;
		if (dash != NULL)
			*dash = '\0';
		bool is_good = parse_port(text, &first) &&
			       parse_port(dash != NULL ? dash + 1 : text, &last) && last >= first &&
			       last - first < LIST_MAX;
		if (!is_good)
			loader_error(loader, item, "\"3000\", \"8000-8010\", \"53/udp\"",
				     "expose: '%.40s' is not a port", item->text);
		for (unsigned port = first; is_good && port <= last; port++)
			add_container_port(&service->container, (uint16_t)port,
					   is_udp ? PROTOCOL_UDP : PROTOCOL_TCP,
					   loader_mark(loader, item));
	}
}

static void read_aliases(struct loader *loader, const struct yaml_node *node, void *target)
{
	read_text_list(loader, node, &((struct pod_network *)target)->aliases);
}

static const char own_addresses[] = "instances have addresses of their own";
static const struct field network_list[] = {
	{"aliases", FIELD_USED, read_aliases, 0, NULL, "further names, on this network",
	 .takes = "list of texts"},
	{"driver_opts", FIELD_NO_EFFECT, NULL, 0, NULL, own_addresses},
	{"gw_priority", FIELD_NO_EFFECT, NULL, 0, NULL, "a VM has one network card"},
	{"interface_name", FIELD_NO_EFFECT, NULL, 0, NULL, "a VM has one network card"},
	{"ipv4_address", FIELD_NO_EFFECT, NULL, 0, NULL, own_addresses},
	{"ipv6_address", FIELD_NO_EFFECT, NULL, 0, NULL, own_addresses},
	{"link_local_ips", FIELD_NO_EFFECT, NULL, 0, NULL, own_addresses},
	{"mac_address", FIELD_NO_EFFECT, NULL, 0, NULL, own_addresses},
	{"priority", FIELD_NO_EFFECT, NULL, 0, NULL, "a VM has one network card"}};
const struct field_set compose_service_network_fields = {"network of a service", network_list,
							 ARRAY_SIZE(network_list), .is_open = true};

static struct pod_network *network_of(struct pod_spec *pod, const char *name)
{
	for (size_t i = 0; i < pod->network_count; i++) {
		if (strcmp(pod->networks[i].name, name) == 0)
			return &pod->networks[i];
	}
	struct pod_network *network = ARRAY_APPEND(pod->networks, pod->network_count);
	network->name = xstrdup(name);
	return network;
}

static void add_alias(struct pod_network *network, const struct pod_spec *pod, const char *name)
{
	if (strcmp(name, pod->name) != 0 && !string_list_has(&network->aliases, name))
		string_list_add(&network->aliases, name);
}

/* Of a link "db:database" of any service, the name of this one. */
static void add_links(const struct compose_service *service, struct pod_network *network)
{
	const struct yaml_node *services = yaml_get(service->model, "services");
	size_t length = strlen(service->name);
	for (size_t i = 0; services != NULL && i < services->pair_count; i++) {
		const struct yaml_node *links = yaml_get(services->pairs[i].value, "links");
		for (size_t k = 0; links != NULL && k < links->item_count; k++) {
			const char *text = links->items[k]->text;
			if (strncmp(text, service->name, length) == 0 && text[length] == ':')
				add_alias(network, service->pod, text + length + 1);
		}
	}
}

void compose_read_networks(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct compose_service *service = target;
	const struct yaml_node *container = yaml_get(service->node, "container_name");

	for (size_t i = 0; i < node->pair_count; i++) {
		struct pod_network *network = network_of(service->pod, node->pairs[i].key->text);
		network->mark = loader_mark(loader, node->pairs[i].key);
		if (node->pairs[i].value->kind == YAML_MAP)
			loader_read_map(loader, node->pairs[i].value,
					&compose_service_network_fields, network);
		add_alias(network, service->pod, service->name);
		if (container != NULL && container->kind == YAML_SCALAR)
			add_alias(network, service->pod, container->text);
		add_links(service, network);
	}
}

void compose_read_container_name(struct loader *loader, const struct yaml_node *node, void *target)
{
	(void)target; /* compose_read_networks() */
	if (node->size < 2 || strpbrk(node->text, " /:") != NULL)
		loader_error(loader, node, "letters, digits and _ . -",
			     "container_name: '%.60s' is no name", node->text);
}

void compose_read_network_mode(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct compose_service *service = target;
	if (strcmp(node->text, "none") == 0) {
		service->pod->has_no_network = true;
	} else if (strcmp(node->text, "bridge") == 0 || strcmp(node->text, "default") == 0 ||
		   node->text[0] == '\0') {
		add_alias(network_of(service->pod, "default"), service->pod, service->name);
	} else if (compose_network_partner(service->model, service->node) == NULL) {
		bool is_host = strcmp(node->text, "host") == 0;
		loader_error(loader, node,
			     is_host ? "a VM has a network of its own: ports: publishes, and "
				       "host.i2kit.internal is this machine"
				     : "service:NAME, container:NAME of one with that "
				       "container_name, none or bridge",
			     "network_mode: '%.60s' is not supported", node->text);
	} else if (!service->is_first) {
		/* Its own name leads to the pod all the same. */
		for (size_t i = 0; i < service->pod->network_count; i++)
			add_alias(&service->pod->networks[i], service->pod, service->name);
	}
}

static void read_start_condition(struct loader *loader, const struct yaml_node *node, void *target)
{
	static const char *const words[] = {"service_started", "service_healthy",
					    "service_completed_successfully"};
	(void)loader;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strcmp(node->text, words[i]) == 0)
			((struct start_wait *)target)->condition = (enum start_condition)i;
	}
}

static void read_required(struct loader *loader, const struct yaml_node *node, void *target)
{
	bool is_required = true;
	read_bool(loader, node, &is_required);
	((struct start_wait *)target)->is_optional = !is_required;
}

static const struct field depends_list[] = {
	{"condition", FIELD_USED, read_start_condition, 0, NULL,
	 "service_started, service_healthy (it is ready), service_completed_successfully",
	 .takes = "text"},
	{"required", FIELD_USED, read_required, 0, NULL,
	 "false: nobody waits for one that is not there or failed; default true",
	 .takes = "true or false, or text"},
	{"restart", FIELD_USED, read_bool, offsetof(struct start_wait, restarts), NULL,
	 "it starts again when a verb restarted the other", .takes = "true or false, or text"}};
const struct field_set compose_depends_fields = {"depends_on", depends_list,
						 ARRAY_SIZE(depends_list), .is_open = true};

void compose_read_depends_on(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct compose_service *service = target;
	struct pod_spec *pod = service->pod;
	const struct yaml_node *services = yaml_get(service->model, "services");

	for (size_t i = 0; i < node->pair_count; i++) {
		const char *name = node->pairs[i].key->text;
		const struct yaml_node *value = node->pairs[i].value;
		const struct yaml_node *condition = yaml_get(value, "condition");
		AUTO_FREE char *other = compose_pod_of(service->model, name);
		if (yaml_get(services, name) == NULL)
			continue; /* not required, and its profile is not chosen */
		if (strcmp(other, pod->name) == 0) {
			if (!yaml_is_text(condition, "service_started"))
				loader_error(loader, value, "give them pods of their own",
					     "service '%s' cannot wait for '%s', with which it "
					     "shares a pod",
					     service->name, name);
			continue;
		}
		struct start_wait *wait = ARRAY_APPEND(pod->waits, pod->wait_count);
		wait->pod = TAKE_PTR(other);
		wait->mark = loader_mark(loader, value);
		loader_read_map(loader, value, &compose_depends_fields, wait);
	}
}

static bool is_address(const char *text)
{
	unsigned char raw[sizeof(struct in6_addr)];
	return inet_pton(AF_INET, text, raw) == 1 || inet_pton(AF_INET6, text, raw) == 1;
}

/* This machine has two names in every pod, and is reached by those that ask for it. */
static void add_gateway(struct loader *loader, const struct yaml_node *node, struct pod_spec *pod,
			const char *name)
{
	if (strcmp(name, "host.docker.internal") != 0 && strcmp(name, "host.i2kit.internal") != 0)
		loader_error(
			loader, node, "host.docker.internal:host-gateway",
			"extra_hosts: this machine is called host.docker.internal in pods, not "
			"'%.80s'",
			name);
	pod->egress.is_any = true;
	pod->egress.has_host = true;
	pod->egress.mark = loader_mark(loader, node);
}

static void add_host(struct loader *loader, const struct yaml_node *node, struct pod_spec *pod,
		     const char *name, const char *address)
{
	AUTO_FREE char *ip = xstrdup(address);
	size_t length = strlen(ip);
	if (length > 2 && ip[0] == '[' && ip[length - 1] == ']') {
		memmove(ip, ip + 1, length - 2);
		ip[length - 2] = '\0';
	}
	if (strcmp(ip, "host-gateway") == 0) {
		add_gateway(loader, node, pod, name);
		return;
	}
	if (!is_address(ip) || name[0] == '\0') {
		loader_error(loader, node, "\"db.example=10.0.0.7\", or host-gateway",
			     "extra_hosts: '%.80s' is not an address", ip);
		return;
	}
	struct host_alias *alias = ARRAY_APPEND(pod->host_aliases, pod->host_alias_count);
	alias->ip = TAKE_PTR(ip);
	string_list_add(&alias->names, name);
}

/* {NAME: ADDRESS}, {NAME: [ADDRESS]}, "NAME=ADDRESS,ADDRESS" or "NAME:ADDRESS". */
void compose_read_extra_hosts(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct pod_spec *pod = ((struct compose_service *)target)->pod;
	for (size_t i = 0; node->kind == YAML_MAP && i < node->pair_count; i++) {
		const struct yaml_node *value = node->pairs[i].value;
		const char *name = node->pairs[i].key->text;
		if (value->kind == YAML_SCALAR)
			add_host(loader, value, pod, name, value->text);
		for (size_t k = 0; value->kind == YAML_LIST && k < value->item_count; k++)
			add_host(loader, value->items[k], pod, name, value->items[k]->text);
	}
	for (size_t i = 0; node->kind == YAML_LIST && i < node->item_count; i++) {
		AUTO(string_list_clear) struct string_list addresses = STRING_LIST_INIT;
		const struct yaml_node *item = node->items[i];
		const char *separator = strchr(item->text, '=');
		if (separator == NULL)
			separator = strchr(item->text, ':');
		if (separator == NULL) {
			loader_error(loader, item, "\"db.example=10.0.0.7\"",
				     "extra_hosts: '%.80s' has no address", item->text);
			continue;
		}
		AUTO_FREE char *name = xstrndup(item->text, (size_t)(separator - item->text));
		string_list_split(&addresses, separator + 1, ',');
		for (size_t k = 0; k < addresses.count; k++)
			add_host(loader, item, pod, name, addresses.items[k]);
	}
}
