/* SPDX-License-Identifier: Apache-2.0 */
/* What a pod may open connections to: network.egress of the short form, an annotation elsewhere. */
#include "manifest/egress.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/parse.h"
#include "manifest/loader.h"
#include "manifest/name_rules.h"
#include "manifest/yaml_node.h"

static const char hint[] =
	"none, any, internet, host, names of Services and pods, addresses like 192.0.2.0/24";

/* "192.0.2.0/24" or one address; to be IPv4, with nothing set behind the prefix. */
static bool is_cidr(const char *text)
{
	size_t size = strcspn(text, "/");
	AUTO_FREE char *plain = xstrndup(text, size);
	struct in_addr address;
	uint64_t bits = 32;

	if (inet_pton(AF_INET, plain, &address) != 1 ||
	    (text[size] == '/' && !parse_u64(text + size + 1, 0, 32, &bits)))
		return false;
	return bits == 32 || (ntohl(address.s_addr) & (UINT32_MAX >> bits)) == 0;
}

static void read_word(struct loader *loader, const struct yaml_node *node, const char *word,
		      struct egress_policy *policy)
{
	if (strcmp(word, "any") == 0) {
		policy->is_any = true;
	} else if (strcmp(word, "none") == 0) {
		policy->is_none = true;
	} else if (strcmp(word, "internet") == 0) {
		policy->has_internet = true;
	} else if (strcmp(word, "host") == 0) {
		policy->has_host = true;
	} else if (is_cidr(word)) {
		string_list_add(&policy->cidrs, word);
	} else if (name_is_valid(word) && strspn(word, "0123456789.") != strlen(word)) {
		string_list_add(&policy->names, word);
	} else {
		loader_error(loader, node, hint, "egress: '%.80s' is none of what can be named",
			     word);
	}
}

static void finish(struct loader *loader, const struct yaml_node *node,
		   struct egress_policy *policy)
{
	bool has_more = policy->has_internet || policy->has_host || policy->names.count > 0 ||
			policy->cidrs.count > 0;

	policy->mark = loader_mark(loader, node);
	policy->is_restricted = !policy->is_any;
	if ((policy->is_none && (policy->is_any || has_more)) ||
	    (policy->is_any &&
	     (policy->has_internet || policy->names.count > 0 || policy->cidrs.count > 0)))
		loader_error(loader, node, "none, or any (with host), or a list of the rest",
			     "egress: '%s' and more", policy->is_none ? "none" : "any");
}

static void read_egress(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct egress_policy *policy = target;

	if (node->kind == YAML_SCALAR) {
		read_word(loader, node, node->text, policy);
	} else if (node->kind == YAML_LIST && node->item_count <= LIST_MAX) {
		for (size_t i = 0; i < node->item_count; i++) {
			const struct yaml_node *item = node->items[i];
			if (item->kind == YAML_SCALAR)
				read_word(loader, item, item->text, policy);
			else
				loader_error(loader, item, hint, "egress: %s is no destination",
					     yaml_describe(item));
		}
	} else {
		loader_error_as(loader, PROBLEM_WRONG_TYPE, node, hint,
				"egress: a text or a list is wanted here, not %s",
				yaml_describe(node));
	}
	finish(loader, node, policy);
}

static const struct field network_list[] = {
	{"egress", FIELD_USED, read_egress, 0, NULL,
	 "what its programs may open connections to: none, any (the default), internet, host, "
	 "names of Services and pods, addresses; enforced outside the VM",
	 .takes = "text or list of texts"}};
const struct field_set network_fields = {"network", network_list, ARRAY_SIZE(network_list)};

void read_network(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct pod_spec *pod = target;

	loader_read_map(loader, node, &network_fields, &pod->egress);
}

void read_egress_annotation(struct loader *loader, const struct yaml_node *value,
			    struct pod_spec *pod)
{
	AUTO(string_list_clear) struct string_list words = STRING_LIST_INIT;

	string_list_split_words(&words, value->text);
	for (size_t i = 0; i < words.count; i++)
		read_word(loader, value, words.items[i], &pod->egress);
	finish(loader, value, &pod->egress);
}

void check_egress(struct loader *loader, const struct pod_spec *pod)
{
	const struct egress_policy *policy = &pod->egress;

	for (size_t i = 0; i < policy->names.count; i++) {
		const char *name = policy->names.items[i];
		const struct service *service = app_find_service(loader->app, name);
		if (service != NULL && service->kind == SERVICE_EXTERNAL_NAME)
			loader_error_at(
				loader, &policy->mark, "its addresses, or internet",
				"egress: Service '%s' is a name, %.80s, whose addresses may "
				"change at any time",
				name, service->outside.external_name);
		if (service == NULL && app_find_pod(loader->app, name) == NULL && !loader->has_lost)
			loader_error_at_as(loader, PROBLEM_UNRESOLVED, &policy->mark, hint,
					   "egress: there is no Service and no pod '%s'", name);
	}
}

void egress_words(const struct egress_policy *policy, struct string_list *ret)
{
	if (policy->is_any && policy->has_host)
		string_list_add(ret, "any");
	if (policy->is_restricted && policy->has_internet)
		string_list_add(ret, "internet");
	if (policy->has_host)
		string_list_add(ret, "host");
	string_list_copy(ret, &policy->names);
	string_list_copy(ret, &policy->cidrs);
	if (policy->is_restricted && ret->count == 0)
		string_list_add(ret, "none");
}
