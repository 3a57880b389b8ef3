/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Endpoints and EndpointSlices: the addresses behind a Service without selector
 * (https://kubernetes.io/docs/concepts/services-networking/service/#services-without-selectors).
 */
#include "manifest/endpoints.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "manifest/loader.h"
#include "manifest/metadata.h"
#include "manifest/name_rules.h"
#include "manifest/read_value.h"
#include "manifest/yaml_node.h"

enum { ADDRESSES_MAX = 254 }; /* of one Service: each is a line of every pod's names */

static const char service_label[] = "kubernetes.io/service-name";
static const char no_cluster[] = "nothing here looks at it";

/* ---- ports: the same in both ---- */

#define AT(member) offsetof(struct endpoint_port, member)
static const struct field port_list[] = {
	{"appProtocol", FIELD_NO_EFFECT, NULL, 0, NULL, "bytes are passed on as they are"},
	{"name", FIELD_USED, read_text, AT(name), NULL, "that of the Service's port"},
	{"port", FIELD_USED, read_port_number, AT(port), NULL, "where the address listens"},
	{"protocol", FIELD_USED, read_choice, AT(protocol), NULL, "default TCP",
	 .choices = "TCP|UDP"}};
#undef AT
static const struct field_set port_fields = {"endpoint port", port_list, ARRAY_SIZE(port_list)};

static void read_endpoint_ports(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct endpoint_set *set = target;

	for (size_t i = 0; i < node->item_count; i++) {
		const struct yaml_node *item = node->items[i];
		struct endpoint_port *port = ARRAY_APPEND(set->ports, set->port_count);
		loader_read_map(loader, item, &port_fields, port);
		if (port->port == 0 && item->kind == YAML_MAP)
			loader_missing(loader, item, "port", "port: 5432");
		bool has_name = port->name != NULL && port->name[0] != '\0';
		if (!has_name && node->item_count > 1)
			loader_missing(loader, item, "name", "there are several ports: name: http");
		if (has_name && !name_is_valid(port->name))
			loader_error(loader, yaml_get(item, "name"),
				     "a-z, 0-9 and '-' inside, at most 63 characters",
				     "'%.80s' is not a valid name of a port", port->name);
	}
}

/* ---- addresses ---- */

static bool is_usable(struct in_addr address)
{
	uint32_t raw = ntohl(address.s_addr);
	return raw != 0 && raw >> 24 != 127 && raw >> 16 != 0xa9fe && raw >> 28 != 14 &&
	       raw != UINT32_MAX;
}

/* True: it goes into the set. */
static bool check_address(struct loader *loader, const struct yaml_node *node, const char *ip)
{
	struct in_addr four;
	struct in6_addr six;

	if (inet_pton(AF_INET, ip, &four) == 1) {
		if (is_usable(four))
			return true;
		loader_error(loader, node,
			     "an address of another machine; this one is host.i2kit.internal",
			     "'%.60s' is a loopback, link-local or multicast address: no endpoint",
			     ip);
	} else if (inet_pton(AF_INET6, ip, &six) == 1) {
		loader_warn(loader, node, "pods have IPv4 alone: %.60s is left out", ip);
	} else {
		loader_error(loader, node, "as in 192.0.2.7; a name goes with type: ExternalName",
			     "'%.60s' is not an IP address", ip);
	}
	return false;
}

static void add_address(struct loader *loader, struct endpoint_set *set,
			const struct yaml_node *node, const char *ip, const char *hostname,
			bool is_not_ready)
{
	if (!check_address(loader, node, ip))
		return;
	struct endpoint_address *made = ARRAY_APPEND(set->addresses, set->address_count);
	made->ip = xstrdup(ip);
	made->hostname = xstrdup_or_null(hostname);
	made->is_not_ready = is_not_ready;
}

/* ---- Endpoints ---- */

struct address_reader {
	char *ip;
	char *hostname;
};
static const struct field address_list[] = {
	{"hostname", FIELD_USED, read_name, offsetof(struct address_reader, hostname), NULL,
	 "HOSTNAME.SERVICE is this address alone"},
	{"ip", FIELD_USED, read_text, offsetof(struct address_reader, ip), NULL, "IPv4"},
	{"nodeName", FIELD_NO_EFFECT, NULL, 0, NULL, no_cluster},
	{"targetRef", FIELD_NO_EFFECT, NULL, 0, NULL, no_cluster}};
static const struct field_set address_fields = {"endpoint address", address_list,
						ARRAY_SIZE(address_list)};

static void read_address_list(struct loader *loader, const struct yaml_node *node,
			      struct endpoint_set *set, bool is_not_ready)
{
	for (size_t i = 0; i < node->item_count; i++) {
		const struct yaml_node *item = node->items[i];
		struct address_reader reader = {0};
		loader_read_map(loader, item, &address_fields, &reader);
		AUTO_FREE char *ip = reader.ip;
		AUTO_FREE char *hostname = reader.hostname;
		if (ip != NULL)
			add_address(loader, set, yaml_get(item, "ip"), ip, hostname, is_not_ready);
		else if (item->kind == YAML_MAP)
			loader_missing(loader, item, "ip", "ip: 192.0.2.7");
	}
}

static void read_addresses(struct loader *loader, const struct yaml_node *node, void *target)
{
	read_address_list(loader, node, target, false);
}

static void read_not_ready(struct loader *loader, const struct yaml_node *node, void *target)
{
	read_address_list(loader, node, target, true);
}

static const struct field subset_list[] = {
	{"addresses", FIELD_USED, read_addresses, 0, &address_fields,
	 "machines outside of the project", .is_list = true},
	{"notReadyAddresses", FIELD_USED, read_not_ready, 0, &address_fields,
	 "left out, but with publishNotReadyAddresses", .is_list = true},
	{"ports", FIELD_USED, read_endpoint_ports, 0, &port_fields, NULL, .is_list = true}};
static const struct field_set subset_fields = {"endpoint subset", subset_list,
					       ARRAY_SIZE(subset_list)};

static const struct field endpoints_list[] = {
	{"apiVersion", FIELD_USED, NULL, 0, NULL, NULL},
	{"kind", FIELD_USED, NULL, 0, NULL, NULL},
	{"metadata", FIELD_USED, NULL, 0, &metadata_fields, "its name is the Service's"},
	{"subsets", FIELD_USED, NULL, 0, &subset_fields, "addresses, and ports that all have",
	 .is_list = true}};
const struct field_set endpoints_object_fields = {"Endpoints", endpoints_list,
						  ARRAY_SIZE(endpoints_list)};

static struct endpoint_set *add_set(struct loader *loader, const struct yaml_node *root,
				    const char *service, const char *namespace_name)
{
	struct app *app = loader->app;
	struct endpoint_set *set = ARRAY_APPEND(app->endpoint_sets, app->endpoint_set_count);

	set->service = xstrdup(service);
	set->namespace_name = xstrdup(namespace_name);
	set->mark = loader_mark(loader, root);
	return set;
}

void read_endpoints(struct loader *loader, const struct yaml_node *root)
{
	AUTO(metadata_clear) struct metadata metadata = {0};
	const struct yaml_node *subsets = yaml_get(root, "subsets");

	loader_read_map(loader, root, &endpoints_object_fields, NULL);
	read_metadata(loader, root, &metadata, true);
	if (yaml_is_null(subsets) || subsets->kind != YAML_LIST || metadata.name == NULL)
		return;
	for (size_t i = 0; i < subsets->item_count && i < LIST_MAX; i++)
		loader_read_map(
			loader, subsets->items[i], &subset_fields,
			add_set(loader, subsets->items[i], metadata.name, metadata.namespace_name));
}

/* ---- EndpointSlice ---- */

struct endpoint_reader {
	struct string_list addresses;
	char *hostname;
	enum tristate ready;
};

static const struct field condition_list[] = {
	{"ready", FIELD_USED, read_tristate, offsetof(struct endpoint_reader, ready), NULL,
	 "false: left out, but with publishNotReadyAddresses"},
	{"serving", FIELD_NO_EFFECT, NULL, 0, NULL, no_cluster},
	{"terminating", FIELD_NO_EFFECT, NULL, 0, NULL, no_cluster}};
static const struct field_set condition_fields = {"endpoint conditions", condition_list,
						  ARRAY_SIZE(condition_list)};

static void read_conditions(struct loader *loader, const struct yaml_node *node, void *target)
{
	loader_read_map(loader, node, &condition_fields, target);
}

#define AT(member) offsetof(struct endpoint_reader, member)
static const struct field endpoint_list[] = {
	{"addresses", FIELD_USED, read_text_list, AT(addresses), NULL, "IPv4", .is_list = true},
	{"conditions", FIELD_USED, read_conditions, 0, &condition_fields, NULL},
	{"deprecatedTopology", FIELD_NO_EFFECT, NULL, 0, NULL, no_cluster},
	{"hints", FIELD_NO_EFFECT, NULL, 0, NULL, no_cluster},
	{"hostname", FIELD_USED, read_name, AT(hostname), NULL,
	 "HOSTNAME.SERVICE is this address alone"},
	{"nodeName", FIELD_NO_EFFECT, NULL, 0, NULL, no_cluster},
	{"targetRef", FIELD_NO_EFFECT, NULL, 0, NULL, no_cluster},
	{"zone", FIELD_NO_EFFECT, NULL, 0, NULL, no_cluster}};
#undef AT
static const struct field_set endpoint_fields = {"endpoint", endpoint_list,
						 ARRAY_SIZE(endpoint_list)};

static void read_endpoint_list(struct loader *loader, const struct yaml_node *node, void *target)
{
	for (size_t i = 0; i < node->item_count; i++) {
		const struct yaml_node *item = node->items[i];
		struct endpoint_reader reader = {0};
		loader_read_map(loader, item, &endpoint_fields, &reader);
		AUTO(string_list_clear) struct string_list addresses = reader.addresses;
		AUTO_FREE char *hostname = reader.hostname;
		const struct yaml_node *list = yaml_get(item, "addresses");
		if (addresses.count == 0 && item->kind == YAML_MAP)
			loader_missing(loader, item, "addresses", "addresses: [192.0.2.7]");
		for (size_t k = 0; k < addresses.count && k < list->item_count; k++)
			add_address(loader, target, list->items[k], addresses.items[k], hostname,
				    reader.ready == TRI_FALSE);
	}
}

static void read_address_type(struct loader *loader, const struct yaml_node *node, void *target)
{
	(void)target;
	if (yaml_is_text(node, "FQDN"))
		loader_error(loader, node,
			     "a Service of type: ExternalName with externalName: NAME",
			     "addressType: FQDN has no meaning that a cluster would know either");
	else if (!yaml_is_text(node, "IPv4") && !yaml_is_text(node, "IPv6"))
		loader_error(loader, node, "addressType: IPv4", "addressType: IPv4 or IPv6");
}

static const struct field slice_list[] = {
	{"addressType", FIELD_USED, read_address_type, 0, NULL, "IPv4; IPv6 ones are left out",
	 .takes = "text"},
	{"apiVersion", FIELD_USED, NULL, 0, NULL, NULL},
	{"endpoints", FIELD_USED, read_endpoint_list, 0, &endpoint_fields,
	 "machines outside of the project", .is_list = true},
	{"kind", FIELD_USED, NULL, 0, NULL, NULL},
	{"metadata", FIELD_USED, NULL, 0, &metadata_fields,
	 "its label kubernetes.io/service-name names the Service"},
	{"ports", FIELD_USED, read_endpoint_ports, 0, &port_fields, NULL, .is_list = true}};
const struct field_set endpoint_slice_fields = {"EndpointSlice", slice_list,
						ARRAY_SIZE(slice_list)};

static const char *label_of(const struct metadata *metadata, const char *key)
{
	for (size_t i = 0; i < metadata->label_count; i++) {
		if (strcmp(metadata->labels[i].key, key) == 0)
			return metadata->labels[i].value;
	}
	return NULL;
}

void read_endpoint_slice(struct loader *loader, const struct yaml_node *root)
{
	AUTO(metadata_clear) struct metadata metadata = {0};

	read_metadata(loader, root, &metadata, true);
	const char *service = label_of(&metadata, service_label);
	if (service == NULL)
		loader_error(loader, yaml_get(root, "metadata"),
			     "labels: {kubernetes.io/service-name: SERVICE}",
			     "the EndpointSlice does not say whose endpoints it has");
	if (yaml_is_null(yaml_get(root, "addressType")))
		loader_missing(loader, root, "addressType", "addressType: IPv4");
	loader_read_map(loader, root, &endpoint_slice_fields,
			add_set(loader, root, service != NULL ? service : "",
				metadata.namespace_name != NULL ? metadata.namespace_name : ""));
}

/* ---- once all is read ---- */

static uint16_t port_at(const struct endpoint_set *set, const struct service_port *port)
{
	const char *name = port->name != NULL ? port->name : "";

	for (size_t i = 0; i < set->port_count; i++) {
		const struct endpoint_port *own = &set->ports[i];
		if (own->protocol == port->protocol &&
		    strcmp(own->name != NULL ? own->name : "", name) == 0)
			return own->port;
	}
	return 0;
}

static bool is_of(const struct endpoint_set *set, const struct service *service)
{
	return strcmp(set->service, service->name) == 0 &&
	       strcmp(set->namespace_name, service->namespace_name) == 0;
}

static void add_endpoint(struct service *service, const struct endpoint_set *set,
			 const struct endpoint_address *address)
{
	struct outside *outside = &service->outside;
	struct outside_endpoint *made = ARRAY_APPEND(outside->endpoints, outside->endpoint_count);

	made->ip = xstrdup(address->ip);
	made->hostname = xstrdup_or_null(address->hostname);
	for (size_t i = 0; i < service->port_count; i++)
		*ARRAY_APPEND(made->ports, made->port_count) = port_at(set, &service->ports[i]);
}

/* A datagram goes to the address that the name has, and to no other port than it was sent to. */
static void check_udp(struct loader *loader, const struct service *service)
{
	for (size_t i = 0; i < service->port_count && !service_is_direct(service); i++) {
		if (service->ports[i].protocol != PROTOCOL_UDP)
			continue;
		loader_error_at(
			loader, &service->ports[i].mark,
			"the same numbers for the ports of the Service and of its endpoints",
			"Service '%.80s': endpoints with other port numbers are reached by "
			"TCP alone",
			service->name);
		return;
	}
}

void service_take_endpoints(struct loader *loader, struct service *service)
{
	const struct app *app = loader->app;

	for (size_t i = 0; i < app->endpoint_set_count; i++) {
		const struct endpoint_set *set = &app->endpoint_sets[i];
		for (size_t k = 0; k < set->address_count && is_of(set, service); k++) {
			if (!set->addresses[k].is_not_ready || service->publish_not_ready)
				add_endpoint(service, set, &set->addresses[k]);
		}
	}
	if (service->outside.endpoint_count > ADDRESSES_MAX)
		loader_error_at(loader, &service->mark, "fewer addresses, or a name in front",
				"Service '%.80s' has %zu endpoints; %d can be had", service->name,
				service->outside.endpoint_count, ADDRESSES_MAX);
	if (service->outside.endpoint_count == 0 && !loader->has_lost)
		loader_warn_at(loader, &service->mark,
			       "nobody answers for Service '%.80s': it has no selector and no "
			       "endpoints here",
			       service->name);
	else
		check_udp(loader, service);
}

static const struct service *service_of(const struct app *app, const struct endpoint_set *set)
{
	for (size_t i = 0; i < app->service_count; i++) {
		if (!app->services[i].is_implied && is_of(set, &app->services[i]))
			return &app->services[i];
	}
	return NULL;
}

void endpoints_complete(struct loader *loader)
{
	const struct app *app = loader->app;

	for (size_t i = 0; i < app->endpoint_set_count; i++) {
		const struct endpoint_set *set = &app->endpoint_sets[i];
		const struct service *service = service_of(app, set);
		if (set->service[0] == '\0' || loader->has_lost)
			continue;
		if (service == NULL)
			loader_warn_at(loader, &set->mark,
				       "there is no Service '%.80s' that these endpoints could be "
				       "of",
				       set->service);
		else if (service->selector_count > 0 || service->kind == SERVICE_EXTERNAL_NAME)
			loader_warn_at(loader, &set->mark,
				       "Service '%.80s' has %s: these endpoints are not used",
				       set->service,
				       service->selector_count > 0 ? "a selector"
								   : "an external name");
	}
}
