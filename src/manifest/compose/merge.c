/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/compose/merge.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"

/* How two values of a key become one, where that is not the way of their kind. */
enum merge_rule {
	MERGE_OVERRIDE,
	MERGE_SEQUENCE,
	MERGE_HOSTS,
	MERGE_BUILD,
	MERGE_NAMES,
	MERGE_DEPENDENCIES,
	MERGE_LOGGING,
	MERGE_SUBNETS
};

struct merge_place {
	const char *pattern;
	enum merge_rule rule;
};

/* Of the specification's loader, override/merge.go. */
static const struct merge_place places[] = {
	{"networks.*.ipam.config", MERGE_SUBNETS},
	{"networks.*.labels", MERGE_SEQUENCE},
	{"volumes.*.labels", MERGE_SEQUENCE},
	{"services.*.annotations", MERGE_SEQUENCE},
	{"services.*.build", MERGE_BUILD},
	{"services.*.build.args", MERGE_SEQUENCE},
	{"services.*.build.additional_contexts", MERGE_SEQUENCE},
	{"services.*.build.extra_hosts", MERGE_HOSTS},
	{"services.*.build.labels", MERGE_SEQUENCE},
	{"services.*.command", MERGE_OVERRIDE},
	{"services.*.depends_on", MERGE_DEPENDENCIES},
	{"services.*.deploy.labels", MERGE_SEQUENCE},
	{"services.*.dns", MERGE_SEQUENCE},
	{"services.*.dns_opt", MERGE_SEQUENCE},
	{"services.*.dns_search", MERGE_SEQUENCE},
	{"services.*.entrypoint", MERGE_OVERRIDE},
	{"services.*.env_file", MERGE_SEQUENCE},
	{"services.*.label_file", MERGE_SEQUENCE},
	{"services.*.environment", MERGE_SEQUENCE},
	{"services.*.extra_hosts", MERGE_HOSTS},
	{"services.*.healthcheck.test", MERGE_OVERRIDE},
	{"services.*.labels", MERGE_SEQUENCE},
	{"services.*.volumes.*.volume.labels", MERGE_SEQUENCE},
	{"services.*.logging", MERGE_LOGGING},
	{"services.*.models", MERGE_NAMES},
	{"services.*.networks", MERGE_NAMES},
	{"services.*.sysctls", MERGE_SEQUENCE},
	{"services.*.tmpfs", MERGE_SEQUENCE},
	{"services.*.ulimits.*", MERGE_OVERRIDE},
};

void compose_apply_resets(struct yaml_node *base, const struct yaml_node *over)
{
	if (base == NULL || base->kind != YAML_MAP || over->kind != YAML_MAP)
		return;
	for (size_t i = 0; i < over->pair_count; i++) {
		const char *key = over->pairs[i].key->text;
		const struct yaml_node *value = over->pairs[i].value;
		if (value->tag != YAML_TAG_NONE)
			tree_remove(base, key);
		else
			compose_apply_resets(tree_get(base, key), value);
	}
}

void compose_strip_resets(struct yaml_node *over)
{
	over->tag = YAML_TAG_NONE;
	for (size_t i = over->kind == YAML_LIST ? over->item_count : 0; i > 0; i--) {
		if (over->items[i - 1]->tag == YAML_TAG_RESET)
			tree_remove_item(over, i - 1);
		else
			compose_strip_resets(over->items[i - 1]);
	}
	for (size_t i = over->kind == YAML_MAP ? over->pair_count : 0; i > 0; i--) {
		if (over->pairs[i - 1].value->tag == YAML_TAG_RESET)
			tree_remove(over, over->pairs[i - 1].key->text);
		else
			compose_strip_resets(over->pairs[i - 1].value);
	}
}

static int compare_items(const void *a, const void *b)
{
	const struct yaml_node *const *left = a;
	const struct yaml_node *const *right = b;
	return strcmp((*left)->text, (*right)->text);
}

static void add_entry(struct compose_context *context, struct yaml_node *list,
		      const struct yaml_node *key, const struct yaml_node *value)
{
	bool is_null = value == NULL || value->kind == YAML_NULL;
	AUTO_FREE char *text =
		is_null ? xstrdup(key->text) : xasprintf("%s=%s", key->text, value->text);
	tree_insert(&context->store, list, list->item_count,
		    tree_text(&context->store, text, is_null ? key : value));
}

/* "KEY=VALUE" of each pair, by name; lists are as they are, one text is a list of one. */
static struct yaml_node *as_sequence(struct compose_context *context, struct yaml_node *node)
{
	if (node->kind == YAML_LIST)
		return node;
	struct yaml_node *list = tree_new(&context->store, YAML_LIST, node);
	if (node->kind == YAML_SCALAR)
		tree_insert(&context->store, list, 0, node);
	for (size_t i = 0; node->kind == YAML_MAP && i < node->pair_count; i++) {
		const struct yaml_node *value = node->pairs[i].value;
		for (size_t k = 0; value->kind == YAML_LIST && k < value->item_count; k++)
			add_entry(context, list, node->pairs[i].key, value->items[k]);
		if (value->kind == YAML_SCALAR || value->kind == YAML_NULL)
			add_entry(context, list, node->pairs[i].key, value);
	}
	if (node->kind == YAML_MAP && list->item_count > 1)
		qsort((void *)list->items, list->item_count, sizeof(*list->items), compare_items);
	return list;
}

static struct yaml_node *append(struct compose_context *context, struct yaml_node *base,
				const struct yaml_node *over, bool drops_equal)
{
	size_t before = base->item_count;
	for (size_t i = 0; i < over->item_count; i++) {
		bool is_there = false;
		for (size_t k = 0; drops_equal && k < before && !is_there; k++)
			is_there = tree_is_equal(base->items[k], over->items[i]);
		if (!is_there)
			tree_insert(&context->store, base, base->item_count, over->items[i]);
	}
	return base;
}

struct yaml_node *compose_names_map(struct compose_context *context, struct yaml_node *node,
				    bool is_dependency)
{
	if (node->kind != YAML_LIST)
		return node;
	struct yaml_node *map = tree_new(&context->store, YAML_MAP, node);
	for (size_t i = 0; i < node->item_count; i++) {
		const struct yaml_node *item = node->items[i];
		if (item->kind != YAML_SCALAR)
			continue; /* the schema says so */
		struct yaml_node *value =
			tree_new(&context->store, is_dependency ? YAML_MAP : YAML_NULL, item);
		if (is_dependency) {
			tree_set_text(&context->store, value, "condition", "service_started");
			tree_set(&context->store, value, "required",
				 compose_bool(context, true, item));
		}
		tree_set(&context->store, map, item->text, value);
	}
	return map;
}

static struct yaml_node *as_build(struct compose_context *context, struct yaml_node *node)
{
	if (node->kind != YAML_SCALAR)
		return node;
	struct yaml_node *map = tree_new(&context->store, YAML_MAP, node);
	tree_set(&context->store, map, "context", node);
	return map;
}

static struct yaml_node *merge_maps(struct compose_context *context, struct yaml_node *base,
				    struct yaml_node *over, const struct compose_place *place)
{
	for (size_t i = 0; i < over->pair_count; i++) {
		const struct compose_place below = {place, over->pairs[i].key->text};
		struct yaml_node *value = over->pairs[i].value;
		struct yaml_node *before = tree_get(base, below.name);
		if (before != NULL)
			value = compose_merge(context, before, value, &below);
		if (value == NULL)
			return NULL;
		tree_set(&context->store, base, below.name, value);
	}
	return base;
}

static struct yaml_node *refuse(struct compose_context *context, const struct yaml_node *base,
				const struct yaml_node *over, const struct compose_place *place)
{
	compose_error(context, over, "write it as there; or !override replaces it",
		      "%s: %s cannot be merged with %s of %s:%u", place->name, yaml_describe(over),
		      yaml_describe(base), base->file != NULL ? base->file : "", base->line);
	return NULL;
}

static struct yaml_node *merge_named(struct compose_context *context, struct yaml_node *base,
				     struct yaml_node *over, const struct compose_place *place)
{
	if (base->kind == YAML_NULL)
		return over;
	if (over->kind == YAML_NULL)
		return base;
	if (base->kind != YAML_MAP || over->kind != YAML_MAP)
		return refuse(context, base, over, place);
	return merge_maps(context, base, over, place);
}

/* Options belong to a driver. */
static struct yaml_node *merge_logging(struct compose_context *context, struct yaml_node *base,
				       struct yaml_node *over, const struct compose_place *place)
{
	const char *before = tree_get_text(base, "driver");
	const char *after = tree_get_text(over, "driver");
	if (before != NULL && after != NULL && strcmp(before, after) != 0)
		return over;
	return merge_named(context, base, over, place);
}

/* By their subnets. */
static struct yaml_node *merge_subnets(struct compose_context *context, struct yaml_node *base,
				       struct yaml_node *over, const struct compose_place *place)
{
	if (base->kind != YAML_LIST || over->kind != YAML_LIST)
		return refuse(context, base, over, place);
	for (size_t i = 0; i < over->item_count; i++) {
		const char *subnet = tree_get_text(over->items[i], "subnet");
		struct yaml_node *same = NULL;
		for (size_t k = 0; k < base->item_count && subnet != NULL; k++) {
			const char *other = tree_get_text(base->items[k], "subnet");
			if (other != NULL && strcmp(other, subnet) == 0)
				same = base->items[k];
		}
		if (same == NULL)
			tree_insert(&context->store, base, base->item_count, over->items[i]);
		else if (merge_named(context, same, over->items[i], place) == NULL)
			return NULL;
	}
	return base;
}

static struct yaml_node *apply_rule(struct compose_context *context, enum merge_rule rule,
				    struct yaml_node *base, struct yaml_node *over,
				    const struct compose_place *place)
{
	switch (rule) {
	case MERGE_OVERRIDE:
		return over;
	case MERGE_SEQUENCE:
	case MERGE_HOSTS:
		return append(context, as_sequence(context, base), as_sequence(context, over),
			      rule == MERGE_HOSTS);
	case MERGE_BUILD:
		return merge_named(context, as_build(context, base), as_build(context, over),
				   place);
	case MERGE_NAMES:
	case MERGE_DEPENDENCIES:
		return merge_named(
			context, compose_names_map(context, base, rule == MERGE_DEPENDENCIES),
			compose_names_map(context, over, rule == MERGE_DEPENDENCIES), place);
	case MERGE_LOGGING:
		return merge_logging(context, base, over, place);
	case MERGE_SUBNETS:
		return merge_subnets(context, base, over, place);
	}
	return over;
}

struct yaml_node *compose_merge(struct compose_context *context, struct yaml_node *base,
				struct yaml_node *over, const struct compose_place *place)
{
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		if (compose_place_matches(place, places[i].pattern))
			return apply_rule(context, places[i].rule, base, over, place);
	}
	if (over->kind == YAML_NULL)
		return base;
	if (base->kind == YAML_MAP)
		return over->kind == YAML_MAP ? merge_maps(context, base, over, place)
					      : refuse(context, base, over, place);
	if (base->kind == YAML_LIST)
		return over->kind == YAML_LIST ? append(context, base, over, false)
					       : refuse(context, base, over, place);
	return over;
}
