/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/pod_networks.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/strbuf.h"
#include "manifest/name_rules.h"
#include "manifest/network_policy.h"
#include "manifest/read_value.h"
#include "manifest/yaml_node.h"

static const char default_network[] = "default";
static const char hint[] = "networks: [front, back], networks: {back: {internal: true}}, or none";

/* ---- reading ---- */

static struct app_network *find_network(const struct app *app, const char *name)
{
	for (size_t i = 0; i < app->network_count; i++) {
		if (strcmp(app->networks[i].name, name) == 0)
			return &app->networks[i];
	}
	return NULL;
}

/* Compose's names of networks have '_' too. */
static bool is_network_name(const char *name)
{
	size_t size = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				   "-_.");

	return size > 0 && size <= 63 && name[size] == '\0';
}

struct network_reader {
	struct string_list aliases;
	bool is_internal;
};
static const struct field pod_network_list[] = {
	{"aliases", FIELD_USED, read_text_list, offsetof(struct network_reader, aliases), NULL,
	 "further names of the pod, for those it shares the network with", .is_list = true},
	{"internal", FIELD_USED, read_bool, offsetof(struct network_reader, is_internal), NULL,
	 "true: pods that are in internal networks alone reach nothing outside of the project"}};
const struct field_set pod_network_fields = {"networks", pod_network_list,
					     ARRAY_SIZE(pod_network_list)};

static void join(struct loader *loader, struct pod_spec *pod, const struct yaml_node *node,
		 const char *name, struct network_reader *reader)
{
	struct app *app = loader->app;
	struct app_network *network = find_network(app, name);

	for (size_t i = 0; i < pod->network_count; i++) {
		if (strcmp(pod->networks[i].name, name) == 0)
			loader_error(loader, node, "once is enough",
				     "networks: '%.60s' is there twice", name);
	}
	if (!is_network_name(name))
		loader_error(loader, node, "letters, digits, '-', '_' and '.', at most 63",
			     "networks: '%.60s' is no name of a network", name);
	for (size_t i = 0; i < reader->aliases.count; i++) {
		if (!name_is_valid(reader->aliases.items[i]))
			loader_error(loader, node, name_hint(reader->aliases.items[i]),
				     "aliases: '%.60s' is no host name", reader->aliases.items[i]);
	}
	if (network == NULL) {
		network = ARRAY_APPEND(app->networks, app->network_count);
		network->name = xstrdup(name);
		network->mark = loader_mark(loader, node);
	}
	network->is_internal = network->is_internal || reader->is_internal;
	struct pod_network *made = ARRAY_APPEND(pod->networks, pod->network_count);
	made->name = xstrdup(name);
	made->mark = loader_mark(loader, node);
	made->aliases = reader->aliases;
	reader->aliases = STRING_LIST_INIT;
}

static void read_one(struct loader *loader, const struct yaml_node *name,
		     const struct yaml_node *value, struct pod_spec *pod)
{
	struct network_reader reader = {0};

	if (name->kind != YAML_SCALAR) {
		loader_error(loader, name, hint, "networks: %s is no name of one",
			     yaml_describe(name));
		return;
	}
	if (!yaml_is_null(value))
		loader_read_map(loader, value, &pod_network_fields, &reader);
	join(loader, pod, name, name->text, &reader);
	string_list_clear(&reader.aliases);
}

void read_networks(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct pod_spec *pod = target;

	if (node->item_count + node->pair_count > LIST_MAX) {
		loader_error(loader, node, NULL, "networks: more than %d", LIST_MAX);
		return;
	}
	if (yaml_is_text(node, "none"))
		pod->has_no_network = true;
	else if (node->kind == YAML_SCALAR)
		loader_error(loader, node, hint, "networks: a list, a map or none is wanted here");
	for (size_t i = 0; i < node->item_count; i++)
		read_one(loader, node->items[i], NULL, pod);
	for (size_t i = 0; i < node->pair_count; i++)
		read_one(loader, node->pairs[i].key, node->pairs[i].value, pod);
}

/* "back:internal:alias=db" */
static void read_word(struct loader *loader, const struct yaml_node *value, const char *word,
		      struct pod_spec *pod)
{
	AUTO(string_list_clear) struct string_list parts = STRING_LIST_INIT;
	struct network_reader reader = {0};

	string_list_split(&parts, word, ':');
	for (size_t i = 1; i < parts.count; i++) {
		if (strcmp(parts.items[i], "internal") == 0)
			reader.is_internal = true;
		else if (strncmp(parts.items[i], "alias=", 6) == 0)
			string_list_add(&reader.aliases, parts.items[i] + 6);
		else
			loader_error(loader, value, "as in front back:internal:alias=db",
				     "networks: '%.60s' is none of internal, alias=NAME",
				     parts.items[i]);
	}
	join(loader, pod, value, parts.items[0], &reader);
	string_list_clear(&reader.aliases);
}

void read_networks_annotation(struct loader *loader, const struct yaml_node *value,
			      struct pod_spec *pod)
{
	AUTO(string_list_clear) struct string_list words = STRING_LIST_INIT;

	pod->has_no_network = strcmp(value->text, "none") == 0;
	string_list_split_words(&words, value->text);
	for (size_t i = 0; i < words.count && !pod->has_no_network; i++)
		read_word(loader, value, words.items[i], pod);
}

void pod_network_words(const struct app *app, const struct pod_spec *pod, struct string_list *ret)
{
	if (pod->has_no_network)
		string_list_add(ret, "none");
	for (size_t i = 0; i < pod->network_count; i++) {
		const struct pod_network *own = &pod->networks[i];
		const struct app_network *network = find_network(app, own->name);
		AUTO(strbuf_clear) struct strbuf word = STRBUF_INIT;
		strbuf_append(&word, own->name);
		if (network != NULL && network->is_internal)
			strbuf_append(&word, ":internal");
		for (size_t k = 0; k < own->aliases.count; k++)
			strbuf_appendf(&word, ":alias=%s", own->aliases.items[k]);
		string_list_add(ret, strbuf_text(&word));
	}
}

/* ---- what follows from them ---- */

bool pod_is_in_network(const struct pod_spec *pod, const char *network)
{
	if (pod->network_count == 0 && !pod->has_no_network)
		return strcmp(network, default_network) == 0;
	for (size_t i = 0; i < pod->network_count; i++) {
		if (strcmp(pod->networks[i].name, network) == 0)
			return true;
	}
	return false;
}

bool pods_share_network(const struct pod_spec *one, const struct pod_spec *other)
{
	if (one == other)
		return true;
	if (one->network_count == 0 && !one->has_no_network)
		return pod_is_in_network(other, default_network);
	for (size_t i = 0; i < one->network_count; i++) {
		if (pod_is_in_network(other, one->networks[i].name))
			return true;
	}
	return false;
}

/* The network that nobody is said to be in has a way out, as Compose's own. */
static bool has_way_out(const struct app *app, const struct pod_spec *pod)
{
	bool has_any = pod->network_count == 0 && !pod->has_no_network;
	const struct app_network *common = find_network(app, default_network);

	if (has_any)
		return common == NULL || !common->is_internal;
	for (size_t i = 0; i < pod->network_count && !has_any; i++) {
		const struct app_network *network = find_network(app, pod->networks[i].name);
		has_any = network == NULL || !network->is_internal;
	}
	return has_any;
}

static bool is_kept_apart(const struct app *app, const struct pod_spec *pod)
{
	for (size_t i = 0; i < app->pod_count; i++) {
		if (!pods_share_network(pod, &app->pods[i]))
			return true;
	}
	return !has_way_out(app, pod);
}

bool app_has_networks(const struct app *app)
{
	for (size_t i = 0; i < app->pod_count; i++) {
		if (is_kept_apart(app, &app->pods[i]))
			return true;
	}
	return false;
}

static void add_item(struct traffic_policy *to, const struct traffic_item *like, const char *pod,
		     const char *cidr)
{
	struct traffic_item *made = ARRAY_APPEND(to->items, to->item_count);

	*made = *like;
	made->pod = xstrdup_or_null(pod);
	made->cidr = xstrdup_or_null(cidr);
}

/* Everything but where projects' own VMs are, as networks: an address says not whose it is. */
static void add_outside(struct traffic_policy *to, const struct traffic_item *like)
{
	const uint32_t own = 10U << 24 | 77U << 16;

	for (unsigned bits = 1; bits <= 16; bits++) {
		uint32_t network = (own ^ 1U << (32 - bits)) & (UINT32_MAX << (32 - bits));
		AUTO_FREE char *cidr =
			xasprintf("%u.%u.%u.%u/%u", network >> 24, network >> 16 & 255,
				  network >> 8 & 255, network & 255, bits);
		add_item(to, like, NULL, cidr);
	}
}

/* What the item allows of what the networks do. */
static void narrow_item(const struct app *app, const struct pod_spec *pod,
			const struct traffic_item *item, bool has_outside,
			struct traffic_policy *to)
{
	const struct pod_spec *peer = item->pod != NULL ? app_find_pod(app, item->pod) : NULL;

	if (item->pod != NULL) {
		if (peer != NULL && pods_share_network(pod, peer))
			add_item(to, item, item->pod, NULL);
		return;
	}
	if (item->cidr != NULL) {
		if (has_outside)
			add_item(to, item, NULL, item->cidr);
		return;
	}
	for (size_t i = 0; i < app->pod_count; i++) {
		if (pods_share_network(pod, &app->pods[i]))
			add_item(to, item, app->pods[i].name, NULL);
	}
	if (has_outside)
		add_outside(to, item);
}

static void narrow(const struct app *app, const struct pod_spec *pod, bool has_outside,
		   struct traffic_policy *policy)
{
	static const struct traffic_item anybody = {0};
	AUTO(traffic_policy_clear) struct traffic_policy old = *policy;

	*policy = (struct traffic_policy){.is_isolated = true,
					  .may_ask_names = has_outside &&
							   (!old.is_isolated || old.may_ask_names)};
	for (size_t i = 0; old.is_isolated && i < old.item_count; i++)
		narrow_item(app, pod, &old.items[i], has_outside, policy);
	if (!old.is_isolated)
		narrow_item(app, pod, &anybody, has_outside, policy);
}

static void check_egress_names(struct loader *loader, const struct pod_spec *pod)
{
	bool leads_outside = pod->egress.has_internet || pod->egress.cidrs.count > 0;

	if (leads_outside && !has_way_out(loader->app, pod))
		loader_error_at(loader, &pod->egress.mark, "a network that is not internal",
				"egress: pod '%s' is in no network that leads outside", pod->name);
	for (size_t i = 0; i < pod->egress.names.count; i++) {
		const char *name = pod->egress.names.items[i];
		const struct service *service = app_find_service(loader->app, name);
		const struct pod_spec *other = app_find_pod(
			loader->app,
			service != NULL && service->pods.count > 0 ? service->pods.items[0] : name);
		if (other != NULL && !pods_share_network(pod, other))
			loader_error_at(loader, &pod->egress.mark,
					"a network for both, or leave the name out",
					"egress: pod '%s' shares no network with '%s'", pod->name,
					name);
	}
}

void pod_networks_complete(struct loader *loader)
{
	struct app *app = loader->app;

	for (size_t i = 0; i < app->pod_count; i++) {
		struct pod_spec *pod = &app->pods[i];
		if (!is_kept_apart(app, pod))
			continue;
		check_egress_names(loader, pod);
		/* Published ports lead to it all the same, but to one without any network. */
		narrow(app, pod, !pod->has_no_network, &pod->incoming);
		/* One that says what it reaches is narrower already; policies would add to it. */
		if (!pod->egress.is_restricted || pod->outgoing.is_isolated)
			narrow(app, pod, has_way_out(app, pod), &pod->outgoing);
	}
}
