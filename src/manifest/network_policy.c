/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NetworkPolicy (https://kubernetes.io/docs/concepts/services-networking/network-policies/): read,
 * and resolved to what each pod may be reached by and may reach. A pod that no policy of a direction
 * selects is free in it; what several policies allow adds up.
 */
#include "manifest/network_policy.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/parse.h"
#include "manifest/loader.h"
#include "manifest/metadata.h"
#include "manifest/read_value.h"
#include "manifest/schema.h"
#include "manifest/yaml_node.h"

enum { ITEMS_MAX = 5000, DNS_PORT = 53 };

#define NAMESPACE_NAME "kubernetes.io/metadata.name"

static const struct field policy_spec_list[] = {
	{"egress", FIELD_USED, NULL, 0, NULL,
	 "to: podSelector, namespaceSelector, ipBlock; ports; enforced outside the VM",
	 "promote refuses it: network.egress becomes security groups", .is_list = true},
	{"ingress", FIELD_USED, NULL, 0, NULL,
	 "from: podSelector, namespaceSelector, ipBlock; ports; enforced outside the VM",
	 "promote refuses it: network.egress becomes security groups", .is_list = true},
	{"podSelector", FIELD_USED, NULL, 0, NULL, "{} selects all pods of its namespace",
	 .takes = "map"},
	{"policyTypes", FIELD_USED, NULL, 0, NULL,
	 "default: Ingress, and Egress where there are egress rules", .is_list = true},
};
static const struct field_set policy_spec_fields = {"NetworkPolicy spec", policy_spec_list,
						    ARRAY_SIZE(policy_spec_list),
						    .type = "NetworkPolicySpec"};
static const struct field policy_object_list[] = {
	{"apiVersion", FIELD_USED, NULL, 0, NULL, NULL},
	{"kind", FIELD_USED, NULL, 0, NULL, NULL},
	{"metadata", FIELD_USED, NULL, 0, &metadata_fields, NULL},
	{"spec", FIELD_USED, NULL, 0, &policy_spec_fields, NULL},
	{"status", FIELD_NO_EFFECT, NULL, 0, NULL, "written by API servers"}};
const struct field_set policy_object_fields = {"NetworkPolicy", policy_object_list,
					       ARRAY_SIZE(policy_object_list)};

/* ---- reading; shapes were checked against Kubernetes' schema, and said ---- */

static bool is_kind(const struct yaml_node *node, enum yaml_kind kind)
{
	return node != NULL && node->kind == kind;
}

static struct label_requirement *add_requirement(struct label_selector *selector, const char *key,
						 enum label_operator operator)
{
	struct label_requirement *requirement = ARRAY_APPEND(selector->items, selector->count);

	requirement->key = xstrdup(key);
	requirement->operator= operator;
	return requirement;
}

static void read_expression(struct loader *loader, const struct yaml_node *node,
			    struct label_selector *selector)
{
	static const char *const words[] = {"In", "NotIn", "Exists", "DoesNotExist"};
	const struct yaml_node *key = yaml_get(node, "key");
	const struct yaml_node *operator= yaml_get(node, "operator");
	const struct yaml_node *values = yaml_get(node, "values");

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (!is_kind(key, YAML_SCALAR) || operator==
		    NULL || !yaml_is_text(operator, words[i]))
			continue;
		struct label_requirement *requirement =
			add_requirement(selector, key->text, (enum label_operator)i);
		for (size_t k = 0; is_kind(values, YAML_LIST) && k < values->item_count; k++) {
			if (values->items[k]->kind == YAML_SCALAR)
				string_list_add(&requirement->values, values->items[k]->text);
		}
		return;
	}
	loader_error(loader, node, "{key: app, operator: In, values: [web]}",
		     "matchExpressions: key and operator (In, NotIn, Exists, DoesNotExist) are "
		     "wanted");
}

static void read_labels(struct loader *loader, const struct yaml_node *node,
			struct label_selector *selector)
{
	const struct yaml_node *labels = yaml_get(node, "matchLabels");
	const struct yaml_node *expressions = yaml_get(node, "matchExpressions");

	for (size_t i = 0; is_kind(labels, YAML_MAP) && i < labels->pair_count; i++) {
		const struct yaml_node *value = labels->pairs[i].value;
		struct label_requirement *requirement =
			add_requirement(selector, labels->pairs[i].key->text, LABEL_IN);
		string_list_add(&requirement->values,
				is_kind(value, YAML_SCALAR) && value->text != NULL ? value->text
										   : "");
	}
	for (size_t i = 0; is_kind(expressions, YAML_LIST) && i < expressions->item_count; i++)
		read_expression(loader, expressions->items[i], selector);
}

/* An IPv4 network, its address without what is behind the prefix; else a complaint. */
static bool parse_cidr(const char *text, uint32_t *ret_network, unsigned *ret_bits)
{
	size_t size = strcspn(text, "/");
	AUTO_FREE char *plain = xstrndup(text, size);
	struct in_addr address;
	uint64_t bits;

	if (inet_pton(AF_INET, plain, &address) != 1 || text[size] != '/' ||
	    !parse_u64(text + size + 1, 0, 32, &bits))
		return false;
	*ret_bits = (unsigned)bits;
	*ret_network = bits == 0 ? 0 : ntohl(address.s_addr) & (UINT32_MAX << (32 - bits));
	return true;
}

static void read_block(struct loader *loader, const struct yaml_node *node,
		       struct policy_peer *peer)
{
	const struct yaml_node *cidr = yaml_get(node, "cidr");
	const struct yaml_node *except = yaml_get(node, "except");
	uint32_t network;
	unsigned bits;

	if (!is_kind(cidr, YAML_SCALAR)) {
		loader_missing(loader, node, "cidr", "cidr: 192.0.2.0/24");
		return;
	}
	peer->cidr = xstrdup(cidr->text);
	if (strchr(cidr->text, ':') == NULL && !parse_cidr(cidr->text, &network, &bits))
		loader_error(loader, cidr, "as in 192.0.2.0/24", "ipBlock: '%.60s' is no network",
			     cidr->text);
	for (size_t i = 0; is_kind(except, YAML_LIST) && i < except->item_count; i++) {
		const struct yaml_node *item = except->items[i];
		if (item->kind != YAML_SCALAR)
			continue;
		if (strchr(item->text, ':') == NULL && !parse_cidr(item->text, &network, &bits))
			loader_error(loader, item, "as in 192.0.2.128/25",
				     "except: '%.60s' is no network", item->text);
		string_list_add(&peer->except, item->text);
	}
}

static void read_peer(struct loader *loader, const struct yaml_node *node, struct policy_rule *rule)
{
	struct policy_peer *peer = ARRAY_APPEND(rule->peers, rule->peer_count);
	const struct yaml_node *pods = yaml_get(node, "podSelector");
	const struct yaml_node *namespaces = yaml_get(node, "namespaceSelector");
	const struct yaml_node *block = yaml_get(node, "ipBlock");

	peer->mark = loader_mark(loader, node);
	peer->has_pods = is_kind(pods, YAML_MAP);
	peer->has_namespaces = is_kind(namespaces, YAML_MAP);
	read_labels(loader, pods, &peer->pods);
	read_labels(loader, namespaces, &peer->namespaces);
	if (is_kind(block, YAML_MAP))
		read_block(loader, block, peer);
	if ((peer->cidr != NULL) == (peer->has_pods || peer->has_namespaces))
		loader_error(loader, node, "podSelector: {matchLabels: …} or ipBlock: {cidr: …}",
			     "a peer is an ipBlock, or selects pods");
}

static void read_port(struct loader *loader, const struct yaml_node *node, struct policy_rule *rule)
{
	struct policy_port *port = ARRAY_APPEND(rule->ports, rule->port_count);
	const struct yaml_node *protocol = yaml_get(node, "protocol");
	const struct yaml_node *number = yaml_get(node, "port");
	const struct yaml_node *end = yaml_get(node, "endPort");

	port->mark = loader_mark(loader, node);
	port->protocol = PROTOCOL_TCP;
	if (protocol != NULL && yaml_is_text(protocol, "UDP"))
		port->protocol = PROTOCOL_UDP;
	else if (protocol != NULL && protocol->kind != YAML_NULL && !yaml_is_text(protocol, "TCP"))
		loader_error(loader, protocol, "TCP or UDP",
			     "NetworkPolicy: nothing here speaks %.20s",
			     protocol->text != NULL ? protocol->text : "that");
	if (is_kind(number, YAML_SCALAR) && number->type == YAML_TEXT)
		port->name = xstrdup(number->text);
	else if (!yaml_is_null(number))
		read_port_number(loader, number, &port->port);
	if (!yaml_is_null(end))
		read_port_number(loader, end, &port->end_port);
	if (port->end_port != 0 && (port->port == 0 || port->end_port < port->port))
		loader_error(loader, end, "port: 8000 and endPort: 8010",
			     "endPort wants a number before it that is not larger");
}

static void read_rules(struct loader *loader, const struct yaml_node *node, const char *peers,
		       struct policy_rule **rules, size_t *count)
{
	for (size_t i = 0; is_kind(node, YAML_LIST) && i < node->item_count; i++) {
		const struct yaml_node *from = yaml_get(node->items[i], peers);
		const struct yaml_node *ports = yaml_get(node->items[i], "ports");
		struct policy_rule *rule = ARRAY_APPEND(*rules, *count);
		for (size_t k = 0; is_kind(from, YAML_LIST) && k < from->item_count; k++)
			read_peer(loader, from->items[k], rule);
		for (size_t k = 0; is_kind(ports, YAML_LIST) && k < ports->item_count; k++)
			read_port(loader, ports->items[k], rule);
	}
}

static void read_types(struct loader *loader, const struct yaml_node *node,
		       struct network_policy *policy)
{
	policy->is_ingress = !is_kind(node, YAML_LIST) || node->item_count == 0;
	policy->is_egress = policy->is_ingress && policy->egress_count > 0;
	for (size_t i = 0; is_kind(node, YAML_LIST) && i < node->item_count; i++) {
		const struct yaml_node *item = node->items[i];
		if (yaml_is_text(item, "Ingress"))
			policy->is_ingress = true;
		else if (yaml_is_text(item, "Egress"))
			policy->is_egress = true;
		else
			loader_error(loader, item, "Ingress, Egress",
				     "policyTypes: '%.40s' is neither Ingress nor Egress",
				     item->text != NULL ? item->text : "");
	}
}

void read_network_policy(struct loader *loader, const struct yaml_node *root)
{
	AUTO(metadata_clear) struct metadata metadata = {0};
	const struct yaml_node *spec = yaml_get(root, "spec");
	struct network_policy policy = {0};

	schema_check(loader, root, "@NetworkPolicy", "NetworkPolicy");
	read_metadata(loader, root, &metadata, true);
	policy.mark = loader_mark(loader, root);
	policy.name = TAKE_PTR(metadata.name);
	policy.namespace_name = TAKE_PTR(metadata.namespace_name);
	if (!is_kind(yaml_get(spec, "podSelector"), YAML_MAP))
		loader_missing(loader, is_kind(spec, YAML_MAP) ? spec : root, "podSelector",
			       "podSelector: {} selects all pods of the namespace");
	read_labels(loader, yaml_get(spec, "podSelector"), &policy.pods);
	read_rules(loader, yaml_get(spec, "ingress"), "from", &policy.ingress,
		   &policy.ingress_count);
	read_rules(loader, yaml_get(spec, "egress"), "to", &policy.egress, &policy.egress_count);
	read_types(loader, yaml_get(spec, "policyTypes"), &policy);
	*ARRAY_APPEND(loader->app->policies, loader->app->policy_count) = policy;
}

/* ---- resolving, once all pods are known ---- */

static bool requirement_holds(const struct label_requirement *requirement, const char *value)
{
	switch (requirement->operator) {
	case LABEL_IN:
		return value != NULL && string_list_has(&requirement->values, value);
	case LABEL_NOT_IN:
		return value == NULL || !string_list_has(&requirement->values, value);
	case LABEL_EXISTS:
		return value != NULL;
	default:
		return value == NULL;
	}
}

static bool selects(const struct label_selector *selector, const struct key_value *labels,
		    size_t count)
{
	for (size_t i = 0; i < selector->count; i++) {
		const char *value = NULL;
		for (size_t k = 0; k < count; k++) {
			if (strcmp(labels[k].key, selector->items[i].key) == 0)
				value = labels[k].value;
		}
		if (!requirement_holds(&selector->items[i], value))
			return false;
	}
	return true;
}

static const char *namespace_of(const char *name)
{
	return name != NULL && name[0] != '\0' ? name : "default";
}

/* A namespace has one label that is known here: its name. */
static bool selects_namespace(const struct policy_peer *peer, const struct network_policy *policy,
			      const struct pod_spec *pod)
{
	const char *name = namespace_of(pod->namespace_name);
	char key[] = NAMESPACE_NAME;
	AUTO_FREE char *value = xstrdup(name);
	const struct key_value label = {.key = key, .value = value};

	return peer->has_namespaces ? selects(&peer->namespaces, &label, 1)
				    : strcmp(name, namespace_of(policy->namespace_name)) == 0;
}

static uint16_t port_by_name(const struct pod_spec *pod, const struct policy_port *port)
{
	for (size_t c = 0; c < pod->container_count; c++) {
		const struct container_spec *container = &pod->containers[c];
		for (size_t i = 0; i < container->port_count; i++) {
			const struct container_port *own = &container->ports[i];
			if (own->name != NULL && strcmp(own->name, port->name) == 0 &&
			    own->protocol == port->protocol)
				return own->port;
		}
	}
	return 0;
}

/* One peer with one port (NULL: all); named ports are those of `owner`, the one that listens. */
static void add_item(struct traffic_policy *to, const char *pod, const char *cidr,
		     const struct policy_port *port, const struct pod_spec *owner)
{
	struct traffic_item item = {0};

	if (port != NULL) {
		item.protocol = port->protocol;
		item.first = port->port;
		item.last = port->end_port != 0 ? port->end_port : port->port;
		if (port->name != NULL)
			item.first = item.last = owner != NULL ? port_by_name(owner, port) : 0;
		else if (port->port == 0)
			item.first = 1, item.last = UINT16_MAX;
		if (item.first == 0)
			return; /* it has no port of that name: nothing to allow */
	}
	item.pod = xstrdup_or_null(pod);
	item.cidr = xstrdup_or_null(cidr);
	*ARRAY_APPEND(to->items, to->item_count) = item;
}

static void add_ports(struct traffic_policy *to, const char *pod, const char *cidr,
		      const struct policy_rule *rule, const struct pod_spec *owner)
{
	if (rule->port_count == 0)
		add_item(to, pod, cidr, NULL, owner);
	for (size_t i = 0; i < rule->port_count; i++)
		add_item(to, pod, cidr, &rule->ports[i], owner);
}

/* The network without what is excepted, as the largest networks that are left. */
static void add_block(struct traffic_policy *to, uint32_t network, unsigned bits,
		      const struct policy_peer *peer, const struct policy_rule *rule,
		      const struct pod_spec *owner)
{
	bool is_cut = false;

	for (size_t i = 0; i < peer->except.count; i++) {
		uint32_t other;
		unsigned other_bits;
		if (!parse_cidr(peer->except.items[i], &other, &other_bits))
			continue;
		unsigned common = bits < other_bits ? bits : other_bits;
		bool meets = common == 0 || ((network ^ other) >> (32 - common)) == 0;
		if (meets && other_bits <= bits)
			return; /* all of it */
		is_cut = is_cut || meets;
	}
	if (to->item_count > ITEMS_MAX)
		return;
	if (is_cut) {
		add_block(to, network, bits + 1, peer, rule, owner);
		add_block(to, network | 1U << (31 - bits), bits + 1, peer, rule, owner);
		return;
	}
	AUTO_FREE char *cidr = xasprintf("%u.%u.%u.%u/%u", network >> 24, network >> 16 & 255,
					 network >> 8 & 255, network & 255, bits);
	add_ports(to, NULL, cidr, rule, owner);
}

static bool has_dns_port(const struct policy_rule *rule)
{
	for (size_t i = 0; i < rule->port_count; i++) {
		const struct policy_port *port = &rule->ports[i];
		unsigned last = port->end_port != 0 ? port->end_port : port->port;
		if (port->name == NULL && port->port <= DNS_PORT && last >= DNS_PORT)
			return true;
	}
	return rule->port_count == 0;
}

struct direction {
	const struct network_policy *policy;
	const struct pod_spec *pod; /* the one that is selected */
	struct traffic_policy *to;
	bool is_egress;
};

static void add_pods(struct loader *loader, const struct direction *direction,
		     const struct policy_rule *rule, const struct policy_peer *peer)
{
	const struct app *app = loader->app;
	bool is_any = false;

	for (size_t i = 0; i < app->pod_count; i++) {
		const struct pod_spec *other = &app->pods[i];
		if (!selects_namespace(peer, direction->policy, other) ||
		    !selects(&peer->pods, other->labels, other->label_count))
			continue;
		is_any = true;
		add_ports(direction->to, other->name, NULL, rule,
			  direction->is_egress ? other : direction->pod);
	}
	/* A cluster's own resolver, mostly: here it is each pod's. */
	if (!is_any && direction->is_egress && has_dns_port(rule))
		direction->to->may_ask_names = true;
	else if (!is_any)
		loader_warn_at(loader, &peer->mark,
			       "NetworkPolicy '%s': this peer selects no pod of these manifests: "
			       "it allows nothing here",
			       direction->policy->name);
}

static void add_rule(struct loader *loader, const struct direction *direction,
		     const struct policy_rule *rule)
{
	const struct pod_spec *owner = direction->is_egress ? NULL : direction->pod;

	if (rule->peer_count == 0) {
		add_ports(direction->to, NULL, NULL, rule, owner);
		direction->to->may_ask_names = true;
	}
	for (size_t i = 0; i < rule->peer_count; i++) {
		const struct policy_peer *peer = &rule->peers[i];
		uint32_t network;
		unsigned bits;
		if (peer->cidr == NULL) {
			add_pods(loader, direction, rule, peer);
		} else if (parse_cidr(peer->cidr, &network, &bits)) {
			add_block(direction->to, network, bits, peer, rule, owner);
			direction->to->may_ask_names = true;
		} else {
			loader_warn_at(loader, &peer->mark,
				       "NetworkPolicy '%s': pods have IPv4 alone: %.60s allows "
				       "nothing here",
				       direction->policy->name, peer->cidr);
		}
	}
}

static void apply(struct loader *loader, const struct network_policy *policy, struct pod_spec *pod)
{
	const struct direction in = {.policy = policy, .pod = pod, .to = &pod->incoming};
	const struct direction out = {
		.policy = policy, .pod = pod, .to = &pod->outgoing, .is_egress = true};

	pod->incoming.is_isolated = pod->incoming.is_isolated || policy->is_ingress;
	pod->outgoing.is_isolated = pod->outgoing.is_isolated || policy->is_egress;
	for (size_t i = 0; policy->is_ingress && i < policy->ingress_count; i++)
		add_rule(loader, &in, &policy->ingress[i]);
	for (size_t i = 0; policy->is_egress && i < policy->egress_count; i++)
		add_rule(loader, &out, &policy->egress[i]);
	if (pod->incoming.item_count > ITEMS_MAX || pod->outgoing.item_count > ITEMS_MAX)
		loader_error_at_as(
			loader, PROBLEM_LIMIT, &policy->mark, "fewer peers, ports or exceptions",
			"NetworkPolicy '%s' allows pod '%s' more than %u different things",
			policy->name, pod->name, (unsigned)ITEMS_MAX);
}

void network_policies_complete(struct loader *loader)
{
	struct app *app = loader->app;

	for (size_t i = 0; i < app->policy_count; i++) {
		const struct network_policy *policy = &app->policies[i];
		bool is_any = false;
		for (size_t k = 0; k < app->pod_count; k++) {
			struct pod_spec *pod = &app->pods[k];
			if (strcmp(namespace_of(pod->namespace_name),
				   namespace_of(policy->namespace_name)) != 0 ||
			    !selects(&policy->pods, pod->labels, pod->label_count))
				continue;
			is_any = true;
			apply(loader, policy, pod);
		}
		if (!is_any && !loader->has_lost)
			loader_warn_at(loader, &policy->mark,
				       "NetworkPolicy '%s' selects no pod of its namespace",
				       policy->name);
	}
}
