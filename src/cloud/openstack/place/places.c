/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/openstack/place/places.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/strbuf.h"
#include "base/suggest.h"
#include "cloud/answer_text.h"
#include "cloud/openstack/place/flavors.h"

#define MAX_NETWORKS  10000
#define MAX_PROVIDERS 100

static void network_clear(struct openstack_network *network)
{
	free(network->id);
	free(network->name);
	*network = (struct openstack_network){0};
}

void openstack_places_clear(struct openstack_places *places)
{
	network_clear(&places->network);
	network_clear(&places->external);
	openstack_flavors_free(places->flavors, places->flavor_count);
	string_list_clear(&places->balancers);
	*places = (struct openstack_places){0};
}

/* --- networks ------------------------------------------------------------------------------- */

struct network_list {
	struct openstack_network *items; /* owned */
	size_t count;
};

static void network_list_clear(struct network_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		network_clear(&list->items[i]);
	free(list->items);
	*list = (struct network_list){0};
}

/* All that the project sees: Neutron gives them in one answer. */
static bool list_networks(struct openstack_client *client, struct network_list *ret,
			  struct error *err)
{
	static const struct openstack_call call = {
		.service = &OPENSTACK_NETWORK,
		.path = "/networks?fields=id&fields=name&fields=router:external"};
	AUTO_PTR(json_document)
	struct json_document *document = openstack_client_ask(client, &call, err);

	if (document == NULL)
		return false;
	struct json_view list = json_view_require(json_document_root(document), "networks");
	size_t count = json_view_count(list, MAX_NETWORKS);
	for (size_t i = 0; i < count; i++) {
		struct json_view item = json_view_at(list, i);
		*ARRAY_APPEND(ret->items, ret->count) = (struct openstack_network){
			.id = json_view_text(json_view_require(item, "id")),
			.name = answer_text_printable(
				json_view_peek(json_view_require(item, "name"))),
			.is_external =
				json_view_bool(json_view_get(item, "router:external"), false),
		};
	}
	return json_document_check(document, err);
}

static bool is_meant(const struct openstack_network *network, const char *wanted)
{
	return wanted == NULL || strcmp(network->id, wanted) == 0 ||
	       strcmp(network->name, wanted) == 0;
}

static bool is_none(const struct network_list *list, const char *key, const char *wanted,
		    bool is_external, struct error *err)
{
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;

	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].is_external == is_external)
			string_list_add(&names, list->items[i].name);
	if (wanted == NULL) {
		error_set(err, ERROR_NOT_FOUND, "the project has no network for servers");
		return error_hint(err, "openstack network create, with a subnet and a router");
	}
	error_set(err, ERROR_NOT_FOUND, "provider.%s: there is no %snetwork '%s'", key,
		  is_external ? "external " : "", wanted);
	return suggest_hint(err, wanted, &names);
}

static bool are_many(const struct openstack_network *one, const struct openstack_network *other,
		     const char *key, const char *wanted, struct error *err)
{
	if (wanted != NULL) {
		error_set(err, ERROR_INVALID, "provider.%s: two networks are called '%s'", key,
			  wanted);
		return error_hint(err, "by id: %s or %s", one->id, other->id);
	}
	error_set(err, ERROR_INVALID, "the project has several networks: '%s', '%s' …", one->name,
		  other->name);
	return error_hint(err, "provider.%s: %s", key, one->name);
}

/* The one that is wanted, or the only one of its kind. ret->id NULL: there is none, and need not be. */
static bool choose_network(const struct network_list *list, const char *key, const char *wanted,
			   bool is_external, struct openstack_network *ret, struct error *err)
{
	const struct openstack_network *found = NULL;

	for (size_t i = 0; i < list->count; i++) {
		const struct openstack_network *network = &list->items[i];
		if (network->is_external != is_external || !is_meant(network, wanted))
			continue;
		if (found != NULL)
			return are_many(found, network, key, wanted, err);
		found = network;
	}
	if (found == NULL)
		return (is_external && wanted == NULL) ||
		       is_none(list, key, wanted, is_external, err);
	*ret = (struct openstack_network){
		.id = xstrdup(found->id), .name = xstrdup(found->name), .is_external = is_external};
	return true;
}

static bool find_networks(struct openstack_client *client, const struct environment *environment,
			  struct openstack_places *places, struct error *err)
{
	AUTO(network_list_clear) struct network_list list = {0};
	const struct environment_openstack *wanted = &environment->openstack;

	return list_networks(client, &list, err) &&
	       choose_network(&list, "network", wanted->network, false, &places->network, err) &&
	       choose_network(&list, "external_network", wanted->external_network, true,
			      &places->external, err);
}

/* --- limits, balancers ---------------------------------------------------------------------- */

/* -1 and what is beyond all: no limit. */
static uint64_t limit_of(struct json_view limits, const char *key)
{
	int64_t value = json_view_number(json_view_require(limits, key), -1, INT64_MAX, -1);
	return value < 0 ? UINT64_MAX : (uint64_t)value;
}

static uint64_t used_of(struct json_view limits, const char *key)
{
	return (uint64_t)json_view_number(json_view_require(limits, key), 0, INT64_MAX, 0);
}

static bool find_limits(struct openstack_client *client, struct openstack_places *places,
			struct error *err)
{
	static const struct openstack_call call = {.service = &OPENSTACK_COMPUTE,
						   .path = "/limits"};
	AUTO_PTR(json_document)
	struct json_document *document = openstack_client_ask(client, &call, err);

	if (document == NULL)
		return false;
	struct json_view limits = json_view_require(
		json_view_require(json_document_root(document), "limits"), "absolute");
	places->instances_used = used_of(limits, "totalInstancesUsed");
	places->instances_most = limit_of(limits, "maxTotalInstances");
	places->memory_used_mib = used_of(limits, "totalRAMUsed");
	places->memory_most_mib = limit_of(limits, "maxTotalRAMSize");
	return json_document_check(document, err);
}

/* Whoever may not use Octavia has none. */
static bool find_balancers(struct openstack_client *client, struct openstack_places *places,
			   struct error *err)
{
	static const struct openstack_call call = {.service = &OPENSTACK_BALANCER,
						   .path = "/lbaas/providers"};
	AUTO(error_clear) struct error failure = ERROR_INIT;

	if (!openstack_client_has(client, &OPENSTACK_BALANCER, &failure))
		return true;
	AUTO_PTR(json_document)
	struct json_document *document = openstack_client_ask(client, &call, &failure);
	if (document == NULL)
		return failure.kind == ERROR_DENIED || error_move(err, &failure);
	struct json_view list = json_view_require(json_document_root(document), "providers");
	size_t count = json_view_count(list, MAX_PROVIDERS);
	for (size_t i = 0; i < count; i++) {
		AUTO_FREE char *name = answer_text_printable(
			json_view_peek(json_view_require(json_view_at(list, i), "name")));
		if (name != NULL)
			string_list_add(&places->balancers, name);
	}
	return json_document_check(document, err);
}

bool openstack_places_find(struct openstack_client *client, const struct environment *environment,
			   struct openstack_places *ret, struct error *err)
{
	AUTO(openstack_places_clear) struct openstack_places places = {0};

	if (!find_networks(client, environment, &places, err) ||
	    !openstack_flavors_list(client, &places.flavors, &places.flavor_count, err) ||
	    !openstack_flavors_choose(places.flavors, places.flavor_count,
				      environment->instance_type, &places.flavor, err) ||
	    !find_limits(client, &places, err) || !find_balancers(client, &places, err))
		return false;
	*ret = places;
	places = (struct openstack_places){0};
	return true;
}
