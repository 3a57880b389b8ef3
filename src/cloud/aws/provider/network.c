/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/aws/provider/network.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/xml.h"
#include "cloud/aws/client/answer.h"

void network_clear(struct network *network)
{
	free(network->vpc);
	free(network->subnets);
	free(network->public_subnets);
	string_list_clear(&network->names);
	*network = (struct network){0};
}

/* Where the default route of a subnet leads. */
enum way_out { WAY_NONE, WAY_GATEWAY, WAY_PRIVATE };

struct candidate {
	char *id;   /* owned */
	char *zone; /* owned */
	enum way_out way;
	bool is_routed; /* by a table of its own */
};

struct candidate_list {
	struct candidate *items; /* owned */
	size_t count;
};

static void candidate_list_clear(struct candidate_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->items[i].id);
		free(list->items[i].zone);
	}
	free(list->items);
	*list = (struct candidate_list){0};
}

static int by_zone(const void *a, const void *b)
{
	const struct candidate *one = a;
	const struct candidate *two = b;
	int order = strcmp(one->zone, two->zone);
	return order != 0 ? order : strcmp(one->id, two->id);
}

/* --- what there is -------------------------------------------------------------------------- */

static bool take_subnet(const struct xml *item, const struct string_list *zones, char **vpc,
			struct candidate_list *ret, struct error *err)
{
	const char *id = xml_text(item, "subnetId");
	const char *zone = xml_text(item, "availabilityZone");
	const char *its_vpc = xml_text(item, "vpcId");
	if (id == NULL || zone == NULL || its_vpc == NULL ||
	    (zones->count > 0 && !string_list_has(zones, zone)))
		return true;
	if (*vpc != NULL && strcmp(*vpc, its_vpc) != 0)
		return error_set(err, ERROR_INVALID, "the subnets are in two VPCs, %s and %s", *vpc,
				 its_vpc);
	if (*vpc == NULL)
		*vpc = xstrdup(its_vpc);
	struct candidate *added = ARRAY_APPEND(ret->items, ret->count);
	added->id = xstrdup(id);
	added->zone = xstrdup(zone);
	return true;
}

/* Those of `ids`, or all of `vpc` when there are none. */
static bool list_subnets(struct aws_client *client, const struct string_list *ids,
			 const struct string_list *zones, char **vpc, struct candidate_list *ret,
			 struct error *err)
{
	AUTO(aws_query_clear) struct aws_query query;
	aws_query_init(&query, &AWS_EC2, "DescribeSubnets");
	for (size_t i = 0; i < ids->count; i++)
		aws_query_addf(&query, ids->items[i], "SubnetId.%zu", i + 1);
	if (ids->count == 0)
		aws_query_add_filter(&query, 1, "vpc-id", *vpc);
	AUTO(aws_answer_clear) struct aws_answer answer = {0};
	AUTO_PTR(xml) struct xml *root = aws_client_query(client, &query, &answer, err);
	if (root == NULL && answer.code != NULL &&
	    strncmp(answer.code, "InvalidSubnet", strlen("InvalidSubnet")) == 0)
		return error_hint(err, "provider.subnets of environment.yml; without it and vpc a "
				       "network is made");
	if (root == NULL)
		return false;
	const struct xml *set = xml_find(root, "subnetSet");
	for (const struct xml *item = set != NULL ? set->first : NULL; item != NULL;
	     item = item->next)
		if (!take_subnet(item, zones, vpc, ret, err))
			return false;
	if (ret->count > 1)
		qsort(ret->items, ret->count, sizeof(*ret->items), by_zone);
	return true;
}

static enum way_out way_of(const struct xml *table)
{
	const struct xml *routes = xml_find(table, "routeSet");
	for (const struct xml *route = routes != NULL ? routes->first : NULL; route != NULL;
	     route = route->next) {
		const char *to = xml_text(route, "destinationCidrBlock");
		const char *state = xml_text(route, "state");
		const char *gateway = xml_text(route, "gatewayId");
		if (to == NULL || strcmp(to, "0.0.0.0/0") != 0 ||
		    (state != NULL && strcmp(state, "blackhole") == 0))
			continue;
		return gateway != NULL && strncmp(gateway, "igw-", 4) == 0 ? WAY_GATEWAY
									   : WAY_PRIVATE;
	}
	return WAY_NONE;
}

/* A table counts for the subnets that are associated with it, the main one for all others. */
static void take_table(const struct xml *table, struct candidate_list *list)
{
	const struct xml *set = xml_find(table, "associationSet");
	for (const struct xml *one = set != NULL ? set->first : NULL; one != NULL;
	     one = one->next) {
		const char *subnet = xml_text(one, "subnetId");
		const char *is_main = xml_text(one, "main");
		for (size_t i = 0; i < list->count; i++) {
			struct candidate *candidate = &list->items[i];
			bool is_own = subnet != NULL && strcmp(candidate->id, subnet) == 0;
			bool is_rest = is_main != NULL && strcmp(is_main, "true") == 0 &&
				       !candidate->is_routed;
			if (is_own || is_rest)
				candidate->way = way_of(table);
			candidate->is_routed = candidate->is_routed || is_own;
		}
	}
}

static bool find_ways(struct aws_client *client, const char *vpc, struct candidate_list *list,
		      struct error *err)
{
	AUTO(aws_query_clear) struct aws_query query;
	aws_query_init(&query, &AWS_EC2, "DescribeRouteTables");
	aws_query_add_filter(&query, 1, "vpc-id", vpc);
	AUTO_PTR(xml) struct xml *root = aws_client_query(client, &query, NULL, err);
	if (root == NULL)
		return false;
	const struct xml *set = xml_find(root, "routeTableSet");
	for (const struct xml *table = set != NULL ? set->first : NULL; table != NULL;
	     table = table->next)
		take_table(table, list);
	return true;
}

/* --- which of them -------------------------------------------------------------------------- */

static bool has_way(const struct candidate_list *list, enum way_out way)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].way == way)
			return true;
	return false;
}

/* The first of each zone that has the way; any where there is none such. */
static struct stack_subnet *choose(const struct candidate_list *list, enum way_out way,
				   struct string_list *names, size_t *ret_count)
{
	struct stack_subnet *chosen = xcalloc(list->count + 1, sizeof(*chosen));
	const char *last_zone = "";
	bool is_any = !has_way(list, way);
	for (size_t i = 0; i < list->count; i++) {
		const struct candidate *candidate = &list->items[i];
		if ((candidate->way != way && !is_any) || strcmp(candidate->zone, last_zone) == 0)
			continue;
		last_zone = candidate->zone;
		string_list_add(names, candidate->id);
		string_list_add(names, candidate->zone);
		(*ret_count)++;
	}
	return chosen;
}

/* The list's strings move while it grows, so they are pointed to at the end. */
static void link_names(struct network *network)
{
	for (size_t i = 0; i < network->count + network->public_count; i++) {
		struct stack_subnet *subnet =
			i < network->count ? &network->subnets[i]
					   : &network->public_subnets[i - network->count];
		subnet->id = network->names.items[2 * i];
		subnet->zone = network->names.items[2 * i + 1];
	}
}

static bool check_one_a_zone(const struct candidate_list *list, const char *what, struct error *err)
{
	for (size_t i = 1; i < list->count; i++) {
		if (strcmp(list->items[i].zone, list->items[i - 1].zone) != 0)
			continue;
		error_set(err, ERROR_INVALID, "provider.%s: %s and %s are both in %s", what,
			  list->items[i - 1].id, list->items[i].id, list->items[i].zone);
		return error_hint(err, "a load balancer takes one subnet a zone: leave one out");
	}
	return true;
}

static bool check_zones(const struct environment *environment, struct error *err)
{
	if (environment->availability_zones.count == 0)
		return true;
	error_set(err, ERROR_UNSUPPORTED,
		  "provider.availability_zones chooses among subnets that are there; the network "
		  "that would be made takes two zones itself");
	return error_hint(err, "provider.vpc or provider.subnets");
}

static bool find_public(struct aws_client *client, const struct environment *environment,
			const struct candidate_list *all, struct network *network,
			struct error *err)
{
	if (environment->aws.public_subnets.count == 0) {
		network->public_subnets =
			choose(all, WAY_GATEWAY, &network->names, &network->public_count);
		return true;
	}
	static const struct string_list no_zones;
	AUTO(candidate_list_clear) struct candidate_list named = {0};
	if (!list_subnets(client, &environment->aws.public_subnets, &no_zones, &network->vpc,
			  &named, err) ||
	    !check_one_a_zone(&named, "public_subnets", err))
		return false;
	network->public_subnets = choose(&named, WAY_NONE, &network->names, &network->public_count);
	return true;
}

bool network_find(struct aws_client *client, const struct environment *environment,
		  struct network *ret, struct error *err)
{
	const struct string_list *named = &environment->aws.subnets;
	AUTO(candidate_list_clear) struct candidate_list list = {0};
	AUTO(network_clear) struct network out = {.vpc = xstrdup_or_null(environment->aws.vpc)};
	if (environment->aws.vpc == NULL && named->count == 0)
		return check_zones(environment, err);
	if (!list_subnets(client, named, &environment->availability_zones, &out.vpc, &list, err))
		return false;
	if (list.count == 0)
		return error_set(err, ERROR_NOT_FOUND, "no subnet of %s is there%s",
				 environment->aws.vpc != NULL ? environment->aws.vpc
							      : "provider.subnets",
				 environment->availability_zones.count > 0
					 ? " in provider.availability_zones"
					 : "");
	if (named->count > 0 && !check_one_a_zone(&list, "subnets", err))
		return false;
	if (!find_ways(client, out.vpc, &list, err))
		return false;
	enum way_out way = has_way(&list, WAY_PRIVATE) ? WAY_PRIVATE : WAY_GATEWAY;
	out.is_isolated = !has_way(&list, way);
	/* Those that are named are all meant. */
	if (named->count > 0)
		for (size_t i = 0; i < list.count; i++)
			list.items[i].way = WAY_GATEWAY;
	out.subnets = choose(&list, named->count > 0 ? WAY_GATEWAY : way, &out.names, &out.count);
	if (!find_public(client, environment, &list, &out, err))
		return false;
	link_names(&out);
	*ret = out;
	out = (struct network){0};
	return true;
}
